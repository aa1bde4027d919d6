/** Save the evacuation list for offline use, and count the people who were found; all tabs share the ticks. */

const STORAGE_PREFIX = "personal-found:"; // offline_pages.js deletes such keys together with the cached list
const container = /** @type {HTMLElement} */ (document.getElementById("evacuation"));
const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("[name=found]")]);
const search = /** @type {HTMLInputElement | null} */ (document.getElementById("checklist-search"));
const onlyMissing = /** @type {HTMLInputElement | null} */ (document.getElementById("only-missing"));
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
  const { template = "", total = "" } = counter.dataset;
  const foundCount = boxes.filter((box) => box.checked).length;
  counter.textContent = template.replace("{met}", String(foundCount)).replace("{all}", total);
  filterRows();
}

function saveChecks() {
  const found = boxes.filter((box) => box.checked).map((box) => box.value);
  localStorage.setItem(storageKey, JSON.stringify(found));
  updateFoundCount();
}

function restoreChecks() {
  const found = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
  for (const box of boxes) box.checked = found.includes(box.value);
  updateFoundCount();
}

/** Show the people whose name or company has all the words that are typed, or only those still missing. */
function filterRows() {
  const words = simplify(search?.value ?? "").split(/\s+/);
  for (const box of boxes) {
    const row = /** @type {HTMLElement} */ (box.closest("li"));
    const text = simplify(row.textContent ?? "");
    row.hidden = (onlyMissing?.checked && box.checked) || !words.every((word) => text.includes(word));
  }
}

/**
 * Return the text without accents and capitals.
 * @param {string} text
 */
function simplify(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function showNetworkState() {
  showElement("offline", !navigator.onLine);
}

showElement("checklist-tools", true);
restoreChecks();
showNetworkState();
for (const box of boxes) box.addEventListener("change", saveChecks);
search?.addEventListener("input", filterRows);
onlyMissing?.addEventListener("change", filterRows);
document.getElementById("clear-found")?.addEventListener("click", () => {
  for (const box of boxes) box.checked = false;
  saveChecks();
});
window.addEventListener("storage", ({ key }) => {
  if (key === storageKey) restoreChecks();
});
for (const type of ["online", "offline"]) window.addEventListener(type, showNetworkState);
saveForOffline();
