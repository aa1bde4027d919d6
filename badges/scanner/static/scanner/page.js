/** Give access to what the server rendered: elements, texts and settings. */

export const settings = /** @type {Scanner.Settings} */ (readJson("settings"));
export const language = document.documentElement.lang;
const texts = /** @type {Record<string, string>} */ (readJson("texts"));

/**
 * @param {string} id
 * @returns {unknown}
 */
function readJson(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

/**
 * @template {keyof Scanner.Elements} Id
 * @param {Id} id
 */
export function getElement(id) {
  return /** @type {Scanner.Elements[Id]} */ (document.getElementById(id));
}

/** Return the two radio buttons for entry and exit. */
export function getDirectionButtons() {
  return /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[name=direction]"));
}

/**
 * Return a text in the page's language, with the values for its {placeholders}.
 * @param {string} name
 * @param {Record<string, string | number>} values
 */
export function formatText(name, values = {}) {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (placeholder, key) => String(values[key] ?? placeholder));
}

/** @param {string} name */
export const hasText = (name) => name in texts;

/**
 * Show a message in its element; hide the element if there is none.
 * @param {Exclude<keyof Scanner.Elements, "verdict-icon">} id
 * @param {string} message
 */
export function showMessage(id, message) {
  getElement(id).textContent = message;
  getElement(id).hidden = !message;
}

/**
 * Return the time of day at the event, with the weekday unless it is today.
 * @param {number | string} moment
 * @param {string} timeZone
 */
export function formatTime(moment, timeZone) {
  const at = new Date(moment);
  const day = new Intl.DateTimeFormat(language, { dateStyle: "short", timeZone });
  const isToday = day.format(at) === day.format(new Date());
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { hour: "2-digit", minute: "2-digit", timeZone, ...(isToday ? {} : { weekday: "short" }) };
  // "en" alone would be American: 2:05 PM.
  const text = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, format).format(at);
  return text.replace(/0?(\d+):(\d\d)/, language === "en" ? "$1:$2" : "$1\u00a0h\u00a0$2").replace(/\u00a000$/, "");
}

/**
 * Return a day at the event in words.
 * @param {string} moment
 * @param {string} timeZone
 */
export function formatDate(moment, timeZone) {
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long", timeZone });
  return format.format(new Date(moment));
}

/** @param {Scanner.View} view */
export function showView(view) {
  document.body.dataset.view = view;
  getElement("status-bar").hidden = view !== "scan";
  getElement("welcome").hidden = view !== "welcome";
  getElement("scan-view").hidden = !["scan", "pairing"].includes(view);
  getElement("direction").hidden = getElement("type-open").hidden = view !== "scan";
  getElement("pair-cancel").hidden = view !== "pairing";
}

export const isScanning = () => document.body.dataset.view === "scan";
