/** Fetch changes every ten seconds, and send the state of this device with each request. */

import { fetchSnapshot, PairingEnded, ServerError } from "./api.js";
import { getElapsedMs } from "./clock.js";
import { getPairing, saveSnapshot } from "./database.js";
import { describeDevice } from "./device_state.js";

const INTERVAL_MS = 10_000;

/**
 * @typedef {object} SyncListener
 * @property {() => void} onSynced
 * @property {(isOnline: boolean) => void} onConnection
 * @property {(token: string) => void} onEnded
 */

export class SnapshotSync {
  #url;
  #listener;
  #timer = 0;
  /** @type {Promise<void> | null} */
  #syncing = null;

  /**
   * @param {string} url
   * @param {SyncListener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Fetch now, and every INTERVAL_MS from now on. */
  refresh() {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), INTERVAL_MS);
    });
    return this.#syncing;
  }

  stop() {
    clearTimeout(this.#timer);
  }

  async #sync() {
    try {
      await fetchChanges(this.#url);
      this.#listener.onConnection(true);
      this.#listener.onSynced();
    } catch (error) {
      if (error instanceof PairingEnded) return this.#listener.onEnded(error.token);
      this.#listener.onConnection(error instanceof ServerError);
    }
  }
}

/** @param {string} url */
async function fetchChanges(url) {
  const pairing = await getPairing();
  if (!pairing) return;
  const askedAt = getElapsedMs();
  const { snapshot, etag, clock, clock_offset_ms } = await fetchSnapshot(url, pairing, await describeDevice(pairing));
  const state = {
    fetched_at: Date.now(),
    etag,
    clock: clock ?? pairing.clock,
    clock_offset_ms: clock_offset_ms ?? pairing.clock_offset_ms,
  };
  await saveSnapshot(pairing.token, snapshot, state, askedAt);
}
