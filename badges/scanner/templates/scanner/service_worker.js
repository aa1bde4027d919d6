/* The scanner's service worker: caches page, files and code reader for offline use. shell.py writes OFFLINE before it. */
"use strict";

const CACHE = `scanner-${OFFLINE.version}`;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript types `self` as a dedicated worker

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

/* Cache all files or none: if one is missing, the installation fails and the old version stays active. */
async function cacheAll() {
  const cache = await caches.open(CACHE);
  const cached = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  const missing = [...OFFLINE.pages, ...OFFLINE.files].filter((path) => !cached.has(path));
  await cache.addAll(missing.map((path) => new Request(path, { cache: "reload" })));
  const windows = await worker.clients.matchAll({ includeUncontrolled: true, type: "window" });
  // An open scanner decides by itself when to update (installation.js).
  if (!windows.some((client) => OFFLINE.pages.includes(new URL(client.url).pathname))) await worker.skipWaiting();
}

async function takeOver() {
  const outdated = (await caches.keys()).filter((name) => name.startsWith("scanner-") && name !== CACHE);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/**
 * Answer from this version's cache; else from a newer one, whose worker may have deleted it.
 * @param {Request | string} request
 */
async function loadFromCache(request) {
  const current = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
  return current ?? (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
