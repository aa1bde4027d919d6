/** Handle each text that is read: judge, store, show and send it; correct it by the server's answer. */

import { getPairing, saveSetting } from "./database.js";
import { countScans } from "./outbox.js";
import { formatText, getDirectionButtons, getElement } from "./page.js";
import { judgeBadge, judgeRegistration, judgeShortCode, recordScan } from "./record_scan.js";
import { correctOutcome, isWorse, restoreOutcome } from "./server_results.js";
import { playSound } from "./sounds.js";
import { showPendingCount } from "./status_bar.js";
import { ADMITTED, UNVERIFIED } from "./verdict.js";
import { canLetIn, makeErrorView, makeIncompleteView, makeTestView, makeVerdictView } from "./verdict_view.js";

/** The delay of the sound of "unverified", in which the server may answer. */
const ANSWER_MS = 1500;
/** How long the attendee is assumed to wait for an answer that turns the screen green. */
const WAITING_MS = 30_000;
const MAX_QUEUED_READS = 2;

export class ScanHandler {
  #screen;
  #outbox;
  #recent;
  /** @type {Promise<unknown>} */
  #lastRead = Promise.resolve();
  #queuedReads = 0;
  #isTesting = false;
  #onConflict;

  /**
   * @param {import("./verdict_screen.js").VerdictScreen} screen
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./recent_scans.js").RecentScans} recent
   * @param {() => void} onConflict called when another device has let in the same badge
   */
  constructor(screen, outbox, recent, onConflict) {
    this.#onConflict = onConflict;
    this.#screen = screen;
    this.#outbox = outbox;
    this.#recent = recent;
    getElement("override").addEventListener("click", askForReason);
    getElement("override-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#override(getElement("override-reason").value.trim());
    });
  }

  /**
   * Judge a text after those read before it. Decline it while a verdict needs a tap.
   * @param {string[]} readings of the text, likeliest first
   * @param {Scanner.ReadOptions} options
   */
  handleRead(readings, { isFromHandScanner = false } = {}) {
    if (isFromHandScanner) this.#screen.clearIfReplaceable();
    this.#enqueue((pairing) => (this.#isTesting ? this.#test(readings, pairing) : this.#judgeText(readings, pairing)));
  }

  /** Ask for another scan of a code that arrived without its end or its beginning; nothing is recorded. */
  showIncompleteRead() {
    this.#screen.clearIfReplaceable();
    this.#enqueue(async () => this.#screen.show(makeIncompleteView()));
  }

  /**
   * Judge an attendee who was found by name or by the badge's short code.
   * @param {Scanner.FoundRegistration} found
   */
  handleFound(found) {
    this.#enqueue(async (pairing) => {
      const direction = getDirection();
      await this.#storeAndShow(await judgeRegistration(found, direction, pairing), direction, pairing);
    });
  }

  /**
   * Send the short code of a badge as a scan, which the server decides.
   * @param {string} code
   */
  handleShortCode(code) {
    this.#enqueue((pairing) => this.#storeAndShow(judgeShortCode(code), getDirection(), pairing));
  }

  /** Check the next badge without recording a scan. */
  testNextBadge() {
    this.#isTesting = true;
  }

  /**
   * Apply the server's verdict to a scan of this device.
   * @param {Scanner.ScanResult} result
   * @param {Scanner.PendingScan} scan
   */
  async handleResult(result, scan) {
    const pairing = await getPairing();
    if (!pairing) return;
    const { timezone } = pairing.event;
    const outcome = this.#recent.find(scan.id) ?? restoreOutcome(scan);
    const corrected = correctOutcome(outcome, result);
    this.#recent.replace(corrected, timezone);
    if (this.#screen.scanId === scan.id) await this.#updateScreen(outcome, corrected, pairing);
    else if (isWorse(outcome, corrected)) {
      this.#screen.show(makeVerdictView({ ...corrected, correctedVerdict: outcome.verdict }, timezone));
    }
    if (corrected.reason === "conflict") this.#onConflict();
  }

  /** @param {(pairing: Scanner.Pairing) => Promise<void>} handle */
  #enqueue(handle) {
    if (this.#screen.needsTap || this.#queuedReads > MAX_QUEUED_READS) return this.#screen.nudge();
    this.#queuedReads += 1;
    const run = async () => {
      const pairing = await getPairing();
      if (pairing) await handle(pairing);
    };
    this.#lastRead = this.#lastRead
      .then(run)
      .catch(() => this.#showStorageError())
      .finally(() => {
        this.#queuedReads -= 1;
      });
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {Scanner.Outcome} corrected
   * @param {Scanner.Pairing} pairing
   */
  async #updateScreen(outcome, corrected, pairing) {
    const { timezone } = pairing.event;
    const isWaiting = Date.now() - outcome.at < WAITING_MS;
    if (corrected.verdict === ADMITTED && !outcome.isLetIn && outcome.judged && isWaiting) {
      // The stored scan says that nobody passed; now somebody does.
      return this.#admit(nameAttendee(outcome.judged, corrected), corrected, pairing);
    }
    const isSame = outcome.verdict === corrected.verdict && outcome.reason === corrected.reason;
    if (!isSame) this.#screen.show(makeVerdictView(corrected, timezone));
    else if (!outcome.person && corrected.person) this.#screen.showSilently(makeVerdictView(corrected, timezone));
    if (corrected.attendee && !outcome.attendee) offerOverride(corrected, pairing);
  }

  /**
   * Let in an attendee whom the server admits while the screen still shows the pending outcome.
   * @param {Scanner.JudgedBadge} judged
   * @param {Scanner.Outcome} pendingOutcome
   * @param {Scanner.Pairing} pairing
   */
  async #admit(judged, pendingOutcome, pairing) {
    /** @type {Scanner.JudgedBadge} */
    const admitted = { ...judged, verdict: ADMITTED, reason: "" };
    const outcome = await this.#store(admitted, pendingOutcome.direction, pairing, { isLetIn: true });
    this.#recent.drop(pendingOutcome.id);
    this.#screen.release(pendingOutcome.id);
    await this.#present(outcome, pairing);
    this.#outbox.flush();
  }

  /**
   * @param {string[]} readings
   * @param {Scanner.Pairing} pairing
   */
  async #judgeText(readings, pairing) {
    const startedAt = performance.now();
    const direction = getDirection();
    await this.#storeAndShow(await judgeBadge(readings, direction, pairing), direction, pairing);
    getElement("verdict").dataset.milliseconds = String(Math.round(performance.now() - startedAt));
  }

  /**
   * @param {Scanner.JudgedBadge} judged
   * @param {Scanner.Direction} direction
   * @param {Scanner.Pairing} pairing
   * @param {Scanner.ScanOptions} options
   */
  async #storeAndShow(judged, direction, pairing, options = {}) {
    const outcome = await this.#store(judged, direction, pairing, options);
    await this.#present(outcome, pairing);
    offerOverride(outcome, pairing);
    this.#outbox.flush();
  }

  /**
   * Store a scan; retry once, since getPairing restores storage that the browser has evicted.
   * @param {Scanner.JudgedBadge} judged
   * @param {Scanner.Direction} direction
   * @param {Scanner.Pairing} pairing
   * @param {Scanner.ScanOptions} options
   */
  async #store(judged, direction, pairing, options) {
    try {
      return await recordScan(judged, direction, pairing, options);
    } catch {
      await getPairing();
      return recordScan(judged, direction, pairing, options);
    }
  }

  /**
   * @param {string[]} readings
   * @param {Scanner.Pairing} pairing
   */
  async #test(readings, pairing) {
    this.#isTesting = false;
    const judged = await judgeBadge(readings, "in", pairing);
    const isPassed = judged.badge.codeStatus === "valid";
    if (isPassed) await saveSetting("badge_tested_at", Date.now());
    this.#screen.show(makeTestView(judged, isPassed));
  }

  /**
   * Show an outcome. If only the server can decide, the sound is delayed by ANSWER_MS.
   * @param {Scanner.Outcome} outcome
   * @param {Scanner.Pairing} pairing
   */
  async #present(outcome, pairing) {
    const { timezone } = pairing.event;
    showPendingCount(await countScans());
    const view = this.#makeView(outcome, timezone);
    if (outcome.verdict === UNVERIFIED && navigator.onLine) {
      this.#screen.showSilently(view);
      setTimeout(() => this.#soundIfUnanswered(outcome), ANSWER_MS);
    } else {
      this.#screen.show(view);
    }
    this.#recent.add(outcome, timezone);
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   * @returns {Scanner.VerdictView}
   */
  #makeView(outcome, timeZone) {
    const view = makeVerdictView(outcome, timeZone);
    if (!canLetIn(outcome)) return view;
    const actions = [{ label: formatText("action.let_in"), run: () => this.#letIn() }];
    return { ...view, actions, hint: formatText("detail.not_let_in") };
  }

  /** @param {Scanner.Outcome} outcome */
  #soundIfUnanswered({ id }) {
    if (this.#screen.scanId === id && this.#recent.find(id)?.verdict === UNVERIFIED) playSound(UNVERIFIED);
  }

  #showStorageError() {
    this.#screen.show(makeErrorView(formatText("queue.storage")));
  }

  /** Let in an attendee whom this device may not admit: the scan records the operator's decision. */
  async #letIn() {
    const [pairing, pendingOutcome] = [await getPairing(), this.#recent.find(this.#screen.scanId ?? "")];
    if (!pairing || !pendingOutcome?.judged || pendingOutcome.isLetIn) return;
    const { judged, direction } = pendingOutcome;
    const outcome = await this.#store(judged, direction, pairing, { isLetIn: true }).catch(() => null);
    if (!outcome) return this.#showStorageError();
    this.#recent.drop(pendingOutcome.id);
    this.#recent.add(outcome, pairing.event.timezone);
    this.#screen.clear();
    showPendingCount(await countScans());
    this.#outbox.flush();
  }

  /** @param {string} reason */
  async #override(reason) {
    const [pairing, refusedOutcome] = [await getPairing(), this.#recent.last];
    if (!refusedOutcome || !pairing || !reason) return;
    getElement("override-form").hidden = true;
    const found = getFoundAttendee(refusedOutcome);
    const judged = found
      ? await judgeRegistration(found, "in", pairing, reason)
      : await judgeBadge([refusedOutcome.scan.code], "in", pairing, reason);
    await this.#storeAndShow(judged, "in", pairing, { reason }).catch(() => this.#showStorageError());
  }
}

