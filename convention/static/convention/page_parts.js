/** Load a page, or a part of one, and replace parts of the document by it. */

/** @param {string} html */
export function parsePage(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/**
 * Load a page. Return null if the server cannot be reached or refuses.
 * @param {string} url
 */
export async function loadPage(url) {
  const response = await fetch(url).catch(() => null);
  // The connection may also be lost while the text arrives.
  const text = response?.ok ? await response.text().catch(() => null) : null;
  if (!response || text === null) return null;
  return { page: parsePage(text), url: response.url, isRedirected: response.redirected };
}

/**
 * Load the page again and again, with a pause before each time, until `handle` returns true.
 * @param {number} intervalMs
 * @param {(loaded: NonNullable<Awaited<ReturnType<typeof loadPage>>>) => boolean} handle
 */
export function pollPage(intervalMs, handle) {
  setTimeout(async () => {
    const loaded = await loadPage(location.href);
    if (!loaded || !handle(loaded)) pollPage(intervalMs, handle);
  }, intervalMs);
}

/**
 * Replace each part of the document that the page has too.
 * @param {Document} page
 * @param {string[]} selectors
 */
export function replaceParts(page, selectors) {
  for (const selector of selectors) {
    const [part, replacement] = [document, page].map((parent) => parent.querySelector(selector));
    if (part && replacement) part.replaceWith(replacement);
  }
}

/** The part of a page that has its own address; without changes the server answers 304. */
export class RemotePart {
  #etag = "";

  /** @param {HTMLElement} element with the address in data-refresh-url */
  constructor(element) {
    this.element = element;
  }

  /** Replace the content of the element if it has changed; what was unfolded stays so. */
  async refresh() {
    /** @type {Record<string, string>} */
    const headers = this.#etag ? { "If-None-Match": this.#etag } : {};
    const url = this.element.dataset.refreshUrl ?? "";
    const response = await fetch(url, { headers, cache: "no-store" }).catch(() => null);
    const text = response?.ok ? await response.text().catch(() => null) : null;
    if (!response || text === null) return;
    this.#etag = response.headers.get("ETag") ?? "";
    const wasOpen = [...this.element.querySelectorAll("details")].map((details) => details.open);
    this.element.innerHTML = text;
    this.element.querySelectorAll("details").forEach((details, index) => (details.open = wasOpen[index] ?? false));
  }
}
