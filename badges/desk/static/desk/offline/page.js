/** Give access to what the server rendered: elements, texts and settings. */

/** @param {string} id */
const readJson = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

export const settings = /** @type {Desk.Settings} */ (readJson("settings"));
const texts = /** @type {Record<string, string>} */ (readJson("texts"));
export const language = document.documentElement.lang;

/** @type {<T extends HTMLElement>(id: string) => T} */
export const getElement = (id) => /** @type {any} */ (document.getElementById(id));

/**
 * Return a text in the page's language, with the values for its {placeholders}.
 * @param {string} name
 * @param {Record<string, string | number>} values
 */
export function formatText(name, values = {}) {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (placeholder, key) => String(values[key] ?? placeholder));
}

/**
 * Show a message; hide its element if there is none.
 * @param {string} id
 * @param {string} message
 */
export function showMessage(id, message) {
  getElement(id).textContent = message;
  getElement(id).hidden = !message;
}

/**
 * Return the time of day at the event, as the server writes it: “9 h 30”, “9 h”; “9:30”.
 * @param {string | number} moment
 * @param {string} timeZone
 */
export function formatTime(moment, timeZone) {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  const [hour, minute] = format.format(new Date(moment)).split(":");
  if (language === "en") return `${Number(hour)}:${minute}`;
  return `${Number(hour)}\u00a0h${minute === "00" ? "" : `\u00a0${minute}`}`;
}

/**
 * Return an amount as the server writes it (convention/money.py): “90 €”, “€90”.
 * @param {number} cents
 * @param {string} currency
 */
export function formatMoney(cents, currency) {
  const digits = cents % 100 ? 2 : 0;
  const format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const number = format.format(cents / 100);
  if (currency !== "EUR") return `${number}\u00a0${currency}`;
  return language === "en" ? `€${number}` : `${number}\u00a0€`;
}

/**
 * Return the time of day at the event, after the day of the week unless it is today.
 * @param {number} moment
 * @param {string} timeZone
 */
export function formatMoment(moment, timeZone) {
  const day = new Intl.DateTimeFormat(language, { dateStyle: "short", timeZone });
  const time = formatTime(moment, timeZone);
  if (day.format(moment) === day.format(Date.now())) return time;
  return `${new Intl.DateTimeFormat(language, { weekday: "long", timeZone }).format(moment)} ${time}`;
}

/**
 * Make an element with a class and a text; texts are never read as HTML.
 * @param {keyof HTMLElementTagNameMap} tag
 * @param {string} className
 * @param {string} text
 */
export function makeElement(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/**
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} className
 */
export function makeButton(text, onClick, className = "button quiet") {
  const button = /** @type {HTMLButtonElement} */ (makeElement("button", className, text));
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}
