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

  /** Whether this text has been in view without a break; remembers that it still is. */
  isHeld(text, at) {
    const isHeld = at - (this.#seen.get(text) ?? -Infinity) <= FORGET_MS;
    if (isHeld) this.#seen.set(text, at);
    return isHeld;
  }
}
