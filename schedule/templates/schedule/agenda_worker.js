/* The agenda's service worker: pages from the network if it answers in time, else as stored, with their age.
   offline.py prepends the constant AGENDA_OFFLINE. */
"use strict";

const PUBLIC_CACHE = `agenda-${AGENDA_OFFLINE.scope}`;
const OWN_CACHE = `personal-agenda-${AGENDA_OFFLINE.scope}`; // offline_pages.js deletes caches with this prefix at sign-out
const NETWORK_TIMEOUT_MS = 4000;
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self)); // TypeScript takes any worker for a dedicated one

worker.addEventListener("install", (event) => event.waitUntil(storeAll()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (event) => {
  const pages = [AGENDA_OFFLINE.own, ...(event.source instanceof WindowClient ? [event.source.url] : [])];
  event.waitUntil(Promise.allSettled(pages.map((url) => storePage(new Request(url)))));
});
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (event.request.mode === "navigate" && isProgrammePage(pathname)) event.respondWith(loadPage(event.request));
  else if (AGENDA_OFFLINE.files.includes(pathname)) event.respondWith(loadFile(event.request));
});

/** @param {string} path */
function isProgrammePage(path) {
  const { scope, agenda, own } = AGENDA_OFFLINE;
  return path === agenda || path === own || path.startsWith(`${scope}sessions/`);
}

/* Without the files a stored page is useless, so the install fails without them; a page that fails is stored when it is visited. */
async function storeAll() {
  const cache = await caches.open(PUBLIC_CACHE);
  await cache.addAll(AGENDA_OFFLINE.files);
  await Promise.allSettled(AGENDA_OFFLINE.pages.map((url) => storePage(new Request(url))));
  await worker.skipWaiting();
}

/**
 * Fetch a page and store it; what a signed-in person sees goes into the cache that sign-out deletes.
 * @param {Request} request
 */
async function storePage(request) {
  const response = await fetch(request, { credentials: "same-origin" });
  // A session that is gone from the programme, or from what this visitor may see, must not be shown offline either.
  if (response.status === 404) for (const name of [OWN_CACHE, PUBLIC_CACHE]) await (await caches.open(name)).delete(request.url);
  if (!response.ok || response.redirected) return response;
  const isPersonal = /<body[^>]* data-signed-in/.test(await response.clone().text());
  const [cache, other] = await Promise.all((isPersonal ? [OWN_CACHE, PUBLIC_CACHE] : [PUBLIC_CACHE, OWN_CACHE]).map((name) => caches.open(name)));
  await Promise.all([cache?.put(request.url, response.clone()), other?.delete(request.url)]);
  return response;
}

/** @param {Request} request */
async function loadPage(request) {
  const stored = await findStored(request.url);
  const answer = storePage(request);
  try {
    const response = await (stored ? Promise.race([answer, failLater()]) : answer);
    if (response.status < 500 || !stored) return response;
  } catch {
    answer.catch(() => undefined);
  }
  const page = stored ?? (await findStored(AGENDA_OFFLINE.agenda));
  return page ? addStoredNotice(page) : Response.error();
}

/** @returns {Promise<never>} */
function failLater() {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("timeout")), NETWORK_TIMEOUT_MS));
}

/** @param {string} url */
async function findStored(url) {
  const absolute = new URL(url, location.origin).href;
  for (const cacheName of [OWN_CACHE, PUBLIC_CACHE]) {
    const found = await caches.match(absolute, { cacheName, ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

/**
 * Return the page with a notice that says when it was stored.
 * @param {Response} stored
 */
async function addStoredNotice(stored) {
  const date = new Date(stored.headers.get("Date") ?? 0);
  const { language, zone, notice } = AGENDA_OFFLINE;
  const weekday = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: zone }).format(date);
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const [hour, minute] = clock.format(date).split(":");
  // As the server writes it: “lundi à 9 h 30”, “Monday, 9:30”.
  const frenchMinute = minute === "00" ? "" : `\u00a0${minute}`;
  const moment = language === "en" ? `${weekday}, ${Number(hour)}:${minute}` : `${weekday} à ${Number(hour)}\u00a0h${frenchMinute}`;
  const text = notice.replace("{moment}", moment).replace("{age}", describeAge(date));
  const headers = new Headers(stored.headers);
  // The body below is neither compressed nor as long as the one that these describe.
  for (const name of ["Content-Encoding", "Content-Length", "ETag"]) headers.delete(name);
  const body = (await stored.text()).replace(/<main[^>]*>/, (main) => `${main}<div class="notice warning offline-notice" role="status"><p>${text}</p></div>`);
  return new Response(body, { headers });
}

/** @param {Date} date */
function describeAge(date) {
  const minutes = Math.max(0, Math.round((Date.now() - date.getTime()) / 60_000));
  const format = new Intl.RelativeTimeFormat(AGENDA_OFFLINE.language, { numeric: "always" });
  return minutes < 120 ? format.format(-minutes, "minute") : format.format(-Math.round(minutes / 60), "hour");
}

/** @param {Request} request */
async function loadFile(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request, { cacheName: PUBLIC_CACHE, ignoreVary: true })) ?? Response.error();
  }
}
