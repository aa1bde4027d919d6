/** The card of the guest who was served last: what was done, who they are now, and what comes next. */

import { drawFacts } from "./guest_facts.js";
import { formatName } from "./guests.js";
import { formatText, makeElement } from "./page.js";

/** @typedef {import("./desk_state.js").DeskState} DeskState */

/**
 * @typedef {object} Verdict
 * @property {string} reference of the guest
 * @property {"admitted" | "already_in" | "action" | "refused" | "registered"} kind
 * @property {string} text what was done, or why nothing was
 * @property {string} [entryId] of the entry that the card confirms, which the server may still refuse
 * @property {(guest: Desk.Guest) => HTMLElement[]} listActions
 */

export class VerdictCard {
  #element;
  /** @type {Verdict | null} */
  #verdict = null;
  #isEntryRefused = false;
  /** The state of the guest for which the actions were listed. */
  #actionsState = "";

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  clear() {
    this.#element.replaceChildren();
    this.#verdict = null;
    this.#isEntryRefused = false;
  }

  /**
   * Show a sentence alone.
   * @param {string} text
   */
  showText(text) {
    this.clear();
    this.#element.append(makeElement("p", "verdict", text));
  }

  /**
   * @param {DeskState} desk
   * @param {Verdict} verdict
   */
  show(desk, verdict) {
    const guest = desk.findGuest(verdict.reference);
    if (!guest) return;
    this.clear();
    this.#verdict = verdict;
    this.#actionsState = describeState(guest);
    const card = makeElement("section", `desk-verdict ${verdict.kind}`);
    const actions = makeElement("div", "cluster");
    actions.append(...verdict.listActions(guest));
    card.append(makeElement("p", `verdict ${verdict.kind}`, verdict.text), ...drawGuest(desk, guest), actions);
    this.#element.append(card);
    this.refresh(desk);
  }

  /**
   * Show the guest as they are now, or that the server refused. Only what changed: a screen reader reads it again.
   * @param {DeskState} desk
   */
  refresh(desk) {
    if (!this.#verdict) return;
    const { reference, entryId, listActions } = this.#verdict;
    const storedEntry = entryId ? desk.entries.find(({ entry }) => entry.id === entryId) : undefined;
    if (this.#isEntryRefused) {
      // The staff has resolved it.
      if (!storedEntry) this.clear();
      return;
    }
    if (storedEntry?.result && storedEntry.result.state !== "done") return this.#showRefusedEntry(storedEntry);
    const guest = desk.findGuest(reference);
    const card = this.#element.firstElementChild;
    if (!guest || !card) return;
    drawGuest(desk, guest).forEach((part, index) => {
      const shown = card.children[index + 1];
      if (!part.isEqualNode(shown)) shown.replaceWith(part);
    });
    if (describeState(guest) === this.#actionsState) return;
    this.#actionsState = describeState(guest);
    card.lastElementChild?.replaceChildren(...listActions(guest));
  }

  /**
   * Replace the card: what it says did not happen, and its buttons would serve another guest.
   * @param {Desk.StoredEntry} storedEntry
   */
  #showRefusedEntry({ entry, name, result }) {
    this.#isEntryRefused = true;
    const card = makeElement("section", "desk-verdict refused");
    card.append(
      makeElement("p", "verdict refused", formatText(`result.${result?.state}`)),
      makeElement("p", "person-name", formatText(`entry.${entry.kind}`, { name })),
      makeElement("p", "", result?.sentence),
    );
    this.#element.replaceChildren(card);
  }
}

/**
 * @param {DeskState} desk
 * @param {Desk.Guest} guest
 */
const drawGuest = (desk, guest) => [
  makeElement("p", "person-name", formatName(guest)),
  makeElement("p", "", guest.company),
  drawFacts(desk, guest),
];

/** @param {Desk.Guest} guest Return what decides which actions are offered. */
const describeState = ({ state, is_inside, payment }) => [state, is_inside, payment].join(" ");
