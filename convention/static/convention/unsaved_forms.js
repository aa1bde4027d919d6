/**
 * Warn before entries in forms with data-unsaved-warning are lost: when another form of the page is sent, and when
 * the page is left. The attribute is the question to ask.
 */

/** A form that is sent leaves the page within this time, or it is a download and the page stays. */
const LEAVING_MS = 1_000;

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("form[data-unsaved-warning]");
let isLeaving = false;

/** @param {HTMLFormElement} form */
const readEntries = (form) => JSON.stringify([...new FormData(form)]);
const savedEntries = new Map([...forms].map((form) => [form, readEntries(form)]));
/** @param {HTMLFormElement} form */
const isUnsaved = (form) => savedEntries.get(form) !== readEntries(form);

document.addEventListener("submit", (event) => {
  const other = [...forms].find((form) => form !== event.target && isUnsaved(form));
  if (event.defaultPrevented) return;
  if (other && !confirm(other.dataset.unsavedWarning)) return event.preventDefault();
  // Asked already: the browser must not ask again.
  isLeaving = true;
  setTimeout(() => (isLeaving = false), LEAVING_MS);
});

addEventListener("beforeunload", (event) => {
  if (!isLeaving && [...forms].some(isUnsaved)) event.preventDefault();
});
