// Tells the names of dots, and opens the pages of their scans.
(() => {
  const scans = {};
  document.querySelectorAll("#table-scans a").forEach((link) => {
    (scans[link.dataset.contrast] ||= []).push(link);
  });
  const label = document.getElementById("dot-label");

  // Places of the dots of a row, read from its path; a scan without a value has none.
  const dots = (row) => row.dots ||= [...row.querySelector(".dots").getAttribute("d").matchAll(/M([\d.]+) ([\d.]+)(h0)?/g)]
    .map((found, index) => ({ x: Number(found[1]), y: Number(found[2]), drawn: found[3], index }))
    .filter((dot) => dot.drawn);

  function tell(row, dot) {
    const link = scans[row.dataset.contrast][dot.index];
    const matrix = row.getScreenCTM();
    const spot = new DOMPoint(dot.x, dot.y).matrixTransform(matrix);
    row.told = dot;
    label.textContent = link.textContent + ": " + row.dataset.values.split(" ")[dot.index];
    label.hidden = false;
    const left = Math.min(spot.x + 10, document.documentElement.clientWidth - label.offsetWidth - 8);
    label.style.left = left + window.scrollX + "px";
    label.style.top = spot.y - label.offsetHeight - 8 + window.scrollY + "px";
    row.querySelector(".told").setAttribute("d", "M" + dot.x + " " + dot.y + "h0");
  }

  function hush(row) {
    label.hidden = true;
    row.told = null;
    row.querySelector(".told").setAttribute("d", "");
  }

  const open = (row) => { if (row.told) location.assign(scans[row.dataset.contrast][row.told.index].href); };

  document.querySelectorAll(".dots-row").forEach((row) => {
    const told = document.createElementNS("http://www.w3.org/2000/svg", "path");
    told.setAttribute("class", "told");
    row.append(told);
    row.setAttribute("tabindex", "0");
    row.setAttribute("role", "listbox");
    row.addEventListener("pointermove", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(row.getScreenCTM().inverse());
      const far = (dot) => (dot.x - at.x) ** 2 + (dot.y - at.y) ** 2;
      const near = dots(row).reduce((best, dot) => (best && far(best) <= far(dot) ? best : dot), null);
      if (near && far(near) < 100) tell(row, near); else hush(row);
    });
    row.addEventListener("pointerleave", () => hush(row));
    row.addEventListener("blur", () => hush(row));
    row.addEventListener("click", () => open(row));
    row.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) {
        const ordered = [...dots(row)].sort((a, b) => a.x - b.x || a.index - b.index);
        const at = row.told ? ordered.findIndex((dot) => dot.index === row.told.index) : by > 0 ? -1 : ordered.length;
        const next = ordered[at + by];
        if (next) tell(row, next);
      } else if (event.key === "Enter" && event.target === row) {
        open(row);
      } else {
        return;
      }
      event.preventDefault();
    });
  });
})();
