/**
 * Search while somebody types, and check in the highlighted guest by Enter, without leaving the field.
 * Without this script the forms work by themselves.
 */

import { RemotePart } from "../convention/page_parts.js";
import { parseBadgeCode } from "../scanner/badge_codes.js";
import { isIncompleteCode, listenToKeys, listReadings } from "../scanner/keyboard_scanner.js";
import { SkippedGuests } from "./skipped_guests.js";

const PAUSE_MS = 120;
const REFRESH_MS = 10_000;
/** A server that has not answered by then is shown as unreachable. */
const TIMEOUT_MS = 8_000;
/** An answer that comes sooner needs no “Sending…”, which would flicker. */
const SENDING_DELAY_MS = 300;

/** @type {<T extends HTMLElement>(selector: string) => T} */
const find = (selector) => /** @type {any} */ (document.querySelector(selector));
const form = /** @type {HTMLFormElement} */ (find("#desk-search"));
const field = /** @type {HTMLInputElement} */ (find("#q"));
const results = find("#results");
const verdict = find("#verdict");
const numbers = new RemotePart(find("#numbers"));
const skippedGuests = new SkippedGuests(find("#skipped"));
let timer = 0;
let searchController = new AbortController();
/** The text whose results are shown. */
let shownQuery = field.value;
/**
 * The guest of the last scanned badge, until a guest is served.
 * @type {HTMLElement | undefined}
 */
let scannedGuest;
/** The names of the guests whose forms are being sent. */
const sentNames = /** @type {Set<string>} */ (new Set());

/**
 * Return a part of a page as HTML. After an error, or if nobody is signed in, reload the page and return null.
 * Throw if the server does not answer.
 * @param {string | URL} url
 * @param {RequestInit} options
 * @param {AbortController} controller
 * @returns {Promise<string | null>}
 */
async function fetchPart(url, options = {}, controller = new AbortController()) {
  const address = new URL(url, location.href);
  address.searchParams.set("part", "");
  const timeout = setTimeout(() => controller.abort(new DOMException("No answer", "TimeoutError")), TIMEOUT_MS);
  try {
    const response = await fetch(address, { ...options, signal: controller.signal });
    // A proxy answers so while the server is down.
    if (response.status >= 502 && response.status <= 504) throw new Error(String(response.status));
    if (!response.ok || response.redirected) {
      location.assign(location.pathname);
      return null;
    }
    const html = await response.text();
    find("#no-answer").hidden = true;
    return html;
  } finally {
    clearTimeout(timeout);
  }
}

/**
 * Say that the server does not answer, and for which guest if one was being served.
 * @param {unknown} error
 * @param {string} name
 */
function handleError(error, name = "") {
  if (error instanceof DOMException && error.name === "AbortError") return;
  find("#no-answer-name").textContent = name;
  find("#no-answer").hidden = false;
}

function showSending() {
  find("#sending-names").textContent = [...sentNames].join(", ");
  find("#sending").hidden = sentNames.size === 0;
}

/**
 * Show the guests for a text; return whether they are shown.
 * @param {string} query
 */
async function search(query) {
  clearTimeout(timer);
  searchController.abort();
  searchController = new AbortController();
  // The last guest's verdict must not stay above the next guest.
  if (query) verdict.replaceChildren();
  const url = new URL(location.pathname, location.origin);
  if (query) url.searchParams.set("q", query);
  try {
    const html = await fetchPart(url, {}, searchController);
    if (html === null) return false;
    results.innerHTML = html;
    shownQuery = query;
    highlight(0);
    hideScanProblems();
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return false;
    // Enter must not serve a guest of the search before.
    results.replaceChildren();
    shownQuery = "";
    handleError(error);
    return false;
  }
}

const listGuests = () => /** @type {HTMLElement[]} */ ([...results.querySelectorAll(".guests > li")]);
const getHighlighted = () => listGuests().findIndex((guest) => guest.ariaCurrent === "true");

/** @param {number} index */
function highlight(index) {
  const guests = listGuests();
  guests.forEach((guest, position) => {
    if (position === index) guest.setAttribute("aria-current", "true");
    else guest.removeAttribute("aria-current");
  });
  guests[index]?.scrollIntoView({ block: "nearest" });
}

/** @param {number} step */
function moveHighlight(step) {
  const last = listGuests().length - 1;
  highlight(Math.min(Math.max(getHighlighted() + step, 0), last));
}

/** @param {HTMLElement} guest */
const getName = (guest) => guest.querySelector(".person-name")?.textContent?.trim() ?? "";

/**
 * Send a form of a guest and show the verdict; return whether the server answered.
 * @param {HTMLFormElement} guestForm
 * @param {HTMLElement | null} button
 * @param {string} name
 */
async function postForm(guestForm, button, name) {
  const request = { method: "POST", body: new FormData(guestForm, button) };
  sentNames.add(name);
  const delay = setTimeout(showSending, SENDING_DELAY_MS);
  try {
    const html = await fetchPart(guestForm.action, request);
    if (html === null) return true;
    verdict.innerHTML = html;
    history.replaceState(null, "", location.pathname);
    refreshNumbers();
    return true;
  } catch (error) {
    handleError(error, name);
    return false;
  } finally {
    clearTimeout(delay);
    sentNames.delete(name);
    showSending();
  }
}

/**
 * Send a form of a guest, and make the field ready for the next guest.
 * @param {HTMLFormElement} guestForm
 * @param {HTMLElement | null} button
 */
