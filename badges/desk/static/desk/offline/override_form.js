/** Make the form that checks in a guest against the rules, with a reason. */

import { readForm } from "./forms.js";
import { formatText, makeElement } from "./page.js";

/** @param {(reason: string) => void} onReason */
export function makeOverrideForm(onReason) {
  const details = makeElement("details");
  const form = /** @type {HTMLFormElement} */ (makeElement("form", "field-row"));
  const field = makeElement("div", "field");
  const label = /** @type {HTMLLabelElement} */ (makeElement("label", "", formatText("override.reason")));
  const input = document.createElement("input");
  Object.assign(input, { id: "override-reason", name: "reason", maxLength: 280, required: true, autocomplete: "off" });
  label.htmlFor = input.id;
  field.append(label, input);
  form.append(field, makeElement("button", "button quiet", formatText("override")));
  form.addEventListener("submit", (submission) => {
    submission.preventDefault();
    const { reason } = readForm(form);
    if (reason) onReason(reason);
  });
  details.append(makeElement("summary", "", formatText("override")), form);
  return details;
}
