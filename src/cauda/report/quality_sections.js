"use strict";
// The keys j and k lead to the next and to the previous section.
(() => {
  const near = 40;
  const stops = [...document.querySelectorAll("main > section > h2")];

  function next(by) {
    // From a heading to its neighbor, however far the page has scrolled by now; else from what is in sight.
    const at = stops.indexOf(document.activeElement);
    if (at >= 0) return stops[at + by];
    const tops = stops.map((stop) => stop.getBoundingClientRect().top);
    return by > 0 ? stops[tops.findIndex((top) => top > near)] : stops[tops.findLastIndex((top) => top < -1)];
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !["j", "k"].includes(event.key)) return;
    if (event.target.matches("textarea") || document.querySelector("dialog[open]")) return;
    const goal = next(event.key === "j" ? 1 : -1);
    if (!goal) return;
    goal.setAttribute("tabindex", "-1");
    goal.focus({ preventScroll: true });
    goal.scrollIntoView();
    event.preventDefault();
  });
})();
