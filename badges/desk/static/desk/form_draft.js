/** Keep what was typed into a form while somebody signs in again: in this tab, until the form is shown again. */

/** Longer than a sign-in takes; what is older is about another guest. */
const MAX_AGE_MS = 15 * 60_000;

const makeKey = () => `desk-draft:${location.pathname}`;

/** @param {HTMLFormElement} form */
export function saveDraft(form) {
  // The token is another one after the sign-in.
  const values = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  sessionStorage.setItem(makeKey(), JSON.stringify({ savedAt: Date.now(), values }));
}

/**
 * Fill the form with what was typed, and forget it; return whether there was something.
 * @param {HTMLFormElement} form
 */
export function restoreDraft(form) {
  const text = sessionStorage.getItem(makeKey());
  if (text === null) return false;
  sessionStorage.removeItem(makeKey());
  /** @type {{savedAt: number, values: [string, string][]}} */
  const { savedAt, values } = JSON.parse(text);
  if (Date.now() - savedAt > MAX_AGE_MS) return false;
  for (const field of form.querySelectorAll("input, select, textarea")) {
    fillField(/** @type {HTMLInputElement} */ (field), values);
  }
  return true;
}

/**
 * @param {HTMLInputElement} field
 * @param {[string, string][]} values
 */
function fillField(field, values) {
  const texts = values.filter(([name]) => name === field.name).map(([, text]) => text);
  if (field.type === "checkbox" || field.type === "radio") field.checked = texts.includes(field.value);
  else if (texts.length) field.value = texts[0];
}
