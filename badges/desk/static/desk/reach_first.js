/**
 * Send a form only if the server can be reached, so that what was typed does not end on the browser's error page;
 * begin in its first field, since the desk works by keyboard.
 * The attribute data-reach-first holds an address that answers quickly. Without this script forms work as usual.
 */

import { restoreDraft, saveDraft } from "./form_draft.js";

const TIMEOUT_MS = 8_000;

/**
 * @param {string} url
 * @returns {Promise<"reachable" | "signed_out" | "unreachable">}
 */
async function checkServer(url) {
  const options = { method: "HEAD", cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(url, options).catch(() => null);
  // A proxy answers by itself while the server is down.
  if (!response || response.status >= 500) return "unreachable";
  // To the sign-in, which would lead back to an empty form.
  return response.redirected ? "signed_out" : "reachable";
}

/** @param {HTMLFormElement} form */
async function sendIfReachable(form) {
  const state = await checkServer(form.dataset.reachFirst ?? "");
  if (state === "reachable") return form.submit();
  // The form may be sent again at once: submit_once.js counts this try otherwise.
  delete form.dataset.submitted;
  if (state === "unreachable") {
    /** @type {HTMLElement} */ (document.querySelector("#unreachable")).hidden = false;
    return;
  }
  saveDraft(form);
  // The page itself, by GET, leads to the sign-in and back.
  location.assign(location.pathname + location.search);
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-reach-first]"))) {
  const firstField = form.querySelector("input:not([type=hidden]), select, textarea");
  // After an error the summary has the focus, and so has a warning.
  const hasNotice = document.querySelector("#error-summary, .notice[autofocus]");
  if (!hasNotice && firstField instanceof HTMLElement) firstField.focus();
  if (restoreDraft(form)) /** @type {HTMLElement} */ (document.querySelector("#draft-restored")).hidden = false;
  form.addEventListener("submit", (event) => {
    // Sent already (submit_once.js).
    if (event.defaultPrevented) return;
    event.preventDefault();
    sendIfReachable(form);
  });
}
