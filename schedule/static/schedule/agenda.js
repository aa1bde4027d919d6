/** Save choices and filter the agenda without loading the page anew. Everything works without this script too. */

import { parsePage, replaceParts } from "../convention/page_parts.js";

const TOAST_MS = 5000;
const PAUSE_MS = 250;
const choiceForm = /** @type {HTMLFormElement | null} */ (document.querySelector("#choose"));
const filterForm = /** @type {HTMLFormElement | null} */ (document.querySelector("#finder"));

/**
 * Return the words of a text in small letters without accents, as the server normalizes them.
 * @param {string} text
 */
const normalizeWords = (text) =>
  ` ${text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/œ/g, "oe")
    .replace(/æ/g, "ae")
    .replace(/ß/g, "ss")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()}`;

/** @param {string} message */
function announce(message) {
  const status = document.querySelector("#choose-status");
  if (status) status.textContent = message;
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = message;
  // Screen readers read the status; the toast would be the same words twice.
  toast.setAttribute("aria-hidden", "true");
  document.body.append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} isChosen
 */
function showChoice(button, isChosen) {
  button.name = isChosen ? "drop" : "add";
  button.setAttribute("aria-pressed", String(isChosen));
  const { addLabel, dropLabel } = button.dataset;
  if (addLabel && dropLabel) button.textContent = isChosen ? dropLabel : addLabel;
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 */
async function saveChoice(form, button) {
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ [button.name]: button.value }),
    });
    if (!response.ok) throw new Error(String(response.status));
    const { chosen, message } = await response.json();
    showChoice(button, chosen);
    announce(message);
    // Otherwise the offline copy of “My programme” would lack the choice.
    navigator.serviceWorker?.controller?.postMessage("choice-saved");
  } catch {
    announce(form.dataset.errorMessage ?? "");
  } finally {
    button.disabled = false;
    // A disabled button loses the focus.
    button.focus({ preventScroll: true });
  }
}

/** @type {WeakMap<Element, string>} */
const normalizedTexts = new WeakMap();

/** @param {Element} entry */
function getNormalizedText(entry) {
  const known = normalizedTexts.get(entry);
  if (known !== undefined) return known;
  const text = normalizeWords(entry.textContent ?? "");
  normalizedTexts.set(entry, text);
  return text;
}

/**
 * Hide entries that do not match the words at once; the server's results, which search more texts, follow.
 * @param {string} words
 */
function filterEntries(words) {
  const wanted = normalizeWords(words).split(" ").filter(Boolean);
  /** @type {NodeListOf<HTMLElement>} */
  const entries = document.querySelectorAll("#results .entry");
  for (const entry of entries) {
    const text = getNormalizedText(entry);
    entry.hidden = !wanted.every((word) => text.includes(` ${word}`));
  }
}

let requestNumber = 0;

/** @param {HTMLFormElement} form */
async function refreshResults(form) {
  const number = ++requestNumber;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim()) query.append(name, value);
  }
  const url = `${form.action}${query.size ? `?${query}` : ""}`;
  // Without a connection the page stays as `filterEntries` filtered it.
  const response = await fetch(url).catch(() => null);
  const text = await response?.text().catch(() => null);
  if (!text || number !== requestNumber) return;
  replaceParts(parsePage(text), ["#results", ".agenda-bar", ".chip-groups", ".jump-bar"]);
  history.replaceState(null, "", url);
  const next = choiceForm?.elements.namedItem("next");
  if (next instanceof HTMLInputElement) next.value = `${location.pathname}${location.search}`;
}

/** @param {HTMLFormElement} form */
function connectFilter(form) {
  let timer = 0;
  form.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    const isSearch = target instanceof HTMLInputElement && target.type === "search";
    if (isSearch && target.value.trim()) filterEntries(target.value);
    timer = setTimeout(() => refreshResults(form), isSearch ? PAUSE_MS : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    refreshResults(form);
  });
}

/** Jump to what runs by the browser's clock: the page may be outdated, above all without a connection. */
function jumpToNow() {
  /** @type {HTMLTimeElement[]} */
  const times = [...document.querySelectorAll("#results .heading time")].filter((time) => time instanceof HTMLTimeElement);
  const pastTimes = times.filter((time) => Date.parse(time.dateTime) <= Date.now());
  const anchor = (pastTimes.at(-1) ?? times[0])?.closest(".group")?.querySelector(".anchor");
  anchor?.scrollIntoView();
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(".jump-now");
  if (!(link && link.getAttribute("href") === "#now")) return;
  event.preventDefault();
  jumpToNow();
});
choiceForm?.addEventListener("submit", (event) => {
  if (!(event.submitter instanceof HTMLButtonElement && event.submitter.value)) return;
  event.preventDefault();
  saveChoice(choiceForm, event.submitter);
});
if (filterForm) connectFilter(filterForm);
const shownDay = document.querySelector('.agenda-bar [aria-current="page"]');
const tabs = shownDay?.parentElement;
// Not scrollIntoView(), which would scroll the page too where the days are below the first screen.
if (shownDay instanceof HTMLElement && tabs) {
  tabs.scrollLeft = shownDay.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - shownDay.offsetWidth) / 2;
}
/** @type {NodeListOf<HTMLInputElement>} */
const addressFields = document.querySelectorAll(".calendar-address input");
for (const field of addressFields) field.addEventListener("focus", () => field.select());
