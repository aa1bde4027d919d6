/** Say below an e-mail field that the address looks mistyped, and ask once before it is sent. */

import { suggestAddress } from "./email_addresses.js";

/** @type {import("./email_addresses.js").MailDomains} */
const domains = JSON.parse(document.getElementById("mail-domains")?.textContent ?? "null");

/** Hints by form, for those who fill in forms by script. */
const hints = /** @type {WeakMap<HTMLFormElement, AddressHint>} */ (new WeakMap());

class AddressHint {
  #field;
  #place;
  #template;
  /** The address about which the staff was asked. */
  #askedAddress = "";

  /**
   * @param {HTMLFormElement} form with one e-mail field
   * @param {HTMLElement} place where the hint is drawn, from the template in it
   */
  constructor(form, place) {
    this.#place = place;
    this.#field = /** @type {HTMLInputElement} */ (form.querySelector("[type=email]"));
    this.#template = /** @type {HTMLTemplateElement} */ (place.querySelector("template"));
    place.replaceChildren();
    // Not while it is typed: half an address looks mistyped. Before Tab leaves the field, so that it leads to the button.
    this.#field.addEventListener("keydown", ({ key }) => key === "Tab" && this.showSeen());
    this.#field.addEventListener("change", () => this.#draw());
    place.addEventListener("click", (event) => {
      if (event.target instanceof HTMLButtonElement) this.#correct();
    });
    // Before the other scripts count the try or send the form.
    form.addEventListener("submit", (event) => this.#askOnce(event), { capture: true });
    this.showSeen();
  }

  /** Draw the hint where it is noticed, so that nothing needs to be asked. */
  showSeen() {
    this.#draw();
    this.#askedAddress = this.#field.value;
  }

  /** Return the button that corrects the address; null if it does not look mistyped. */
  #draw() {
    const suggestion = suggestAddress(this.#field.value, domains);
    // A screen reader reads what is drawn again.
    if (this.#place.querySelector("strong")?.textContent !== suggestion) this.#place.replaceChildren();
    if (suggestion && !this.#place.childElementCount) {
      this.#place.append(this.#template.content.cloneNode(true));
      /** @type {HTMLElement} */ (this.#place.querySelector("strong")).textContent = suggestion;
    }
    return this.#place.querySelector("button");
  }

  #correct() {
    this.#field.value = suggestAddress(this.#field.value, domains) || this.#field.value;
    this.#place.replaceChildren();
    this.#field.focus();
  }

  /** @param {SubmitEvent} submission */
  #askOnce(submission) {
    const button = this.#draw();
    if (!button || this.#field.value === this.#askedAddress) return;
    this.#askedAddress = this.#field.value;
    submission.preventDefault();
    submission.stopImmediatePropagation();
    button.focus();
  }
}

/**
 * Draw the hint on an address that was filled in by script.
 * @param {HTMLFormElement} form
 */
export function refreshAddressHint(form) {
  hints.get(form)?.showSeen();
}

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-address-hint]"))) {
  const form = place.closest("form");
  if (form) hints.set(form, new AddressHint(form, place));
}
