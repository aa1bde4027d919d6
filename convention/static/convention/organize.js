/** The navigation of an event, or a row of tabs, scrolls sideways where it is wider than the page: show this page's entry, and that there is more. */

import "./copy.js";

for (const link of document.querySelectorAll(":is(.organize-nav, .tabs) [aria-current]")) {
  link.scrollIntoView({ block: "nearest", inline: "center" });
}

for (const list of document.querySelectorAll(".organize-nav ul, .tabs")) {
  const update = () => {
    // From right to left, the distance is negative.
    const before = Math.abs(list.scrollLeft);
    list.classList.toggle("has-before", before > 1);
    list.classList.toggle("has-after", before + list.clientWidth < list.scrollWidth - 1);
  };
  list.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(list);
  update();
}
