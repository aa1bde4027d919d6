/** Keeps the guest list fresh: asks every ten seconds what changed, and knows how old its knowledge is. */

import { Ended, fetchSnapshot, Trouble } from "./server.js";
import { amend, become, pairing, takeIn } from "./store.js";

const EVERY_MS = 10_000;

export class Sync {
  #address;
  #listener;
  #timer = 0;
  #asking = null;

  /**
   * @param {string} address
   * @param {{onFresh: () => void, onReach: (isOnline: boolean) => void, onEnded: (token: string) => void}} listener
   */
  constructor(address, listener) {
    this.#address = address;
    this.#listener = listener;
  }

  /** Ask now, and from now on. */
  refresh() {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), EVERY_MS);
    });
    return this.#asking;
  }

  /** Ask no more. */
  stop() {
    clearTimeout(this.#timer);
  }

  async #ask() {
    try {
      await update(this.#address);
      this.#listener.onReach(true);
      this.#listener.onFresh();
    } catch (error) {
      if (error instanceof Ended) return this.#listener.onEnded(error.token);
      this.#listener.onReach(error instanceof Trouble);
    }
  }
}

async function update(address) {
  const held = await pairing();
  if (!held) return;
  const { snapshot, etag, clock_offset_ms } = await fetchSnapshot(address, held);
  const parts = { fetched_at: Date.now(), etag };
  if (snapshot === null) return amend(held.token, parts);
  await takeIn(held.token, snapshot, { ...parts, clock_offset_ms: clock_offset_ms ?? held.clock_offset_ms });
}

/**
 * Become a scanner with this token: all or nothing.
 * Throws Ended for a token that does not work, Unreachable or Trouble where the server cannot say.
 */
export async function pair(address, token) {
  const { snapshot, clock_offset_ms } = await fetchSnapshot(address, { token });
  await become(snapshot, { token, etag: "", clock_offset_ms, fetched_at: Date.now() });
}

const TOKEN_PATTERN = /^[A-Za-z0-9_-]{16,200}$/;

/** The token in a pairing address, or alone; null if there is none. */
export function tokenIn(text) {
  const token = text.trim().split("#pair=").at(-1);
  return TOKEN_PATTERN.test(token) ? token : null;
}
