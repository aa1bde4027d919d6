/** Handle each text that is read: judge, store, show and send it; correct it when the server knows more. */

import { countPendingScans, getPairing } from "./database.js";
import { formatText, formatTime, getDirectionButtons, getElement, showMessage } from "./page.js";
import { recordScan, undoScan } from "./record_scan.js";
import { playSound } from "./sounds.js";
import { showPendingCount } from "./status_bar.js";
import { ADMITTED, UNVERIFIED } from "./verdict.js";
import { describeLastScan, hasPassed, makeVerdictView } from "./verdict_view.js";

const UNDO_MS = 10_000;
/** How long the sound of "unverified" waits for the server's answer. */
const ANSWER_MS = 1500;
const MAX_REMEMBERED_OUTCOMES = 500;
const MAX_QUEUED_READS = 2;

export class ScanHandler {
  #screen;
  #outbox;
  #lastRead = Promise.resolve();
  #queuedReads = 0;
  /** @type {Map<string, Scanner.Outcome>} */
  #outcomes = new Map();
  /** @type {Scanner.Outcome | null} */
  #lastOutcome = null;
  #undoTimer = 0;

  /**
   * @param {import("./verdict_screen.js").VerdictScreen} screen
   * @param {import("./outbox.js").Outbox} outbox
   */
  constructor(screen, outbox) {
    this.#screen = screen;
    this.#outbox = outbox;
    getElement("undo").addEventListener("click", () => this.#undo());
    getElement("override").addEventListener("click", () => this.#askForReason());
    getElement("override-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#override(getElement("override-reason").value.trim());
    });
  }

  /**
   * Judge a text after those read before it. Decline it while a verdict needs a tap.
   * @param {string[]} readings of the text, likeliest first
   * @returns {boolean} whether it is accepted
   */
  handleRead(readings) {
    if (this.#screen.needsTap || this.#queuedReads > MAX_QUEUED_READS) {
      this.#screen.nudge();
      return false;
    }
    this.#queuedReads += 1;
    this.#lastRead = this.#lastRead
      .then(() => this.#judge(readings))
      .finally(() => {
        this.#queuedReads -= 1;
      });
    return true;
  }

  /**
   * Take in the server's verdict on a scan of this device.
   * @param {Scanner.ScanResult} result
   * @param {Scanner.PendingScan} scan
   */
  async handleResult(result, scan) {
    const pairing = await getPairing();
    if (!pairing) return;
    const { timezone } = pairing.event;
    const outcome = this.#outcomes.get(scan.id) ?? restoreOutcome(scan);
    const corrected = correctOutcome(outcome, result);
    this.#outcomes.set(scan.id, corrected);
    if (this.#lastOutcome?.id === scan.id) this.#showLastScan(corrected, timezone);
    if (this.#screen.scanId === scan.id) this.#updateScreen(outcome, corrected, timezone);
    else if (isWorse(outcome, corrected)) {
      this.#screen.show(makeVerdictView({ ...corrected, correctedVerdict: outcome.verdict }, timezone));
    }
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {Scanner.Outcome} corrected
   * @param {string} timeZone
   */
  #updateScreen(outcome, corrected, timeZone) {
    const isSame = isSameDecision(outcome, corrected);
    if (!isSame) this.#screen.show(makeVerdictView(corrected, timeZone));
    else if (!outcome.person && corrected.person) this.#screen.showSilently(makeVerdictView(corrected, timeZone));
  }

  /** @param {string[]} readings */
  async #judge(readings) {
    const startedAt = performance.now();
    const pairing = await getPairing();
    if (!pairing) return;
    const isExit = [...getDirectionButtons()].some((button) => button.checked && button.value === "out");
    const outcome = await recordScan(readings, isExit ? "out" : "in", pairing).catch(() => null);
    if (!outcome) return this.#showStorageError();
    await this.#present(outcome, pairing);
    getElement("verdict").dataset.milliseconds = String(Math.round(performance.now() - startedAt));
    this.#offerOverride(outcome, pairing);
    this.#outbox.flush();
  }

  /**
   * Show an outcome. If only the server can decide, its answer gets a moment before the sound.
   * @param {Scanner.Outcome} outcome
   * @param {Scanner.Pairing} pairing
   */
  async #present(outcome, pairing) {
    const { timezone } = pairing.event;
    this.#remember(outcome);
    showPendingCount(await countPendingScans());
    const view = makeVerdictView(outcome, timezone);
    if (outcome.verdict === UNVERIFIED && navigator.onLine) {
      this.#screen.showSilently(view);
      setTimeout(() => this.#soundIfUnanswered(outcome), ANSWER_MS);
    } else {
      this.#screen.show(view);
    }
    this.#showLastScan(outcome, timezone);
  }

  /** @param {Scanner.Outcome} outcome */
  #soundIfUnanswered({ id }) {
    if (this.#screen.scanId === id && this.#outcomes.get(id)?.verdict === UNVERIFIED) playSound(UNVERIFIED);
  }

  #showStorageError() {
    this.#screen.show({
      id: crypto.randomUUID(),
      verdict: "action",
      icon: "action",
      label: formatText("verdict.unverified"),
      name: "",
      hasLongName: false,
      company: "",
      ticket: "",
      detail: formatText("queue.storage"),
      needsTap: true,
    });
  }

