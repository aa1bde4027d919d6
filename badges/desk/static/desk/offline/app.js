/** The desk without network: unlock by PIN, search, check in, register, correct, print, and send later. */

import { drawBadge, loadFonts, mayLackLetters } from "./badge.js";
import { DeskState } from "./desk_state.js";
import { DeskView } from "./desk_view.js";
import { formatText, getElement, settings, showMessage } from "./page.js";
import {
  countEntries,
  countUnsentEntries,
  eraseData,
  getVault,
  listenToRestoration,
  listVaults,
  saveVault,
  updateVault,
} from "./store.js";
import { fillAddress, enableDevice, openSession, RequestRefused, SignedOut } from "./sync.js";
import { findPinProblem, makeVault, MAX_WRONG_TRIES, openVault } from "./vault.js";

const IDLE_MS = 10 * 60_000;
const SEND_MS = 15_000;
const VIEWS = ["opening", "setup", "locked", "open", "events"];

/** @type {DeskState | null} */
let desk = null;
let lastActionAt = Date.now();
let searchFromAddress = takeSearchFromAddress();
const view = new DeskView(() => desk, printBadge);

/** Return the slug of the event from the address: /desk/EVENT/... or ?event=EVENT. */
function getEventFromAddress() {
  const fromPath = /\/desk\/([-\w]+)\//.exec(location.pathname)?.[1];
  return fromPath ?? new URLSearchParams(location.search).get("event") ?? "";
}

/** Return what was searched at the online desk, and remove it from the address: it may be a guest's name. */
function takeSearchFromAddress() {
  const query = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  if (query) history.replaceState(null, "", location.pathname + location.search);
  return query;
}

/** @param {string} name */
function showView(name) {
  for (const viewName of VIEWS) getElement(`view-${viewName}`).hidden = viewName !== name;
  document.body.dataset.view = name;
}

async function start() {
  const event = getEventFromAddress();
  if (!event) return listEvents();
  const vault = await getVault(event);
  if (vault && Date.parse(vault.expires_at) < Date.now()) await eraseData(event);
  if (await getVault(event)) return showLocked(event);
  await showSetup(event);
}

