/** A code held in view is one scan: it counts again only after it was out of sight for a while. */

const FORGET_MS = 1500;

export class CodesInView {
  /** @type {Map<string, number>} */
  #seenAt = new Map();

  /**
   * Return whether this text comes into view now, and remember it.
   * @param {string} text
   * @param {number} at milliseconds
   */
  isNew(text, at) {
    const last = this.#seenAt.get(text) ?? -Infinity;
    for (const [other, seenAt] of this.#seenAt) if (at - seenAt > FORGET_MS) this.#seenAt.delete(other);
    this.#seenAt.set(text, at);
    return at - last > FORGET_MS;
  }

  /**
   * Return whether this text has been in view without a break; if so, remember that it still is.
   * @param {string} text
   * @param {number} at milliseconds
   */
  isStillInView(text, at) {
    const isStillInView = at - (this.#seenAt.get(text) ?? -Infinity) <= FORGET_MS;
    if (isStillInView) this.#seenAt.set(text, at);
    return isStillInView;
  }
}
