/**
 * Save a form as a draft while it is filled in, and show the questions that a choice leads to, the total, or that an
 * address looks mistyped.
 * With `data-draft="answers"` it only shows the questions: these answers are saved when the form is sent.
 * Without this script each screen saves its fields, and shows further questions, when it is sent.
 */

import { parsePage } from "../convention/page_parts.js";

const PAUSE_MS = 600;

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("form[data-draft]");
/** @type {Map<HTMLFormElement, number>} - timers of the forms with entries that are not saved yet */
const unsaved = new Map();
/** @param {HTMLFormElement} form */
const cancelSaving = (form) => {
  clearTimeout(unsaved.get(form));
  unsaved.delete(form);
};
for (const form of forms) {
  if (form.dataset.draft !== "answers") {
    const save = form.dataset.draft === "total" ? refreshTotal : saveDraft;
    form.addEventListener("input", () => {
      cancelSaving(form);
      const timer = setTimeout(() => {
        unsaved.delete(form);
        save(form);
      }, PAUSE_MS);
      unsaved.set(form, timer);
    });
  }
  // Hidden without this script, because the total could not be updated.
  for (const total of findTotals(form)) total.hidden = false;
  if (form.dataset.draft === "questions" || form.dataset.draft === "answers") {
    form.addEventListener("change", (event) => {
      if (!(event.target instanceof Element && event.target.matches("[type=radio], [type=checkbox]"))) return;
      cancelSaving(form);
      refreshQuestions(form);
    });
  }
  if (form.dataset.draft === "addresses") {
    // Not while it is typed: half an address looks mistyped.
    form.addEventListener("change", (event) => {
      if (!(event.target instanceof Element && event.target.matches("[type=email]"))) return;
      cancelSaving(form);
      refreshAddressHints(form);
    });
  }
  form.addEventListener("submit", () => cancelSaving(form));
}

// A link to an earlier screen must not load it before the last entries are saved.
document.addEventListener("click", async (event) => {
  const link = event.target instanceof Element && event.target.closest("a[href]");
  const isPlainClick = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!(link instanceof HTMLAnchorElement) || link.target || !isPlainClick || !unsaved.size) return;
  event.preventDefault();
  const changed = [...unsaved.keys()];
  changed.forEach(cancelSaving);
  await Promise.all(changed.map((form) => saveDraft(form)));
  location.assign(link.href);
});

/**
 * Send the fields as a draft. A failure does not matter: the form itself sends them again, and files only then.
 * @param {HTMLFormElement} form
 * @param {"1" | "questions" | "total" | "addresses"} mode for a response without content, with the questions for these
 *   fields, with their total, or with hints on mistyped addresses
 */
async function saveDraft(form, mode = "1") {
  const body = new FormData(form);
  body.delete("nonce");
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  return fetch(form.action, { method: "POST", body, headers: { "X-Draft": mode } }).catch(() => null);
}

/**
 * @param {HTMLFormElement} form
 * @returns {NodeListOf<HTMLElement>}
 */
function findTotals(form) {
  return form.querySelectorAll("[data-draft-total]");
}

/** @param {HTMLFormElement} form */
async function refreshTotal(form) {
  const response = await saveDraft(form, "total");
  // After a failure no total is shown, because the old one may be wrong.
  const page = parsePage(response?.ok ? await response.text() : "");
  for (const total of findTotals(form)) total.replaceChildren(...page.body.childNodes);
}

/** @param {HTMLFormElement} form */
async function refreshAddressHints(form) {
  const response = await saveDraft(form, "addresses");
  if (!response?.ok) return;
  const page = parsePage(await response.text());
  /** @type {NodeListOf<HTMLElement>} */
  const newHints = page.querySelectorAll("[data-address-hint]");
  for (const newHint of newHints) {
    const hint = form.querySelector(`[data-address-hint="${newHint.dataset.addressHint}"]`);
    hint?.replaceChildren(...newHint.childNodes);
  }
}

/** @param {HTMLFormElement} form */
async function refreshQuestions(form) {
  const response = await saveDraft(form, "questions");
  if (!response?.ok) return;
  const page = parsePage(await response.text());
  /** @type {NodeListOf<HTMLElement>} */
  const newSections = page.querySelectorAll("[data-attendee]");
  for (const newSection of newSections) {
    const section = form.querySelector(`[data-attendee="${newSection.dataset.attendee}"]`);
    if (section) updateQuestions(section, newSection);
  }
}

/**
 * Add and remove questions; those that stay are not touched, so that they keep answers, chosen files and the focus.
 * @param {Element} section
 * @param {Element} newSection
 */
function updateQuestions(section, newSection) {
  const [box, newBox] = [section, newSection].map((parent) => parent.querySelector("[data-questions]"));
  const [shownField, newShownField] = [box, newBox].map((parent) => parent && findShownField(parent));
  if (!box || !newBox || !shownField || !newShownField) return section.replaceChildren(...newSection.childNodes);
  const questions = mapQuestions(box);
  const newQuestions = mapQuestions(newBox);
  for (const [name, question] of questions) if (!newQuestions.has(name)) question.remove();
  shownField.value = newShownField.value;
  /** @type {Element} */
  let last = shownField;
  for (const [name, newQuestion] of newQuestions) {
    const question = questions.get(name) ?? newQuestion;
    if (question === newQuestion) last.after(newQuestion);
    last = question;
  }
}

/**
 * Find the hidden field that tells the server which questions were shown.
 * @param {Element} box
 * @returns {HTMLInputElement | null}
 */
const findShownField = (box) => box.querySelector("input[data-shown-questions]");

/** @param {Element} box */
function mapQuestions(box) {
  /** @type {NodeListOf<HTMLElement>} */
  const questions = box.querySelectorAll("[data-question]");
  return new Map([...questions].map((question) => [question.dataset.question, question]));
}
