/** A code held in view is one scan: it counts again only after it was out of sight for a while. */

const FORGET_MS = 1500;

export class Sightings {
  #seen = new Map();

  /**
   * Whether this text comes into view now.
   * @param {string} text
   * @param {number} at milliseconds
   */
  isNew(text, at) {
    const last = this.#seen.get(text) ?? -Infinity;
    for (const [other, when] of this.#seen) if (at - when > FORGET_MS) this.#seen.delete(other);
    this.#seen.set(text, at);
    return at - last > FORGET_MS;
  }

  /** Take a text as never seen, so that it may be read again at once. */
  forget(text) {
    this.#seen.delete(text);
  }
}
