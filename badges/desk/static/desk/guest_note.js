/** Save a typed note before another form or link of the guest's page is followed: it would be lost. */

const form = /** @type {HTMLFormElement} */ (document.querySelector("#note-form"));
const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
const notice = /** @type {HTMLElement} */ (document.querySelector("#unreachable"));
const TIMEOUT_MS = 8_000;

const isNoteUnsaved = () => field.value !== field.defaultValue;

/** Return whether the note is saved. */
async function saveNote() {
  const text = field.value;
  const options = { method: "POST", body: new FormData(form), signal: AbortSignal.timeout(TIMEOUT_MS) };
  // The answer is this page again, and the sign-in page after the end of a session.
  const isSaved = await fetch(form.action, options).then(
    ({ ok, url }) => ok && new URL(url).pathname === location.pathname,
    () => false,
  );
  if (isSaved) field.defaultValue = text;
  notice.hidden = isSaved;
  return isSaved;
}

document.addEventListener("submit", async (event) => {
  const submitted = /** @type {HTMLFormElement} */ (event.target);
  if (submitted === form || event.defaultPrevented || !isNoteUnsaved()) return;
  event.preventDefault();
  // submit_once.js has counted this try.
  delete submitted.dataset.submitted;
  if (await saveNote()) submitted.requestSubmit(event.submitter);
});

document.addEventListener("click", async (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a");
  const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target === "_blank";
  if (!link?.href || opensElsewhere || event.defaultPrevented || !isNoteUnsaved()) return;
  event.preventDefault();
  if (await saveNote()) location.assign(link.href);
});
