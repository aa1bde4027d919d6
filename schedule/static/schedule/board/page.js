/** Give access to what the server rendered: elements, texts and addresses. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function getElement(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`There is no element #${id}.`);
  return element;
}

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById("board-texts")?.textContent || "{}");

/**
 * Return a text of the page with its placeholders filled.
 * @param {string} name
 * @param {Record<string, string | number>} values
 */
export const formatText = (name, values = {}) =>
  (texts[name] ?? name).replace(/\{(\w+)\}/g, (placeholder, key) => String(values[key] ?? placeholder));

/**
 * Create an element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} className
 * @param {string} text
 * @returns {HTMLElementTagNameMap[K]}
 */
export function createElement(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * Remember a choice in this browser; without storage it is not remembered.
 * @param {string} name
 * @param {string} value
 */
export function storeChoice(name, value) {
  try {
    localStorage.setItem(`board-${name}`, value);
  } catch {
    // Some browsers refuse storage in private windows.
  }
}

/** @param {string} name */
export function readChoice(name) {
  try {
    return localStorage.getItem(`board-${name}`) ?? "";
  } catch {
    return "";
  }
}