/** @returns {Scanner.Direction} */
function getDirection() {
  return [...getDirectionButtons()].some((button) => button.checked && button.value === "out") ? "out" : "in";
}

/**
 * Return the attendee of a scan without a badge's code.
 * @param {Scanner.Outcome} outcome
 * @returns {Scanner.FoundRegistration | null}
 */
function getFoundAttendee({ scan: { registration, key }, person, attendee }) {
  if (attendee) return attendee;
  return registration && key && person ? { registration, key, person } : null;
}

/**
 * Return the judged badge with the attendee whom the server found.
 * @param {Scanner.JudgedBadge} judged
 * @param {Scanner.Outcome} outcome
 * @returns {Scanner.JudgedBadge}
 */
function nameAttendee(judged, { person, attendee }) {
  if (!attendee) return { ...judged, badge: { ...judged.badge, person } };
  const { key, registration: reference } = attendee;
  return { ...judged, code: "", reference, badge: { ...judged.badge, codeStatus: "lookup", key, person } };
}

/**
 * Offer a supervisor the override, for a genuine badge or an attendee found by name or short code.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Pairing} pairing
 */
function offerOverride(outcome, pairing) {
  const isKnown = outcome.codeStatus === "valid" || outcome.codeStatus === "lookup";
  const isStopped = outcome.direction === "in" && outcome.verdict !== ADMITTED && isKnown;
  getElement("override").hidden = !(pairing.device.can_override && isStopped);
  getElement("override-form").hidden = true;
}

function askForReason() {
  getElement("override").hidden = true;
  getElement("override-form").hidden = false;
  getElement("override-reason").value = "";
  getElement("override-reason").focus();
}
