/* Caches evacuation lists on the phone: from the network if it answers in time, else from the cache until the list expires. */
"use strict";

const CACHE = "personal-evacuation-2"; // offline_pages.js deletes caches with this prefix at sign-out
const NETWORK_TIMEOUT_MS = 4000;
const LIST_PATH = /\/organize\/[-\w]+\/(visit\/day|attendance)\/evacuation\/$/;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript types `self` as a dedicated worker

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (event) => event.waitUntil(saveFiles(event.data)));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (LIST_PATH.test(pathname)) event.respondWith(loadList(event.request, pathname));
  else event.respondWith(fetch(event.request).catch(() => loadFromCache(event.request)));
});

/**
 * Cache a page with its files, and delete expired lists.
 * @param {string[]} urls
 */
async function saveFiles(urls) {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) if (LIST_PATH.test(new URL(url).pathname)) await getUnexpired(cache, url);
  await Promise.allSettled(urls.map((url) => cache.add(url)));
}

/**
 * @param {Request} request
 * @param {string} path
 */
async function loadList(request, path) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS) });
    if (response.ok) await cache.put(path, response.clone());
    else if (response.status < 500) await cache.delete(path);
    return response.status < 500 ? response : ((await getUnexpired(cache, path)) ?? response);
  } catch (error) {
    const cached = await getUnexpired(cache, path);
    if (cached) return cached;
    throw error;
  }
}

/**
 * Return the cached list; delete it if it has expired.
 * @param {Cache} cache
 * @param {string} path
 */
async function getUnexpired(cache, path) {
  const cached = await cache.match(path);
  if (cached && Number(cached.headers.get("X-Keep-Until")) > Date.now()) return cached;
  await cache.delete(path);
  return undefined;
}

/** @param {Request} request */
async function loadFromCache(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
}
