/** Say below an e-mail field that the address looks mistyped. The form can be sent all the same. */

import { parsePage } from "../convention/page_parts.js";

/**
 * @param {HTMLInputElement} field
 * @param {HTMLElement} hint the place of the hint, whose attribute data-hint-url holds the address to ask
 */
async function refreshHint(field, hint) {
  const typed = field.value;
  const body = new FormData();
  body.set("email", typed);
  const token = field.form?.elements.namedItem("csrfmiddlewaretoken");
  if (token instanceof HTMLInputElement) body.set(token.name, token.value);
  const response = await fetch(hint.dataset.hintUrl ?? "", { method: "POST", body }).catch(() => null);
  // To the sign-in, if the session has ended.
  if (!response?.ok || response.redirected) return;
  const page = parsePage(await response.text());
  if (field.value === typed) hint.replaceChildren(...page.body.childNodes);
}

for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-hint-url]"))) {
  const field = /** @type {HTMLInputElement} */ (hint.parentElement?.querySelector("[type=email]"));
  // Not while it is typed: half an address looks mistyped.
  field.addEventListener("change", () => refreshHint(field, hint));
  hint.addEventListener("click", (event) => {
    if (!(event.target instanceof HTMLButtonElement)) return;
    field.value = event.target.value;
    hint.replaceChildren();
    field.focus();
  });
  // After an error, and for an address that is corrected.
  if (field.value) refreshHint(field, hint);
}
