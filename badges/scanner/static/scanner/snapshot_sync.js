/** Pair this device, and fetch what changed every ten seconds. */

import { fetchSnapshot, PairingEnded, ServerError } from "./api.js";
import { getPairing, savePairing, saveSnapshot, updatePairing } from "./database.js";

const INTERVAL_MS = 10_000;
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{16,200}$/;

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

  /** Fetch now, and from now on. */
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
  const { snapshot, etag, clock_offset_ms = pairing.clock_offset_ms } = await fetchSnapshot(url, pairing);
  const state = { fetched_at: Date.now(), etag, clock_offset_ms };
  if (snapshot) await saveSnapshot(pairing.token, snapshot, state);
  else await updatePairing(pairing.token, state);
}

/**
 * Pair this device by a token: all or nothing.
 * @param {string} url
 * @param {string} token
 * @throws {PairingEnded | ServerError | import("./api.js").Unreachable}
 */
export async function pairDevice(url, token) {
  const { snapshot, etag, clock_offset_ms } = await fetchSnapshot(url, { token });
  if (snapshot) await savePairing(snapshot, { token, etag, clock_offset_ms, fetched_at: Date.now() });
}

/**
 * Return the token of a pairing address, or the text itself if it can be a token; else null.
 * @param {string} text
 */
export function parsePairingToken(text) {
  const token = text.trim().split("#pair=").at(-1) ?? "";
  return TOKEN_PATTERN.test(token) ? token : null;
}
