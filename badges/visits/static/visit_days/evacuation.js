/** The evacuation list on a phone: saved for when the network is gone, and counted as people are found. */

const STORAGE_PREFIX = "personal-found:"; // offline_pages.js clears such keys together with the cached list
const container = document.getElementById("evacuation");
const boxes = [...document.querySelectorAll("[name=found]")];
const storageKey = STORAGE_PREFIX + location.pathname;

/** Ask the service worker to cache the page and its files. */
async function saveForOffline() {
  if (!("serviceWorker" in navigator)) return;
  const scope = location.pathname;
  const registration = await navigator.serviceWorker.register(container.dataset.worker, { scope }).catch(() => null);
  if (!registration) return;
  const { active } = await navigator.serviceWorker.ready;
  const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=preload]"), ...document.scripts];
  active.postMessage([location.pathname, ...files.map((one) => one.href || one.src).filter(Boolean)]);
  document.getElementById("saved-offline").hidden = false;
}

function updateFoundCount() {
  const counter = document.getElementById("found-count");
  if (!counter) return;
  const found = boxes.filter((box) => box.checked).map((box) => box.value);
  counter.hidden = false;
  counter.textContent = counter.dataset.pattern.replace("{met}", found.length).replace("{all}", counter.dataset.all);
  sessionStorage.setItem(storageKey, JSON.stringify(found));
}

function restoreChecks() {
  const found = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
  for (const box of boxes) box.checked = found.includes(box.value);
}

function showNetworkState() {
  document.getElementById("offline").hidden = navigator.onLine;
}

restoreChecks();
updateFoundCount();
showNetworkState();
for (const box of boxes) box.addEventListener("change", updateFoundCount);
for (const kind of ["online", "offline"]) window.addEventListener(kind, showNetworkState);
saveForOffline();
