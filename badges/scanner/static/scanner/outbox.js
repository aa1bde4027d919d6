/** Sends what waits: in order, in batches, in one tab at a time, again and again until the server has it. */

import { Ended, sendScans, Trouble } from "./server.js";
import { acknowledge, amend, countWaiting, pairing, waiting } from "./store.js";
import { ADMITTED, ALREADY_IN, UNVERIFIED } from "./verdict.js";

const MOST_AT_ONCE = 200;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const PASSED = [ADMITTED, ALREADY_IN, UNVERIFIED];
const LOCAL_ONLY = ["event", "at_door"];

/**
 * @typedef {object} Listener
 * @property {(result: object, item: object) => void} onResult the server's verdict on a scan of ours
 * @property {(state: {waiting: number, isSending: boolean, trouble: number | null}) => void} onState
 * @property {(isOnline: boolean) => void} onReach
 * @property {(token: string) => void} onEnded this token does not work any more
 */

export class Outbox {
  #address;
  #listener;
  #timer = 0;
  #pause = FIRST_PAUSE_MS;
  #batch = MOST_AT_ONCE;
  #trouble = null;
  #flushing = null;
  #isWanted = false;

  /** @param {string} address @param {Listener} listener */
  constructor(address, listener) {
    this.#address = address;
    this.#listener = listener;
  }

  /** Send now; calls while sending lead to one more round. */
  flush() {
    this.#isWanted = true;
    this.#flushing ??= this.#rounds().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** The network is back: no need to wait longer. */
  hurry() {
    this.#pause = FIRST_PAUSE_MS;
    return this.flush();
  }

  async #rounds() {
    clearTimeout(this.#timer);
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#oneTab(() => this.#sendAll());
    }
    await this.#tell(false);
  }

  /** Two tabs would send twice; the server would not mind, the conflict display would. */
  #oneTab(send) {
    if (!navigator.locks) return send();
    return navigator.locks.request("scanner-outbox", { ifAvailable: true }, (lock) => (lock ? send() : this.#later()));
  }

  async #sendAll() {
    try {
      while (await this.#sendBatch());
      this.#pause = FIRST_PAUSE_MS;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** One batch; false when nothing waits any more. */
  async #sendBatch() {
    const held = await pairing();
    const items = held ? await waiting(held.event.slug, this.#batch) : [];
    if (!items.length) return false;
    await this.#tell(true);
    const answer = await sendScans(this.#address, held.token, items.map(asSent));
    this.#trouble = null;
    this.#listener.onReach(true);
    if (answer.clock_offset_ms !== undefined) await amend(held.token, { clock_offset_ms: answer.clock_offset_ms });
    const done = await this.#settle(answer.results);
    if (!done) throw new Trouble(200);
    this.#batch = MOST_AT_ONCE;
    return true;
  }

  /** Delete what is acknowledged, by its id. @returns {Promise<number>} how many */
  async #settle(results) {
    let done = 0;
    for (const result of results) {
      const item = await acknowledge(String(result?.id ?? "").toLowerCase(), () => PASSED.includes(result.verdict));
      if (!item) continue;
      done += 1;
      this.#listener.onResult(result, item);
    }
    return done;
  }

  #fail(error) {
    if (error instanceof Ended) return this.#listener.onEnded(error.token);
    const isTrouble = error instanceof Trouble;
    this.#trouble = isTrouble ? error.status : null;
    this.#listener.onReach(isTrouble);
    if (isTrouble && [400, 408, 413].includes(error.status)) this.#batch = Math.max(1, Math.floor(this.#batch / 2));
    this.#later(isTrouble ? error.retryAfterMs : 0);
  }

  #later(atLeast = 0) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), Math.max(this.#pause, atLeast));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  async #tell(isSending) {
    this.#listener.onState({ waiting: await countWaiting(), isSending, trouble: this.#trouble });
  }
}

/** What is sent of a kept scan. */
function asSent(item) {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !LOCAL_ONLY.includes(name)));
}
