// Keeps and exports the rating; shows slices from near.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("rating-form");
  const given = form.dataset;
  const key = ["cauda rating", given.name, given.sha256 || given.md5sum || ""].join(" ");

  // A browser may refuse to keep anything for a file that was opened from disk.
  const kept = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const keep = (text) => { try { localStorage.setItem(key, text); return true; } catch { return false; } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } };

  const boxes = () => [...form.querySelectorAll("input[name=artifacts]")];
  const radios = () => [...form.querySelectorAll("input[name=rating]")];

  function marks() {
    const rated = radios().find((radio) => radio.checked);
    const image = {};
    if (given.sha256) image.sha256 = given.sha256;
    if (given.md5sum) image.md5sum = given.md5sum;
    return {
      dataset: given.dataset,
      subject: given.subject,
      name: given.name,
      contrast: given.contrast,
      ...image,
      rating: rated ? rated.value : null,
      artifacts: boxes().filter((box) => box.checked).map((box) => box.value),
      comments: byId("rating-note").value,
    };
  }

  let blob = null;

  function show(stored) {
    const found = marks();
    const empty = found.rating === null && found.artifacts.length === 0 && found.comments === "";
    const text = JSON.stringify(found, null, 2) + "\n";
    if (blob) URL.revokeObjectURL(blob);
    blob = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = byId("rating-export");
    link.href = blob;
    link.download = given.name + "_rating.json";
    link.hidden = byId("rating-clear").hidden = byId("rating-file").hidden = empty;
    byId("rating-json").textContent = text;
    const word = found.rating ? byId("rating-" + found.rating).parentElement.textContent.trim() : "";
    const said = word ? "Rated " + word + "." : "Not rated yet.";
    const where = stored ? " Kept in this browser; export it to keep it elsewhere."
      : " This browser does not keep it: export it before you leave.";
    byId("rating-status").textContent = empty ? said : said + where;
  }

  function changed() { show(keep(JSON.stringify(marks()))); }

  function restore() {
    const found = kept();
    if (!found || typeof found !== "object") { show(false); return; }
    const some = Array.isArray(found.artifacts) ? found.artifacts : [];
    radios().forEach((radio) => { radio.checked = radio.value === found.rating; });
    boxes().forEach((box) => { box.checked = some.includes(box.value); });
    byId("rating-note").value = typeof found.comments === "string" ? found.comments : "";
    show(true);
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("rating-clear").addEventListener("click", () => {
    form.reset();
    forget();
    show(false);
    byId("rating-1").focus();
  });
  restore();

  // Slices: one of each figure is reached by Tab, its neighbors by the arrows; Enter shows one from near.
  const tiles = [...document.querySelectorAll(".tile")];
  document.querySelectorAll(".mosaic").forEach((mosaic) => {
    const first = mosaic.querySelector(".tile");
    if (first) first.setAttribute("tabindex", "0");
  });
  const dialog = byId("closeup");
  const view = dialog.querySelector("svg");
  let shown = null;

  function enlarge(tile) {
    shown = tile;
    const [, , width, height] = tile.dataset.box.split(" ");
    view.setAttribute("viewBox", ["0 0", width, height].join(" "));
    view.setAttribute("aria-label", tile.getAttribute("aria-label"));
    const picture = byId(tile.id + "-picture").cloneNode(true);
    picture.removeAttribute("id");
    view.replaceChildren(picture);
    byId("closeup-name").textContent = tile.getAttribute("aria-label");
    if (!dialog.open) dialog.showModal();
  }

  function step(tile, by) {
    const next = tiles[tiles.indexOf(tile) + by];
    if (!next) return;
    if (dialog.open) { enlarge(next); return; }
    const held = next.closest(".mosaic").querySelector(".tile[tabindex='0']");
    if (held) held.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  tiles.forEach((tile) => tile.addEventListener("click", () => enlarge(tile)));
  byId("closeup-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { if (shown) shown.focus(); });

  // What one key hides, the same key brings back.
  const masks = [...document.querySelectorAll(".toggles input")];
  let hidden = masks;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target;
    if (target.matches("textarea, input:not([type=radio]):not([type=checkbox])")) return;
    const tile = dialog.open ? shown : target.closest(".tile");
    if (tile && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      step(tile, event.key === "ArrowRight" ? 1 : -1);
    } else if (tile && !dialog.open && (event.key === "Enter" || event.key === " ")) {
      enlarge(tile);
    } else if (event.key === "m") {
      const drawn = masks.filter((box) => box.checked);
      if (drawn.length) hidden = drawn;
      masks.forEach((box) => { box.checked = !drawn.length && hidden.includes(box); });
    } else if (dialog.open) {
      return;
    } else if (["1", "2", "3", "4"].includes(event.key)) {
      byId("rating-" + event.key).checked = true;
      changed();
    } else {
      return;
    }
    event.preventDefault();
  });
})();
