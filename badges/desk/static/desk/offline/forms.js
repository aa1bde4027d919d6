/** Read the forms of the desk's dialogs. */

import { getElement } from "./page.js";

/** @param {string} id */
export const getForm = (id) => /** @type {HTMLFormElement} */ (getElement(id));
/** @param {string} id */
export const getDialog = (id) => /** @type {HTMLDialogElement} */ (getElement(id));

/**
 * Return the texts of a form by field name, without surplus spaces.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export function readForm(form) {
  const texts = [...new FormData(form)].map(([name, value]) => [name, String(value).replace(/\s+/g, " ").trim()]);
  return Object.fromEntries(texts);
}

/**
 * @param {HTMLFormElement} form
 * @returns {Desk.GuestTexts}
 */
export function readTexts(form) {
  const { first_name, last_name, company, email } = readForm(form);
  return { first_name, last_name, company, email };
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} texts by field name
 */
export function fillForm(form, texts) {
  for (const [name, text] of Object.entries(texts)) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = text;
  }
}
