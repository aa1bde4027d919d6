/**
 * Save the evacuation list for offline use, and fetch it again while it is open, so that the saved one is recent;
 * count the people who were found. All tabs share the ticks.
 */

const REFRESH_MS = 30_000;
const REFRESHED_IDS = ["list-state", "list-people"];
const STORAGE_PREFIX = "personal-found:"; // offline_pages.js deletes such keys together with the cached list
const container = /** @type {HTMLElement} */ (document.getElementById("evacuation"));
const people = /** @type {HTMLElement} */ (document.getElementById("list-people"));
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

/** @returns {HTMLInputElement[]} */
function listBoxes() {
  return [...people.querySelectorAll("input")];
}

/** Fetch the list again; the service worker saves what the server answers. */
async function refreshList() {
  if (!navigator.onLine) return;
  /** @type {RequestInit} */
  const options = { redirect: "manual", cache: "no-store" };
  const response = await fetch(`${location.pathname}?refresh=1`, options).catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of REFRESHED_IDS) replacePart(id, page);
  restoreChecks();
}

/**
 * Show a part as in the page; the box that has the focus keeps it, if its row is still there.
 * @param {string} id
 * @param {Document} page
 */
function replacePart(id, page) {
  const part = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (!part || !fresh) return;
  const focused = part.contains(document.activeElement) && /** @type {HTMLInputElement} */ (document.activeElement).value;
  part.replaceChildren(...fresh.childNodes);
  if (focused) listBoxes().find((box) => box.value === focused)?.focus({ preventScroll: true });
}

function updateFoundCount() {
  const boxes = listBoxes();
  showElement("checklist-tools", boxes.length > 0);
  const counter = document.getElementById("found-count");
  if (!counter) return;
  const foundCount = boxes.filter((box) => box.checked).length;
  const template = counter.dataset.template ?? "";
  const text = template.replace("{met}", String(foundCount)).replace("{all}", String(boxes.length));
  // A screen reader would say the same sentence again.
  if (counter.textContent !== text) counter.textContent = text;
  filterRows();
}

function saveChecks() {
  const found = listBoxes().filter((box) => box.checked).map((box) => box.value);
  localStorage.setItem(storageKey, JSON.stringify(found));
  updateFoundCount();
}

function restoreChecks() {
  const found = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
  for (const box of listBoxes()) box.checked = found.includes(box.value);
  updateFoundCount();
}

/** Show the people whose name or company has all the words that are typed, or only those still missing. */
function filterRows() {
  const words = simplify(search?.value ?? "").split(/\s+/);
  for (const box of listBoxes()) {
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

restoreChecks();
showNetworkState();
people.addEventListener("change", saveChecks);
search?.addEventListener("input", filterRows);
onlyMissing?.addEventListener("change", filterRows);
document.getElementById("clear-found")?.addEventListener("click", () => {
  for (const box of listBoxes()) box.checked = false;
  saveChecks();
});
window.addEventListener("storage", ({ key }) => {
  if (key === storageKey) restoreChecks();
});
for (const type of ["online", "offline"]) window.addEventListener(type, showNetworkState);
window.addEventListener("online", refreshList);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refreshList();
});
setInterval(refreshList, REFRESH_MS);
saveForOffline();
