/* Keeps evacuation lists on the phone: the network first, else the page as it was; forgotten when it may not be kept. */
"use strict";

const CACHE = "personal-evacuation-2"; // forgotten by offline_pages.js, which knows such names
const NETWORK_TIMEOUT_MS = 4000;
const LIST_PATH = /\/organize\/[-\w]+\/visit\/day\/evacuation\/$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil(saveFiles(event.data)));
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (LIST_PATH.test(address.pathname)) event.respondWith(loadList(event.request, address.pathname));
  else event.respondWith(fetch(event.request).catch(() => getCached(event.request)));
});

async function activate() {
  await caches.delete("evacuation-1");
  await self.clients.claim();
}

/* A page asks to be kept, with its files; lists whose time is over go meanwhile. */
async function saveFiles(addresses) {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) if (LIST_PATH.test(new URL(url).pathname)) await getUnexpired(cache, url);
  await Promise.allSettled(addresses.map((address) => cache.add(address)));
}

async function loadList(request, path) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS) });
    if (response.ok) await cache.put(path, response.clone());
    else if (response.status < 500) await cache.delete(path);
    return response.status < 500 ? response : ((await getUnexpired(cache, path)) ?? response);
  } catch (error) {
    const found = await getUnexpired(cache, path);
    if (found) return found;
    throw error;
  }
}

/* The kept page, unless its time is over: then it is forgotten. */
async function getUnexpired(cache, path) {
  const found = await cache.match(path);
  if (found && Number(found.headers.get("X-Keep-Until")) > Date.now()) return found;
  await cache.delete(path);
  return undefined;
}

async function getCached(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
}
