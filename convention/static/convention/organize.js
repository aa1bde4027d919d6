/** The navigation of an event, or a row of tabs, scrolls sideways where it is wider than the page: show this page's entry, and that there is more. */

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

// Without JavaScript the address beside the button can still be selected.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) {
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.textContent = button.dataset.copied ?? "";
  });
}
