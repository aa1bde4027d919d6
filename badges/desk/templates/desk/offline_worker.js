/* The desk's service worker: pages from the network; without it, the page that works offline. offline_shell.py writes DESK_OFFLINE before it. */
"use strict";

const CACHE = `desk-${DESK_OFFLINE.version}`;
const NETWORK_TIMEOUT_MS = 5000;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript takes any worker for a dedicated one

worker.addEventListener("install", (event) => event.waitUntil(storeAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(loadPage(event.request, pathname));
  else if (DESK_OFFLINE.files.includes(pathname)) event.respondWith(loadFile(event.request));
});

/* All or nothing: if a file is missing the install fails, and the version before goes on working. */
async function storeAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...DESK_OFFLINE.pages, ...DESK_OFFLINE.files].map((path) => new Request(path, { cache: "reload" })));
  await worker.skipWaiting();
}

async function takeOver() {
  const outdated = (await caches.keys()).filter((name) => name.startsWith("desk-") && name !== CACHE);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/**
 * Load a page of the desk; if the server cannot be reached, answer with the page that works offline.
 * @param {Request} request
 * @param {string} pathname
 */
async function loadPage(request, pathname) {
  try {
    const response = await Promise.race([fetch(request), failLater()]);
    // A proxy answers for a server that is down.
    if (response.status < 502 || response.status > 504) return response;
  } catch {
    // Answered below.
  }
  const own = DESK_OFFLINE.pages.find((page) => pathname.startsWith(page.slice(0, -"desk-app/".length) + "desk"));
  return (await caches.match(own ?? DESK_OFFLINE.pages[0], { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
}

/** @returns {Promise<never>} */
function failLater() {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("timeout")), NETWORK_TIMEOUT_MS));
}

/** @param {Request} request */
async function loadFile(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}
