/** Refresh a part of the page while it is visible; without changes the server answers 304. */

const DEFAULT_SECONDS = 10;
const container = /** @type {HTMLElement | null} */ (document.querySelector("[data-refresh-url]"));
let etag = "";

/** @param {HTMLElement} element */
async function refresh(element) {
  // Replacing the content would take the focus away from an element in it.
  if (document.hidden || element.contains(document.activeElement)) return;
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch(element.dataset.refreshUrl ?? "", { headers, cache: "no-store" }).catch(() => null);
  if (!response?.ok) return;
  etag = response.headers.get("ETag") ?? "";
  const wasOpen = [...element.querySelectorAll("details")].map((details) => details.open);
  element.innerHTML = await response.text();
  element.querySelectorAll("details").forEach((details, index) => (details.open = wasOpen[index] ?? false));
}

if (container) {
  setInterval(() => refresh(container), Number(container.dataset.refreshSeconds ?? DEFAULT_SECONDS) * 1000);
  document.addEventListener("visibilitychange", () => refresh(container));
}
