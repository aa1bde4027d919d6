/**
 * List the guests whose badge was scanned and who were not checked in before the next scan: they would be lost
 * without a word. For the desk with and without network (templates/desk/skipped.html).
 */

/**
 * @typedef {object} SkippedGuest
 * @property {string} reference
 * @property {string} name
 */

export class SkippedGuests {
  #notice;
  #list;

  /** @param {HTMLElement} notice */
  constructor(notice) {
    this.#notice = notice;
    this.#list = /** @type {HTMLElement} */ (notice.querySelector("ul"));
    notice.querySelector("[data-dismiss]")?.addEventListener("click", () => this.clear());
  }

  /**
   * List a guest with what checks them in: a form or a button, whose label gets the name.
   * @param {SkippedGuest} guest
   * @param {HTMLElement} control
   */
  add({ reference, name }, control) {
    this.remove(reference);
    const item = document.createElement("li");
    const text = document.createElement("p");
    item.className = "row";
    Object.assign(item.dataset, { reference, name });
    text.textContent = this.#format(this.#notice.dataset.text, name);
    const button = control instanceof HTMLButtonElement ? control : control.querySelector("button");
    if (button) button.textContent = this.#format(this.#notice.dataset.action, name);
    item.append(text, control);
    this.#list.append(item);
    this.#notice.hidden = false;
  }

  /** @param {string | undefined} reference */
  remove(reference) {
    for (const item of /** @type {HTMLElement[]} */ ([...this.#list.children])) {
      if (item.dataset.reference === reference) item.remove();
    }
    this.#notice.hidden = !this.#list.childElementCount;
  }

  clear() {
    this.#list.replaceChildren();
    this.#notice.hidden = true;
  }

  /**
   * @param {string | undefined} text
   * @param {string} name
   */
  #format(text, name) {
    return (text ?? "").replace("{name}", () => name);
  }
}
