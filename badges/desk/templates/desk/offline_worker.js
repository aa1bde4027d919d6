/*
 * The desk's service worker: it loads pages from the network, else serves
 * the page that works offline. offline_shell.py writes DESK_OFFLINE before it.
 */
"use strict";

const CACHE = `desk-${DESK_OFFLINE.version}`;
const NETWORK_TIMEOUT_MS = 5000;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript types `self` as a dedicated worker

worker.addEventListener("install", (event) => event.waitUntil(storeAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(loadPage(event.request, pathname));
  else if (DESK_OFFLINE.files.includes(pathname)) event.respondWith(loadFile(event.request));
});

/* Cache all files or none: if one is missing, the installation fails and the old version stays active. */
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
    // These statuses come from a proxy whose server is down.
    if (response.status < 502 || response.status > 504) return response;
  } catch {
    // The cached page is returned below.
  }
  const shell = DESK_OFFLINE.pages.find((page) => pathname.startsWith(page.slice(0, -"desk-app/".length) + "desk"));
  return (await caches.match(shell ?? DESK_OFFLINE.pages[0], { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
}

/** @returns {Promise<never>} */
function failLater() {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("timeout")), NETWORK_TIMEOUT_MS));
}

/** @param {Request} request */
async function loadFile(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}
