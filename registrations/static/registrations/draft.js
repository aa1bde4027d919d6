/**
 * Keeps what is typed, field by field, in the visitor's session; and sends a form only once.
 * Without this script each screen keeps its fields when it is sent.
 */

const WAIT_MS = 600;

for (const form of document.querySelectorAll("form[data-draft]")) {
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (form.dataset.sent) event.preventDefault();
    if ("once" in form.dataset) form.dataset.sent = "yes";
  });
}

// A page shown again by "back" may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/** Sends the fields as a draft; being offline is no matter, the screen itself sends them again. */
async function keep(form) {
  const body = new FormData(form);
  body.delete("nonce");
  try {
    await fetch(form.action, { method: "POST", body, headers: { "X-Draft": "1" } });
  } catch {
    // kept by the form itself until it is sent
  }
}
