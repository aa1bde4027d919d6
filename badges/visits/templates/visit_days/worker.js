/* Keeps evacuation lists on the phone: the network first, else the page as it was; forgotten when it may not be kept. */
"use strict";

const CACHE = "personal-evacuation-2"; // forgotten by kept.js, which knows such names
const PATIENCE_MS = 4000;
const LIST = /\/organize\/[-\w]+\/visit\/day\/evacuation\/$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (LIST.test(address.pathname)) event.respondWith(list(event.request, address.pathname));
  else event.respondWith(fetch(event.request).catch(() => kept(event.request)));
});

async function begin() {
  await caches.delete("evacuation-1");
  await self.clients.claim();
}

/* A page asks to be kept, with its files; lists whose time is over go meanwhile. */
async function keep(addresses) {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) if (LIST.test(new URL(url).pathname)) await fresh(cache, url);
  await Promise.allSettled(addresses.map((address) => cache.add(address)));
}

async function list(request, name) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) await cache.put(name, answer.clone());
    else if (answer.status < 500) await cache.delete(name);
    return answer.status < 500 ? answer : ((await fresh(cache, name)) ?? answer);
  } catch (error) {
    const found = await fresh(cache, name);
    if (found) return found;
    throw error;
  }
}

/* The kept page, unless its time is over: then it is forgotten. */
async function fresh(cache, name) {
  const found = await cache.match(name);
  if (found && Number(found.headers.get("X-Keep-Until")) > Date.now()) return found;
  await cache.delete(name);
  return undefined;
}

async function kept(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
}