async function sendForm(guestForm, button) {
  const [query, shownNodes] = [field.value, [...results.childNodes]];
  const guest = /** @type {HTMLElement | null} */ (guestForm.closest("li, .desk-verdict"));
  const isSent = postForm(guestForm, button, guest ? getName(guest) : "");
  const lastScannedGuest = scannedGuest;
  if (results.contains(guestForm)) scannedGuest = undefined;
  // Before the answer: the next name is typed meanwhile, and a second Enter must not send this guest again.
  clearTimeout(timer);
  field.value = shownQuery = "";
  results.replaceChildren();
  field.focus();
  if (await isSent) skippedGuests.remove(guest?.dataset.reference);
  else if (!field.value) {
    field.value = shownQuery = query;
    results.replaceChildren(...shownNodes);
    scannedGuest = lastScannedGuest;
  }
}

/**
 * Check in a guest who was skipped; the guest who is shown now stays to be served.
 * @param {HTMLFormElement} guestForm
 * @param {HTMLElement | null} button
 */
async function sendSkipped(guestForm, button) {
  const guest = /** @type {HTMLElement | null} */ (guestForm.closest("li"));
  field.focus();
  if (await postForm(guestForm, button, guest?.dataset.name ?? "")) skippedGuests.remove(guest?.dataset.reference);
}

/**
 * Warn of a guest who was shown after a scan and is no longer, unless they were checked in.
 * @param {HTMLElement | undefined} guest
 */
function noteSkipped(guest) {
  for (const { dataset } of listGuests()) skippedGuests.remove(dataset.reference);
  if (!guest || listGuests().some(({ dataset }) => dataset.reference === guest.dataset.reference)) return;
  const guestForm = /** @type {HTMLFormElement | null} */ (guest.querySelector("form.check-in"));
  if (guestForm?.querySelector("button")?.value !== "in") return;
  skippedGuests.add({ reference: guest.dataset.reference ?? "", name: getName(guest) }, guestForm);
}

/**
 * Show why a guest cannot be checked in, instead of the last verdict: a green one would be taken for theirs.
 * @param {HTMLElement} guest
 */
function showRefusal(guest) {
  const refusal = guest.querySelector("template");
  if (refusal) {
    verdict.replaceChildren(refusal.content.cloneNode(true));
    // The verdict says what is wrong with the scanned badge.
    results.querySelector(".notice")?.remove();
  }
  field.focus();
  // The next name replaces this one.
  field.select();
}

/** Check in the highlighted guest, or show why not. */
function serveHighlighted() {
  const guest = listGuests()[getHighlighted()];
  const guestForm = /** @type {HTMLFormElement | null} */ (guest?.querySelector("form.check-in"));
  const button = guestForm?.querySelector("button") ?? null;
  // Enter never checks out: that needs the button.
  if (guestForm && button?.value === "in") sendForm(guestForm, button);
  else if (guest) showRefusal(guest);
}

async function handleEnter() {
  const query = field.value;
  if (query === shownQuery) return serveHighlighted();
  // The results were not on screen when Enter was pressed: check in only if there is a single match.
  if ((await search(query)) && field.value === query && listGuests().length === 1) serveHighlighted();
}

function hideScanProblems() {
  find("#not-a-badge").hidden = find("#incomplete-code").hidden = true;
}

/** @param {string} text what a hand scanner typed */
async function handleScan(text) {
  const readings = listReadings(text);
  const code = readings.find(parseBadgeCode);
  const lastGuest = scannedGuest;
  // The scanner's first letters have started a search.
  clearTimeout(timer);
  searchController.abort();
  field.value = shownQuery = "";
  if (code === undefined) {
    results.replaceChildren();
    verdict.replaceChildren();
    hideScanProblems();
    find(isIncompleteCode(readings) ? "#incomplete-code" : "#not-a-badge").hidden = false;
  } else if (await search(code)) {
    // The field is empty again, and Enter now checks the holder in.
    shownQuery = "";
    noteSkipped(lastGuest);
    scannedGuest = listGuests()[0];
  }
  field.focus();
}

async function refreshNumbers() {
  if (!document.hidden) await numbers.refresh();
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => search(field.value), PAUSE_MS);
});

field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    moveHighlight(event.key === "ArrowDown" ? 1 : -1);
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  handleEnter();
});

for (const part of [results, verdict]) {
  part.addEventListener("submit", (event) => {
    const guestForm = /** @type {HTMLFormElement} */ (event.target);
    if (!guestForm.matches(".check-in, .verdict-action")) return;
    event.preventDefault();
    sendForm(guestForm, event.submitter);
  });
}

find("#skipped").addEventListener("submit", (event) => {
  event.preventDefault();
  sendSkipped(/** @type {HTMLFormElement} */ (event.target), event.submitter);
});

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("[data-passes-search]"))) {
  link.addEventListener("click", () => {
    // Once the server answers again, that guest has been served, or another one has.
    const unservedName = find("#no-answer").hidden ? "" : find("#no-answer-name").textContent.trim();
    const query = field.value.trim() || unservedName;
    // In the fragment, which no server logs: it may be a guest's name.
    link.hash = query ? new URLSearchParams({ q: query }).toString() : "";
  });
}

listenToKeys(document, handleScan);
highlight(0);
setInterval(refreshNumbers, REFRESH_MS);
document.addEventListener("visibilitychange", refreshNumbers);
// The field has autofocus, which leaves the cursor before the words of the last search.
field.setSelectionRange(field.value.length, field.value.length);
