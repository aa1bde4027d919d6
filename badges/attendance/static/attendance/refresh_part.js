/** Refresh a part of the page while it is visible. */

import { RemotePart } from "../convention/page_parts.js";

const DEFAULT_SECONDS = 10;
const container = /** @type {HTMLElement | null} */ (document.querySelector("[data-refresh-url]"));

/** @param {RemotePart} part */
function refresh(part) {
  // Replacing the content would take the focus away from an element in it.
  if (!document.hidden && !part.element.contains(document.activeElement)) part.refresh();
}

if (container) {
  const part = new RemotePart(container);
  setInterval(() => refresh(part), Number(container.dataset.refreshSeconds ?? DEFAULT_SECONDS) * 1000);
  document.addEventListener("visibilitychange", () => refresh(part));
}
