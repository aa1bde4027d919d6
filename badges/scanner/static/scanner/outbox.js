/** Send pending scans: in order, in batches, from one tab at a time, until the server has stored them. */

import { PairingEnded, sendScans, ServerError } from "./api.js";
import {
  deleteAcknowledgedScan,
  getPairing,
  listAllPendingScans,
  listPendingScans,
  loadDeviceKeys,
  updatePairing,
} from "./database.js";
import { signScan } from "./device_key.js";
import { ADMITTED, ALREADY_IN, UNVERIFIED } from "./verdict.js";

const MAX_BATCH = 200;
/** Fields of a stored scan that are not sent. */
const LOCAL_FIELDS = ["event", "event_name", "device", "key", "door", "server_at", "changes_inside"];
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
/** Statuses that a smaller batch may avoid. */
const BATCH_ERRORS = [400, 408, 413];
/** @type {Scanner.Verdict[]} */
const PRESENT_VERDICTS = [ADMITTED, ALREADY_IN, UNVERIFIED];

/**
 * @typedef {object} OutboxListener
 * @property {(result: Scanner.ScanResult, scan: Scanner.PendingScan) => void} onResult
 * @property {(state: Scanner.QueueState) => void} onState
 * @property {(isOnline: boolean) => void} onConnection
 * @property {(token: string) => void} onEnded
 */

export class Outbox {
  #url;
  #listener;
  #timer = 0;
  #pauseMs = MIN_PAUSE_MS;
  #batchSize = MAX_BATCH;
  /** @type {number | null} */
  #errorStatus = null;
  /** @type {Promise<void> | null} */
  #flushing = null;
  #isRequested = false;

  /**
   * @param {string} url
   * @param {OutboxListener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Send now; a call while sending checks for more scans at the end. */
  flush() {
    this.#isRequested = true;
    this.#flushing ??= this.#flushWhileRequested().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** Send now, and retry soon if it fails: the network is back. */
  flushAfterReconnect() {
    this.#pauseMs = MIN_PAUSE_MS;
    return this.flush();
  }

  async #flushWhileRequested() {
    clearTimeout(this.#timer);
    while (this.#isRequested) {
      this.#isRequested = false;
      await this.#runInOneTab(() => this.#sendAll());
    }
    await this.#reportState(false);
  }

  /**
   * Two tabs would send each scan twice. The server would ignore that, but both tabs would show its corrections.
   * @param {() => Promise<void>} send
   */
  async #runInOneTab(send) {
    if (!navigator.locks) return send();
    await navigator.locks.request("scanner-outbox", { ifAvailable: true }, async (lock) => {
      if (lock) await send();
      else this.#retryLater();
    });
  }

  async #sendAll() {
    try {
      while (await this.#sendBatch());
      this.#pauseMs = MIN_PAUSE_MS;
    } catch (error) {
      this.#handleError(error);
    }
  }

  /** Send a batch; return false if nothing is left. */
  async #sendBatch() {
    const pairing = await getPairing();
    const scans = pairing ? await listPendingScans(pairing.event.slug, this.#batchSize) : [];
    if (!pairing || !scans.length) return false;
    await this.#reportState(true);
    const response = await sendScans(this.#url, pairing.token, await signScans(scans, pairing));
    this.#errorStatus = null;
    this.#listener.onConnection(true);
    const { clock_offset_ms, clock, limits } = response;
    if (clock) await updatePairing(pairing.token, { clock_offset_ms, clock });
    // Without this, a server that acknowledges nothing would be sent the same scans forever, without a pause.
    if (!(await this.#handleResults(response.results))) throw new ServerError(200);
    // After the results: these leases no longer contain the places of the scans that were just acknowledged.
    if (limits) await updatePairing(pairing.token, { limits });
    this.#batchSize = MAX_BATCH;
    return true;
  }

  /**
   * Delete the acknowledged scans; return their number.
   * @param {Scanner.ScanResult[]} results
   */
  async #handleResults(results) {
    let count = 0;
    for (const result of results) {
      const id = String(result?.id ?? "").toLowerCase();
      const scan = await deleteAcknowledgedScan(id, PRESENT_VERDICTS.includes(result?.verdict));
      if (!scan) continue;
      count += 1;
      this.#listener.onResult(result, scan);
    }
    return count;
  }

  /** @param {unknown} error */
  #handleError(error) {
    if (error instanceof PairingEnded) return this.#listener.onEnded(error.token);
    const serverError = error instanceof ServerError ? error : null;
    this.#errorStatus = serverError?.status ?? null;
    this.#listener.onConnection(serverError !== null);
    if (serverError && BATCH_ERRORS.includes(serverError.status)) {
      this.#batchSize = Math.max(1, Math.floor(this.#batchSize / 2));
    }
    this.#retryLater(serverError?.retryAfterMs);
  }

  #retryLater(minPauseMs = 0) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), Math.max(this.#pauseMs, minPauseMs));
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }

  /** @param {boolean} isSending */
  async #reportState(isSending) {
    this.#listener.onState({ ...(await countScans()), isSending, errorStatus: this.#errorStatus });
  }
}

/**
 * Count the unsent scans, apart from those of other events, which can only be sent while paired with these.
 * @returns {Promise<Scanner.PendingCounts>}
 */
export async function countScans() {
  const pairing = await getPairing();
  const scans = await listAllPendingScans();
  const others = scans.filter((scan) => scan.event !== pairing?.event.slug);
  const otherEvents = [...new Set(others.map((scan) => scan.event_name ?? scan.event))];
  return { pendingCount: scans.length - others.length, otherCount: others.length, otherEvents };
}

/**
 * Sign each scan by the key of the device that made it. Without a key (a token made elsewhere), scans stay
 * unsigned and count as those of the device that sends them.
 * @param {Scanner.PendingScan[]} scans
 * @param {Scanner.Pairing} pairing
 * @returns {Promise<Scanner.Scan[]>}
 */
async function signScans(scans, { device }) {
  const keys = await loadDeviceKeys();
  return Promise.all(
    scans.map((scan) => {
      const signer = scan.device !== undefined && keys.has(scan.device) ? scan.device : device.id;
      const key = keys.get(signer);
      return key ? signScan(removeLocalFields(scan), signer, key) : removeLocalFields(scan);
    }),
  );
}

/**
 * @param {Scanner.PendingScan} scan
 * @returns {Scanner.Scan}
 */
function removeLocalFields(scan) {
  const fields = Object.entries(scan).filter(([name]) => !LOCAL_FIELDS.includes(name));
  return /** @type {Scanner.Scan} */ (Object.fromEntries(fields));
}
