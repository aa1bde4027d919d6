/**
 * Send a form only if the server can be reached, so that what was typed does not end on the browser's error page;
 * begin in its first field, since the desk works by keyboard.
 * The attribute data-reach-first holds an address that answers quickly. Without this script forms work as usual.
 */

const TIMEOUT_MS = 8_000;

/** @param {string} url */
async function isReachable(url) {
  const options = { method: "HEAD", cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(TIMEOUT_MS) };
  return fetch(url, options).then(
    // A proxy answers by itself while the server is down.
    ({ status }) => status < 500,
    () => false,
  );
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-reach-first]"))) {
  const firstField = form.querySelector("input:not([type=hidden]), select, textarea");
  // After an error the summary has the focus, and so has a warning.
  if (!document.querySelector("#error-summary, .notice[autofocus]") && firstField instanceof HTMLElement) firstField.focus();
  const notice = /** @type {HTMLElement} */ (document.querySelector("#unreachable"));
  form.addEventListener("submit", async (event) => {
    // Sent already (submit_once.js).
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (await isReachable(form.dataset.reachFirst ?? "")) form.submit();
    else {
      // The form may be sent again at once: submit_once.js counts this try otherwise.
      delete form.dataset.submitted;
      notice.hidden = false;
    }
  });
}
