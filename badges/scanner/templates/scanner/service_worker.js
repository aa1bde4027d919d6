/* The scanner's service worker: caches page, files and code reader for offline use. shell.py writes OFFLINE before it. */
"use strict";

const CACHE = `scanner-${OFFLINE.version}`;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript takes any worker for a dedicated one

worker.addEventListener("install", (event) => event.waitUntil(cacheAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (OFFLINE.pages.includes(pathname)) event.respondWith(loadFromCache(pathname));
  else if (pathname.startsWith("/static/") || OFFLINE.files.includes(pathname)) event.respondWith(loadFromCache(event.request));
});
worker.addEventListener("message", (event) => {
  if (event.data === "take-over") worker.skipWaiting();
});

/* All or nothing: if a file is missing the install fails, and the version before goes on working. */
async function cacheAll() {
  const cache = await caches.open(CACHE);
  const cached = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  const missing = [...OFFLINE.pages, ...OFFLINE.files].filter((path) => !cached.has(path));
  await cache.addAll(missing.map((path) => new Request(path, { cache: "reload" })));
  const windows = await worker.clients.matchAll({ includeUncontrolled: true, type: "window" });
  // An open scanner decides itself when an update does not disturb (installation.js).
  if (!windows.some((client) => OFFLINE.pages.includes(new URL(client.url).pathname))) await worker.skipWaiting();
}

async function takeOver() {
  const outdated = (await caches.keys()).filter((name) => name.startsWith("scanner-") && name !== CACHE);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/**
 * Answer from our version; else from a newer one, whose worker for the other language has deleted ours.
 * @param {Request | string} request
 */
async function loadFromCache(request) {
  const own = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
  return own ?? (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
