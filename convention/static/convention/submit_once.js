/** Send a form with data-submit-once only once, however often somebody taps its button. */

/** After this time the submission has probably failed, and the form may be sent again. */
const RETRY_MS = 15_000;

/** @type {() => NodeListOf<HTMLFormElement>} */
const listForms = () => document.querySelectorAll("form[data-submit-once]");

for (const form of listForms()) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.submitted) event.preventDefault();
    else if (!event.defaultPrevented) {
      form.dataset.submitted = "yes";
      setTimeout(() => delete form.dataset.submitted, RETRY_MS);
    }
  });
}

// "Back" shows the page as it was left, and its form may be sent again.
addEventListener("pageshow", () => {
  for (const form of listForms()) delete form.dataset.submitted;
});
