/** Save the evacuation list for offline use, and count the people who were found. */

const STORAGE_PREFIX = "personal-found:"; // offline_pages.js deletes such keys together with the cached list
const container = /** @type {HTMLElement} */ (document.getElementById("evacuation"));
const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("[name=found]")]);
const storageKey = STORAGE_PREFIX + location.pathname;

/** Have the service worker cache the page and its files. */
async function saveForOffline() {
  if (!("serviceWorker" in navigator)) return;
  // Without a controller the worker has not seen the page's own request. With one it has cached the answer already.
  const pages = navigator.serviceWorker.controller ? [] : [location.pathname];
  const scope = location.pathname;
  const worker = container.dataset.workerUrl ?? "";
  const registration = await navigator.serviceWorker.register(worker, { scope }).catch(() => null);
  if (!registration) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage([...pages, ...listFiles()]);
  showElement("saved-offline", true);
}

/** Return the addresses of the page's stylesheets, fonts and scripts. */
function listFiles() {
  /** @type {NodeListOf<HTMLLinkElement>} */
  const links = document.querySelectorAll("link[rel=stylesheet], link[rel=preload]");
  return [...[...links].map((link) => link.href), ...[...document.scripts].map((script) => script.src)].filter(Boolean);
}

/**
 * @param {string} id
 * @param {boolean} isVisible
 */
function showElement(id, isVisible) {
  const element = document.getElementById(id);
  if (element) element.hidden = !isVisible;
}

function updateFoundCount() {
  const counter = document.getElementById("found-count");
  if (!counter) return;
  const found = boxes.filter((box) => box.checked).map((box) => box.value);
  const { template = "", total = "" } = counter.dataset;
  counter.hidden = false;
  counter.textContent = template.replace("{met}", String(found.length)).replace("{all}", total);
  sessionStorage.setItem(storageKey, JSON.stringify(found));
}

function restoreChecks() {
  const found = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
  for (const box of boxes) box.checked = found.includes(box.value);
}

function showNetworkState() {
  showElement("offline", !navigator.onLine);
}

restoreChecks();
updateFoundCount();
showNetworkState();
for (const box of boxes) box.addEventListener("change", updateFoundCount);
for (const type of ["online", "offline"]) window.addEventListener(type, showNetworkState);
saveForOffline();
