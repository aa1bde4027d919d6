/** What a phone keeps of pages that only signed-in people see: gone when they sign out, or may see it no more.
 *
 * Such a page is kept in a cache named `personal-…`, its answer with the header X-Keep-Until; what a tab
 * remembers of it stands in sessionStorage under the same prefix. Nothing else of the site is touched. */

const PERSONAL = "personal-";
const PAUSE_MS = 60_000;
const isSignedIn = document.body.hasAttribute("data-signed-in");

/** The names of the caches, none where there are none. */
async function names() {
  return "caches" in window ? (await caches.keys()).filter((name) => name.startsWith(PERSONAL)) : [];
}

/** Each kept page, with its cache. */
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

/** A kept page goes, and the script that would show it without a network. */
async function forget({ cache, url }) {
  await cache.delete(url);
  const worker = await navigator.serviceWorker?.getRegistration(url);
  if (worker?.scope === url) await worker.unregister();
}

/** Nobody is signed in here: nothing stays. */
async function forgetAll() {
  for (const page of await pages()) await forget(page);
  for (const name of await names()) await caches.delete(name);
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PERSONAL)) sessionStorage.removeItem(name);
}

/** Whether the server shows it to this reader no more; without an answer, nobody knows. */
async function isRefused(url) {
  const asked = { method: "HEAD", redirect: "manual", cache: "no-store" };
  const answer = await fetch(url, asked).catch(() => null);
  return answer !== null && !answer.ok && answer.status < 500;
}

/** What the server refuses goes, from the screen too. */
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