  /** @param {Scanner.Outcome} outcome */
  #remember(outcome) {
    this.#outcomes.set(outcome.id, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_REMEMBERED_OUTCOMES) this.#outcomes.delete(oldest);
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   */
  #showLastScan(outcome, timeZone) {
    const isNew = this.#lastOutcome?.id !== outcome.id;
    this.#lastOutcome = outcome;
    showMessage("last-line", describeLastScan(outcome, timeZone));
    getElement("last-scan").hidden = false;
    const ageMs = Date.now() - outcome.at;
    getElement("undo").hidden = !(hasPassed(outcome) && outcome.direction === "in" && ageMs < UNDO_MS);
    if (!isNew) return;
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => {
      getElement("undo").hidden = true;
    }, UNDO_MS - ageMs);
  }

  /**
   * Let a supervisor's device admit a genuine badge against the rules.
   * @param {Scanner.Outcome} outcome
   * @param {Scanner.Pairing} pairing
   */
  #offerOverride(outcome, pairing) {
    const isStopped = outcome.direction === "in" && outcome.verdict !== ADMITTED && outcome.codeStatus === "valid";
    getElement("override").hidden = !(pairing.device.can_override && isStopped);
    getElement("override-form").hidden = true;
  }

  #askForReason() {
    getElement("override").hidden = true;
    getElement("override-form").hidden = false;
    getElement("override-reason").value = "";
    getElement("override-reason").focus();
  }

  /** @param {string} reason */
  async #override(reason) {
    const [pairing, stopped] = [await getPairing(), this.#lastOutcome];
    if (!stopped || !pairing || !reason) return;
    getElement("override-form").hidden = true;
    const outcome = await recordScan([stopped.scan.code], "in", pairing, reason).catch(() => null);
    if (!outcome) return this.#showStorageError();
    await this.#present(outcome, pairing);
    this.#outbox.flush();
  }

  async #undo() {
    const [pairing, entry] = [await getPairing(), this.#lastOutcome];
    if (!entry || !pairing) return;
    this.#lastOutcome = null;
    getElement("undo").hidden = true;
    const exit = await undoScan(entry, pairing).catch(() => null);
    if (!exit) return this.#showStorageError();
    this.#remember({ ...exit, isUndo: true });
    const name = entry.person?.name || formatText("detail.nobody");
    const time = formatTime(exit.at, pairing.event.timezone);
    showMessage("last-line", formatText("last.undoing", { name, time }));
    getElement("announcement").textContent = formatText("last.undone");
    this.#outbox.flush();
  }
}

/**
 * Return an outcome of before the page was reloaded, as far as the stored scan tells it.
 * @param {Scanner.PendingScan} scan
 * @returns {Scanner.Outcome}
 */
function restoreOutcome(scan) {
  const { id, direction, local_verdict: verdict } = scan;
  return { id, direction, verdict, reason: "", at: Date.parse(scan.at), scan, person: null, presence: null };
}

/**
 * Return the outcome with the server's verdict, and with what the server knows of the attendee.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.ScanResult} result
 * @returns {Scanner.Outcome}
 */
function correctOutcome(outcome, { verdict, reason, name, company, ticket, entered_at, gate }) {
  const known = outcome.person;
  // The server sends one name of the ticket; the English one of the snapshot belongs to the same ticket only.
  const ticket_en = known?.ticket === ticket ? known.ticket_en : "";
  const person = name ? { note: "", ...known, name, company, ticket, ticket_en } : known;
  const presence = entered_at ? { entered_at, gate } : outcome.presence;
  return { ...outcome, verdict, reason, person, presence };
}

/**
 * @param {Scanner.Decision} first
 * @param {Scanner.Decision} second
 */
const isSameDecision = (first, second) => first.verdict === second.verdict && first.reason === second.reason;

/**
 * Return whether somebody passed whom the server would have stopped, or a badge came in twice.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Outcome} corrected
 */
function isWorse(outcome, corrected) {
  if (outcome.isUndo || outcome.direction === "out" || isSameDecision(outcome, corrected)) return false;
  return hasPassed(outcome) && (corrected.verdict !== ADMITTED || corrected.reason === "conflict");
}
