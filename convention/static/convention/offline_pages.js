/** Delete personal pages that a phone stores for offline use, when people sign out or lose the permission.
 *
 * Such a page is in a cache named `personal-…`, its response with the header X-Keep-Until; state of a tab is in
 * sessionStorage under the same prefix. Nothing else of the site is touched. */

const PERSONAL = "personal-";
const PAUSE_MS = 60_000;
const isSignedIn = document.body.hasAttribute("data-signed-in");

/** Return the names of the personal caches. */
async function names() {
  return "caches" in window ? (await caches.keys()).filter((name) => name.startsWith(PERSONAL)) : [];
}

/** Return each stored page, with its cache. */
async function pages() {
  const found = [];
  for (const name of await names()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) {
      if ((await cache.match(url))?.headers.has("X-Keep-Until")) found.push({ cache, url });
    }
  }
  return found;
}

/** Delete a stored page, and the service worker that would show it offline. */
async function forget({ cache, url }) {
  await cache.delete(url);
  const worker = await navigator.serviceWorker?.getRegistration(url);
  if (worker?.scope === url) await worker.unregister();
}

/** Delete everything: nobody is signed in. */
async function forgetAll() {
  for (const page of await pages()) await forget(page);
  for (const name of await names()) await caches.delete(name);
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PERSONAL)) sessionStorage.removeItem(name);
}

/** Return whether the server refuses the page to this reader; false without a response. */
async function isRefused(url) {
  const asked = { method: "HEAD", redirect: "manual", cache: "no-store" };
  const answer = await fetch(url, asked).catch(() => null);
  return answer !== null && !answer.ok && answer.status < 500;
}

/** Delete pages that the server refuses, also from the screen. */
async function forgetRefused() {
  if (!navigator.onLine) return;
  for (const page of await pages()) {
    if (!(await isRefused(page.url))) continue;
    await forget(page);
    if (page.url === location.href) location.reload();
  }
}

if (isSignedIn) {
  forgetRefused();
  window.addEventListener("online", forgetRefused);
  setInterval(forgetRefused, PAUSE_MS);
} else {
  forgetAll();
}
