/**
 * Delete personal pages that a phone stores for offline use, when people sign out or lose the permission.
 *
 * Such a page is in a cache named `personal-…`, its response with the header X-Keep-Until; its state is in
 * localStorage under the same prefix. Nothing else of the site is touched.
 */

const PREFIX = "personal-";
const INTERVAL_MS = 60_000;
const isSignedIn = document.body.hasAttribute("data-signed-in");

/** @typedef {{cache: Cache, url: string}} StoredPage */

async function listCacheNames() {
  return "caches" in window ? (await caches.keys()).filter((name) => name.startsWith(PREFIX)) : [];
}

/** List the stored pages; the caches hold their stylesheets and scripts too. */
async function listPages() {
  /** @type {StoredPage[]} */
  const pages = [];
  for (const name of await listCacheNames()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) {
      if ((await cache.match(url))?.headers.has("X-Keep-Until")) pages.push({ cache, url });
    }
  }
  return pages;
}

/**
 * Delete a stored page, and the service worker that would show it offline.
 * @param {StoredPage} page
 */
async function deletePage({ cache, url }) {
  await cache.delete(url);
  const registration = await navigator.serviceWorker?.getRegistration(url);
  if (registration?.scope === url) await registration.unregister();
}

async function deleteAll() {
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  for (const page of await listPages()) await deletePage(page);
  for (const name of await listCacheNames()) await caches.delete(name);
}

/**
 * Return whether the server refuses the page to this user; false if it does not answer.
 * @param {string} url
 */
async function isRefused(url) {
  const response = await fetch(url, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => null);
  return response !== null && !response.ok && response.status < 500;
}

/** Delete stored pages that the server refuses by now; reload if one of them is shown. */
async function deleteRefused() {
  if (!navigator.onLine) return;
  for (const page of await listPages()) {
    if (!(await isRefused(page.url))) continue;
    await deletePage(page);
    if (page.url === location.href) location.reload();
  }
}

if (isSignedIn) {
  deleteRefused();
  window.addEventListener("online", deleteRefused);
  setInterval(deleteRefused, INTERVAL_MS);
} else {
  deleteAll();
}
