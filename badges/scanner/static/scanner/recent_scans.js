/** Remember the scans of this page load, list and undo them. In memory only, since they contain names. */

import { getPairing } from "./database.js";
import { countScans } from "./outbox.js";
import { formatText, formatTime, getElement, showMessage } from "./page.js";
import { undoScan } from "./record_scan.js";
import { showPendingCount } from "./status_bar.js";
import { describeLastScan } from "./verdict_view.js";

const UNDO_MS = 10_000;
const MAX_REMEMBERED = 500;
const MAX_LISTED = 20;

export class RecentScans {
  #outbox;
  #onError;
  /** @type {Map<string, Scanner.Outcome>} */
  #outcomes = new Map();
  /** @type {string | null} */
  #lastId = null;
  #undoTimer = 0;

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {() => void} onError called if the phone could not store the undo
   */
  constructor(outbox, onError) {
    this.#outbox = outbox;
    this.#onError = onError;
    getElement("undo").addEventListener("click", () => this.last && this.#undo(this.last));
    getElement("recent-open").addEventListener("click", () => this.#open());
  }

  /** The scan that the line below the camera is about. */
  get last() {
    return this.find(this.#lastId ?? "");
  }

  /** @param {string} id */
  find(id) {
    return this.#outcomes.get(id);
  }

  /**
   * Return the id of the scan of this badge that the server answered with a conflict.
   * @param {string} key of the registration
   */
  findConflict(key) {
    return [...this.#outcomes.values()].find(({ reason, scan }) => reason === "conflict" && scan.key === key)?.id;
  }

  /** Forget all: another pairing begins. */
  clear() {
    this.#outcomes.clear();
    this.#lastId = null;
    getElement("last-scan").hidden = true;
  }

  /**
   * Remember a scan that was just made.
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   */
  add(outcome, timeZone) {
    this.#outcomes.set(outcome.id, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_REMEMBERED) this.#outcomes.delete(oldest);
    this.#lastId = outcome.id;
    this.#showLast(outcome, timeZone);
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => {
      getElement("undo").hidden = true;
    }, UNDO_MS);
  }

  /**
   * Replace the stored outcome of a scan.
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   */
  replace(outcome, timeZone) {
    if (!this.#outcomes.has(outcome.id)) return;
    this.#outcomes.set(outcome.id, outcome);
    if (this.#lastId === outcome.id) this.#showLast(outcome, timeZone);
    if (getElement("recent").open) this.#list(timeZone);
  }

  /**
   * Forget a scan that another one of the same badge replaces.
   * @param {string} id
   */
  drop(id) {
    this.#outcomes.delete(id);
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   */
  #showLast(outcome, timeZone) {
    showMessage("last-line", describeLastScan(outcome, timeZone));
    getElement("last-scan").hidden = false;
    getElement("undo").hidden = !(canUndo(outcome) && Date.now() - outcome.at < UNDO_MS);
  }

  async #open() {
    const pairing = await getPairing();
    if (!pairing) return;
    this.#list(pairing.event.timezone);
    getElement("recent").showModal();
  }

  /** @param {string} timeZone */
  #list(timeZone) {
    const listed = [...this.#outcomes.values()].filter(({ isUndo }) => !isUndo).slice(-MAX_LISTED).reverse();
    getElement("recent-empty").hidden = listed.length > 0;
    getElement("recent-list").replaceChildren(...listed.map((outcome) => this.#makeLine(outcome, timeZone)));
  }

  /**
   * @param {Scanner.Outcome} outcome
   * @param {string} timeZone
   */
  #makeLine(outcome, timeZone) {
    const line = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = describeLastScan(outcome, timeZone);
    line.dataset.verdict = outcome.verdict;
    line.append(text);
    if (outcome.isUndone) line.append(` ${formatText("recent.undone")}`);
    if (!canUndo(outcome)) return line;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = formatText("recent.undo");
    button.setAttribute("aria-label", `${button.textContent} (${text.textContent})`);
    button.addEventListener("click", () => this.#undo(outcome));
    line.append(button);
    return line;
  }

  /** @param {Scanner.Outcome} outcome */
  async #undo(outcome) {
    const pairing = await getPairing();
    if (!pairing || !canUndo(outcome)) return;
    const { timezone } = pairing.event;
    const undone = { ...outcome, isUndone: true };
    this.#outcomes.set(outcome.id, undone);
    getElement("undo").hidden = true;
    const undo = await undoScan(outcome, pairing).catch(() => null);
    if (!undo) {
      this.#outcomes.set(outcome.id, outcome);
      return this.#onError();
    }
    this.#outcomes.set(undo.id, { ...undo, isUndo: true });
    this.replace(undone, timezone);
    const name = outcome.person?.name || formatText("detail.nobody");
    const time = formatTime(undo.at, timezone);
    showMessage("last-line", formatText(outcome.direction === "in" ? "last.undoing" : "last.undoing_exit", { name, time }));
    getElement("announcement").textContent = formatText("last.undone");
    showPendingCount(await countScans());
    this.#outbox.flush();
  }
}

/** @param {Scanner.Outcome} outcome */
const canUndo = ({ isLetIn, isUndo, isUndone }) => isLetIn && !isUndo && !isUndone;