/** Without an event in the address: show those that this browser may open. */
async function listEvents() {
  const list = getElement("events");
  for (const { event, title } of await listVaults()) {
    const link = document.createElement("a");
    link.href = `?event=${encodeURIComponent(event)}`;
    link.textContent = title;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  showView("events");
}

// --- set up and unlock ----------------------------------------------------------------------------------

/** @param {string} event */
async function showSetup(event) {
  showView("setup");
  const form = /** @type {HTMLFormElement} */ (getElement("setup-form"));
  try {
    const { title } = await openSession(event);
    getElement("setup-event").textContent = title;
    form.hidden = false;
    form.addEventListener("submit", (submission) => {
      submission.preventDefault();
      enable(event, title);
    });
  } catch (error) {
    showMessage("setup-error", describeError(error));
    getElement("setup-sign-in").hidden = !(error instanceof SignedOut);
  }
  /** @type {HTMLAnchorElement} */ (getElement("setup-sign-in")).href = signInAddress();
}

const signInAddress = () => `${settings.sign_in}?next=${encodeURIComponent(location.pathname + location.search)}`;

/** @param {unknown} error */
function describeError(error) {
  if (error instanceof SignedOut) return formatText("error.signed_out");
  if (error instanceof RequestRefused) return error.message;
  return formatText("error.unreachable");
}

/**
 * @param {string} event
 * @param {string} title
 */
async function enable(event, title) {
  const [pin, repeated] = ["pin-new", "pin-again"].map((id) => /** @type {HTMLInputElement} */ (getElement(id)).value);
  const name = /** @type {HTMLInputElement} */ (getElement("device-name")).value.trim();
  const problem = name ? findPinProblem(pin, repeated) : "device.unnamed";
  if (problem) return showMessage("setup-error", formatText(problem));
  try {
    const { device, expires_at } = await enableDevice(event, name.slice(0, 100));
    const { vault, key } = await makeVault(pin, { event, title, device, expires_at });
    await saveVault(vault);
    await navigator.storage?.persist?.();
    await unlock(event, key);
  } catch (error) {
    showMessage("setup-error", describeError(error));
  }
}

/** @param {string} event */
async function showLocked(event) {
  desk = null;
  view.clear();
  showView("locked");
  const vault = await getVault(event);
  const pending = await countUnsentEntries(event);
  getElement("locked-event").textContent = vault?.title ?? "";
  getElement("locked-pending").textContent = pending ? formatText("locked.pending", { count: pending }) : "";
  const form = /** @type {HTMLFormElement} */ (getElement("pin-form"));
  form.onsubmit = (submission) => {
    submission.preventDefault();
    tryPin(event);
  };
  getElement("pin").focus();
}

/** @param {string} event */
async function tryPin(event) {
  const field = /** @type {HTMLInputElement} */ (getElement("pin"));
  const pin = field.value;
  field.value = "";
  const vault = await getVault(event);
  if (!vault) return showSetup(event);
  // Counted before the PIN is tried, so that closing the page does not undo the count.
  const wrong_tries = vault.wrong_tries + 1;
  await updateVault(event, { wrong_tries });
  const key = await openVault(pin, vault);
  if (key) {
    await updateVault(event, { wrong_tries: 0 });
    showMessage("pin-error", "");
    return unlock(event, key);
  }
  if (wrong_tries < MAX_WRONG_TRIES) {
    return showMessage("pin-error", formatText("pin.wrong", { count: MAX_WRONG_TRIES - wrong_tries }));
  }
  await eraseData(event);
  showMessage("pin-error", formatText((await countEntries(event)) ? "pin.erased_pending" : "pin.erased"));
}

/**
 * @param {string} event
 * @param {CryptoKey} key
 */
async function unlock(event, key) {
  lastActionAt = Date.now();
  desk = new DeskState(event, key, () => view.refresh());
  await desk.load();
  await loadFonts();
  showView("open");
  const link = /** @type {HTMLAnchorElement} */ (getElement("back-online"));
  link.href = fillAddress(settings.desk, event);
  /** @type {HTMLAnchorElement} */ (getElement("sign-in")).href = signInAddress();
  view.refresh();
  view.focusSearch();
  if (searchFromAddress) view.showSearch(searchFromAddress);
  searchFromAddress = "";
  await desk.send();
}

// --- while it is open -----------------------------------------------------------------------------------

/**
 * Print the badge alone, in the size of its paper.
 * @param {Desk.Guest} guest
 */
async function printBadge(guest) {
  if (!desk?.data) return;
  getElement("badge-sheet").replaceChildren(drawBadge(desk.data.design, guest));
  showMessage("letters-warning", mayLackLetters(desk.data.design, guest) ? formatText("print.letters") : "");
  print();
}

/**
 * Say that the browser has erased this device's storage, and that it is stored again.
 * @param {number} count of entries that are still to be sent
 */
function reportRestoration(count) {
  showMessage("storage-restored", formatText(count ? "storage.restored_pending" : "storage.restored", { count }));
}

function lockIfIdle() {
  if (desk && Date.now() - lastActionAt > IDLE_MS) showLocked(getEventFromAddress());
}

for (const type of ["keydown", "pointerdown"]) {
  addEventListener(type, () => {
    lastActionAt = Date.now();
  });
}
getElement("lock").addEventListener("click", () => showLocked(getEventFromAddress()));
getElement("send-now").addEventListener("click", () => desk?.send());
for (const type of ["online", "offline"]) addEventListener(type, () => desk?.send());
setInterval(lockIfIdle, 5_000);
setInterval(() => desk?.send(), SEND_MS);
view.listen();
listenToRestoration(reportRestoration);
start();

if ("serviceWorker" in navigator) {
  for (const scope of settings.scopes) {
    navigator.serviceWorker.register(settings.worker, { scope, updateViaCache: "none" }).catch(() => undefined);
  }
}
