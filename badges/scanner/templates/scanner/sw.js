/* The scanner's service worker: keeps the page, its files and the code reader for when there is no network. */
"use strict";

const CACHE = "scanner-{{ version }}";
const PAGES = {{ pages|safe }};
const FILES = {{ files|safe }};

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (PAGES.includes(address.pathname)) event.respondWith(page(address.pathname));
  else if (address.pathname.startsWith("/static/") || FILES.includes(address.pathname)) event.respondWith(file(event.request));
});
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

/* All or nothing: an install that misses a file fails, and the version before it goes on working. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  const wanted = [...PAGES, ...FILES].filter((address) => !kept.has(address));
  await cache.addAll(wanted.map((address) => new Request(address, { cache: "reload" })));
  const page = await self.clients.matchAll({ includeUncontrolled: true, type: "window" });
  if (!page.some((client) => PAGES.includes(new URL(client.url).pathname))) await self.skipWaiting();
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith("scanner-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/* The kept page at once; without it, the network. */
async function page(address) {
  return (await kept(address)) ?? fetch(address);
}

async function file(request) {
  return (await kept(request)) ?? fetch(request);
}

/* From our version; else from the newer one that has cleared ours away (it looks after the other language). */
async function kept(wanted) {
  const own = await caches.match(wanted, { cacheName: CACHE, ignoreVary: true });
  return own ?? caches.match(wanted, { ignoreVary: true });
}
