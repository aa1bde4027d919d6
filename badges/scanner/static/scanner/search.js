/** Find attendees by name, or by the short code on their badge: online, and on a supervisor's device offline too. */

import { requestField, ServerError } from "./api.js";
import { parseShortCode, SHORT_CODE_LENGTH } from "./badge_codes.js";
import { getPairing } from "./database.js";
import { TOKEN_LENGTH } from "./keyboard_scanner.js";
import { formatText, formatTime, getElement, settings, showMessage } from "./page.js";
import { isCurrentToken } from "./pairing.js";

const MIN_QUERY_LENGTH = 2;
const TYPING_PAUSE_MS = 250;
const MAX_FOUND = 20;
const LIST_INTERVAL_MS = 10 * 60_000;

/**
 * The attendees of a supervisor's device. Only in memory, since the names are not encrypted: a phone that is lost
 * or switched off has none.
 * @type {(Scanner.FoundRegistration & {words: string[], short_code: string})[]}
 */
let attendees = [];
let fetchedAt = -Infinity;
/** The same by the clock on the wall. */
let listedAt = 0;

/** @param {(found: Scanner.FoundRegistration) => void} onPick */
export function connectSearch(onPick) {
  let timer = 0;
  const pick = (/** @type {Scanner.FoundRegistration} */ found) => {
    getElement("search").close();
    onPick(found);
  };
  getElement("search-open").addEventListener("click", () => {
    getElement("search-form").reset();
    clearResults();
    getElement("search").showModal();
  });
  getElement("search-close").addEventListener("click", () => getElement("search").close());
  getElement("search-text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(pick), TYPING_PAUSE_MS);
  });
  getElement("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search(pick);
  });
}

/**
 * Return what is wrong with a typed text that can be no code; "" if it may be one, or an address.
 * @param {string} text
 */
export function describeTypedProblem(text) {
  const letters = text.replace(/[\s-]/g, "");
  const isCode = /^[a-z0-9]*$/i.test(letters) && letters.length < TOKEN_LENGTH;
  if (isCode && letters.length !== SHORT_CODE_LENGTH) {
    const lengths = { short: SHORT_CODE_LENGTH, whole: TOKEN_LENGTH, count: letters.length };
    return formatText("manual.length", lengths);
  }
  const isUnreadable = isCode ? !parseShortCode(letters) : letters.length < SHORT_CODE_LENGTH;
  return isUnreadable ? formatText("manual.unreadable") : "";
}

/** Return why a short code cannot be resolved without network: this device has no list, or another one. */
export async function describeUnlistedCode() {
  if (!attendees.length) return formatText("manual.offline");
  const time = formatTime(listedAt, (await getPairing())?.event.timezone ?? "UTC");
  return formatText("manual.unlisted", { time });
}

/**
 * Return the attendee with this short code, if the list of this device has one.
 * @param {string} code
 * @returns {Scanner.FoundRegistration | undefined}
 */
export const findListedAttendee = (code) => attendees.find(({ short_code }) => short_code === code);

/** Fetch the list for searching offline, at most every LIST_INTERVAL_MS, if this device may have it. */
export async function refreshAttendees() {
  const pairing = await getPairing();
  if (!pairing?.device.can_override) return forgetAttendees();
  if (performance.now() - fetchedAt < LIST_INTERVAL_MS) return;
  fetchedAt = performance.now();
  try {
    /** @type {{registrations: (Scanner.FoundRegistration & {short_code: string})[]}} */
    const list = await requestField(settings.attendees, pairing.token, "registrations");
    if (!(await isCurrentToken(pairing.token))) return;
    listedAt = Date.now();
    attendees = list.registrations.map((found) => ({ ...found, words: splitWords(found.person) }));
  } catch {
    fetchedAt = -Infinity;
  }
}

/** Forget the list: the device is no longer paired, or no longer a supervisor's. */
export function forgetAttendees() {
  attendees = [];
  fetchedAt = -Infinity;
}

/**
 * @param {string} token
 * @param {{query: string}} query
 */
async function requestFound(token, query) {
  /** @type {{registrations: Scanner.FoundRegistration[]}} */
  const { registrations } = await requestField(settings.search, token, "registrations", query);
  return registrations;
}

/** @param {(found: Scanner.FoundRegistration) => void} pick */
async function search(pick) {
  const query = getElement("search-text").value.trim();
  if (query.length < MIN_QUERY_LENGTH) return clearResults();
  const pairing = await getPairing();
  if (!pairing) return;
  try {
    const found = attendees.length ? searchList(query) : await requestFound(pairing.token, { query });
    if (!(await isCurrentToken(pairing.token))) return;
    // The answer to an earlier text must not replace that of a later one.
    if (getElement("search-text").value.trim() === query) showFound(found, pick);
  } catch (error) {
    clearResults();
    showMessage("search-error", (error instanceof ServerError && error.sentence) || formatText("search.offline"));
  }
}

/** @param {string} query */
function searchList(query) {
  const parts = splitText(query);
  const matches = attendees.filter(({ words }) => parts.every((part) => words.some((word) => word.startsWith(part))));
  return matches.slice(0, MAX_FOUND);
}

/** @param {Scanner.BadgeRecord} person */
const splitWords = ({ name, company }) => splitText(`${name} ${company}`);

/**
 * Split into words without accents, in small letters.
 * @param {string} text
 */
function splitText(text) {
  const normalized = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return normalized.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

function clearResults() {
  getElement("search-results").replaceChildren();
  showMessage("search-error", "");
}

/**
 * @param {Scanner.FoundRegistration[]} found
 * @param {(found: Scanner.FoundRegistration) => void} pick
 */
function showFound(found, pick) {
  showMessage("search-error", found.length ? "" : formatText("search.none"));
  getElement("search-results").replaceChildren(...found.map((registration) => makeResult(registration, pick)));
}

/**
 * @param {Scanner.FoundRegistration} found
 * @param {(found: Scanner.FoundRegistration) => void} pick
 */
function makeResult(found, pick) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  const name = document.createElement("strong");
  button.type = "button";
  name.textContent = found.person.name;
  name.dir = "auto";
  button.append(name, ` ${[found.person.company, found.person.ticket].filter(Boolean).join(" · ")}`);
  button.addEventListener("click", () => pick(found));
  line.append(button);
  return line;
}
