/** The door: what is read becomes a verdict, is kept, shown, sent, and corrected where the server knows more. */

import { judge, undo } from "./judge.js";
import { part, say, tell, timeOf } from "./page.js";
import { play } from "./sounds.js";
import { countWaiting, pairing } from "./store.js";
import { drawPending } from "./strip.js";
import { ADMITTED, UNVERIFIED } from "./verdict.js";
import { hasPassed, lineOf, viewOf } from "./view.js";

const UNDO_MS = 10_000;
const ASK_MS = 1500;
const REMEMBERED = 500;

export class Door {
  #screen;
  #outbox;
  #working = Promise.resolve();
  #waiting = 0;
  #outcomes = new Map();
  #last = null;
  #undoTimer = 0;

  /** @param {import("./screen.js").Screen} screen @param {import("./outbox.js").Outbox} outbox */
  constructor(screen, outbox) {
    this.#screen = screen;
    this.#outbox = outbox;
    part("undo").addEventListener("click", () => this.#undo());
    part("override").addEventListener("click", () => this.#askWhy());
    part("override-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#override(part("override-reason").value.trim());
    });
  }

  /**
   * Something was read. Reads queue up one behind the other; while a verdict waits for a tap they are turned down.
   * @param {string[]} readings
   * @returns {boolean} whether it is taken
   */
  read(readings) {
    if (this.#screen.isHeld || this.#waiting > 2) {
      this.#screen.nudge();
      return false;
    }
    this.#waiting += 1;
    this.#working = this.#working.then(() => this.#judge(readings)).finally(() => {
      this.#waiting -= 1;
    });
    return true;
  }

  /**
   * The server's word on a scan of this phone.
   * @param {object} result as the API gives it
   * @param {object} item as it was sent
   */
  async confirm(result, item) {
    const held = await pairing();
    if (!held) return;
    const outcome = this.#outcomes.get(item.id) ?? outcomeOf(item);
    const corrected = correct(outcome, result);
    this.#outcomes.set(item.id, corrected);
    if (this.#last?.id === item.id) this.#showLast(corrected, held.event.timezone);
    const isOnScreen = this.#screen.scan === item.id;
    if (isSame(outcome, corrected) && !(isOnScreen && !outcome.person && corrected.person)) return;
    if (isOnScreen) this.#screen.show(viewOf(corrected, held.event.timezone), { isSilent: isSame(outcome, corrected) });
    else if (isWorse(outcome, corrected)) this.#tellLate(outcome, corrected, held.event.timezone);
  }

  async #judge(readings) {
    const started = performance.now();
    const held = await pairing();
    if (!held) return;
    const direction = document.querySelector("[name=direction]:checked").value;
    const outcome = await judge(readings, direction, held).catch(() => null);
    if (!outcome) return this.#couldNotKeep();
    this.#remember(outcome);
    drawPending(await countWaiting());
    this.#present(outcome, held.event.timezone);
    part("verdict").dataset.milliseconds = Math.round(performance.now() - started);
    this.#showLast(outcome, held.event.timezone);
    this.#offerOverride(outcome, held);
    this.#outbox.flush();
  }

  /** Show it; what only the server can tell waits for its answer a moment before it sounds. */
  #present(outcome, zone) {
    const isAsking = outcome.verdict === UNVERIFIED && navigator.onLine;
    this.#screen.show(viewOf(outcome, zone), { isSilent: isAsking });
    if (isAsking) setTimeout(() => this.#screen.scan === outcome.id && this.#isOpen(outcome) && play(UNVERIFIED), ASK_MS);
  }

  #isOpen(outcome) {
    return this.#outcomes.get(outcome.id)?.verdict === UNVERIFIED;
  }

  #couldNotKeep() {
    const id = crypto.randomUUID();
    const detail = say("queue.storage");
    const nobody = { name: "", company: "", ticket: "" };
    const word = say("verdict.unverified");
    this.#screen.show({ ...nobody, id, verdict: "action", sign: "action", word, detail, stays: true });
  }

  #remember(outcome) {
    this.#outcomes.set(outcome.id, outcome);
    if (this.#outcomes.size > REMEMBERED) this.#outcomes.delete(this.#outcomes.keys().next().value);
  }

  #tellLate(outcome, corrected, zone) {
    this.#screen.show(viewOf({ ...corrected, late: { shown: outcome.verdict } }, zone));
  }

  #showLast(outcome, zone) {
    const isNew = this.#last?.id !== outcome.id;
    this.#last = outcome;
    tell("last-line", lineOf(outcome, zone));
    part("last").hidden = false;
    const age = Date.now() - outcome.at;
    part("undo").hidden = !(hasPassed(outcome) && outcome.direction === "in" && age < UNDO_MS);
    if (!isNew) return;
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => {
      part("undo").hidden = true;
    }, UNDO_MS - age);
  }

  /** A supervisor's phone may admit a genuine badge that the rules would stop. */
  #offerOverride(outcome, held) {
    const isStopped = outcome.direction === "in" && outcome.verdict !== ADMITTED && outcome.codeStatus === "valid";
    part("override").hidden = !(held.device.can_override && isStopped);
    part("override-form").hidden = true;
  }

  #askWhy() {
    part("override").hidden = true;
    part("override-form").hidden = false;
    part("override-reason").value = "";
    part("override-reason").focus();
  }

  async #override(reason) {
    const [held, last] = [await pairing(), this.#last];
    if (!last || !held || !reason) return;
    part("override-form").hidden = true;
    const outcome = await judge([last.item.code], "in", held, reason).catch(() => null);
    if (!outcome) return this.#couldNotKeep();
    this.#remember(outcome);
    drawPending(await countWaiting());
    this.#present(outcome, held.event.timezone);
    this.#showLast(outcome, held.event.timezone);
    this.#outbox.flush();
  }

  async #undo() {
    const [held, last] = [await pairing(), this.#last];
    if (!last || !held) return;
    this.#last = null;
    part("undo").hidden = true;
    const undone = await undo(last, held);
    const name = last.person?.name || say("detail.nobody");
    this.#remember({ ...undone, isQuiet: true });
    tell("last-line", say("last.undoing", { name, time: timeOf(undone.at, held.event.timezone) }));
    part("spoken").textContent = say("last.undone");
    this.#outbox.flush();
  }
}

/** What was shown of a scan, after the page was opened anew: only what was kept for sending. */
function outcomeOf(item) {
  const { id, direction } = item;
  return { id, direction, verdict: item.local_verdict, reason: "", at: Date.parse(item.at), item, person: null, presence: null };
}

/** The outcome as the server sees it. */
function correct(outcome, { verdict, reason, name, company, ticket, entered_at, gate }) {
  const said = { name, company: company ?? "", ticket: ticket ?? "" };
  const person = name ? personOf(outcome.person, said) : outcome.person;
  const presence = entered_at ? { entered_at, gate: gate ?? "" } : outcome.presence;
  return { ...outcome, verdict, reason: reason ?? "", person, presence };
}

/** A person as the server knows them; the ticket's English name stays only with the ticket. */
function personOf(known, said) {
  const ticket_en = known?.ticket === said.ticket ? known.ticket_en : "";
  return { note: "", ...known, ...said, ticket_en };
}

const isSame = (one, other) => one.verdict === other.verdict && one.reason === other.reason;

/** Whether somebody passed whom the server would have stopped, or a double entry came to light. */
function isWorse(outcome, corrected) {
  if (outcome.isQuiet || outcome.direction === "out") return false;
  return hasPassed(outcome) && (corrected.verdict !== ADMITTED || corrected.reason === "conflict");
}
