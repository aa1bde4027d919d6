/** The dialog in which a walk-in is registered, with the guests who seem to be the same person. */

import { refreshAddressHint } from "../address_hint.js";
import { fillForm, getDialog, getForm, readForm, readTexts } from "./forms.js";
import { findSamePerson, formatName, hasBothNames, splitSearchedName } from "./guests.js";
import { formatText, getElement, makeButton, makeElement, showMessage } from "./page.js";

/** @typedef {import("./desk_state.js").DeskState} DeskState */

/**
 * What the desk does for the dialog.
 * @typedef {object} WalkInActions
 * @property {() => DeskState | null} getDesk
 * @property {() => string} getUnmatchedQuery the search, if it found nobody
 * @property {(action: () => Promise<void>) => void} runOnce
 * @property {(guest: Desk.Guest) => Promise<void>} checkIn
 * @property {(reference: string) => void} showGuest
 * @property {(guest: Desk.Guest) => Promise<void>} showRegistered
 */

export class WalkInDialog {
  #actions;
  /** The references of the guests whom the staff has seen to be the same person as a walk-in. */
  #acceptedReferences = "";
  /** The search whose words were filled in. */
  #filledQuery = "";

  /** @param {WalkInActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  listen() {
    getElement("walk-in-open").addEventListener("click", () => this.open());
    getForm("walk-in-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.#actions.runOnce(() => this.#register());
    });
  }

  /** Close the dialog and remove everything about guests from it. */
  clear() {
    getDialog("walk-in-dialog").close();
    getForm("walk-in-form").reset();
    refreshAddressHint(getForm("walk-in-form"));
    this.#filledQuery = "";
    getElement("walk-in-duplicates-list").replaceChildren();
  }

  /** Open the dialog, with the name of a search that found nobody. */
  open() {
    const desk = this.#actions.getDesk();
    if (!desk?.data) return;
    this.#fillSearchedName();
    const choices = getElement("walk-in-tickets");
    choices.replaceChildren(
      ...desk.data.tickets.map((ticket) => {
        const label = makeElement("label");
        const input = document.createElement("input");
        Object.assign(input, { type: "radio", name: "ticket", value: ticket.slug });
        input.checked = ticket.is_preselected;
        label.append(input, makeElement("span", "choice-text", [ticket.title, ticket.price].filter(Boolean).join(" · ")));
        return label;
      }),
    );
    getElement("walk-in-addons").hidden = !desk.data.has_addons;
    showMessage("walk-in-problem", desk.spareBadge ? "" : formatText("walk_in.no_spare"));
    this.#showDuplicates(desk, []);
    getDialog("walk-in-dialog").showModal();
  }

  /** Fill in the searched name once: what was typed after it stays when the dialog is opened again. */
  #fillSearchedName() {
    const query = this.#actions.getUnmatchedQuery();
    const name = splitSearchedName(query);
    if (!name || query === this.#filledQuery) return;
    // What is left of another person's details must not go with this name.
    this.clear();
    this.#filledQuery = query;
    fillForm(getForm("walk-in-form"), name);
  }

  async #register() {
    const desk = this.#actions.getDesk();
    if (!desk) return;
    const form = getForm("walk-in-form");
    const { ticket, language } = readForm(form);
    const values = { ...readTexts(form), ticket, language };
    if (!hasBothNames(values)) return showMessage("walk-in-problem", formatText("names.missing"));
    if (!values.ticket) return this.#askForTicket();
    showMessage("walk-in-problem", "");
    const duplicates = findSamePerson(desk.guests, values);
    if (duplicates.map(({ reference }) => reference).join() !== this.#acceptedReferences) {
      this.#showDuplicates(desk, duplicates);
      if (duplicates.length) return;
    }
    const reference = await desk.addWalkIn(values);
    if (!reference) return showMessage("walk-in-problem", formatText("walk_in.no_spare"));
    this.clear();
    const guest = desk.findGuest(reference);
    if (guest) await this.#actions.showRegistered(guest);
  }

  #askForTicket() {
    showMessage("walk-in-problem", formatText("ticket.missing"));
    /** @type {HTMLInputElement | null} */ (getElement("walk-in-tickets").querySelector("input"))?.focus();
  }

  /**
   * Show guests who seem to be the walk-in; the next submission registers a second time.
   * @param {DeskState} desk
   * @param {Desk.Guest[]} duplicates
   */
  #showDuplicates(desk, duplicates) {
    this.#acceptedReferences = duplicates.map(({ reference }) => reference).join();
    const list = makeElement("ul", "listing");
    for (const guest of duplicates) {
      const item = makeElement("li", "row");
      const isExpected = guest.state === "confirmed" && !guest.is_inside;
      const serve = () => {
        if (!isExpected) {
          getDialog("walk-in-dialog").close();
          this.#actions.showGuest(guest.reference);
          return;
        }
        // The next walk-in must not get the details of this person.
        this.clear();
        this.#actions.runOnce(() => this.#actions.checkIn(guest));
      };
      const ticket = desk.findTicket(guest.ticket)?.title;
      item.append(
        makeElement("span", "", [formatName(guest), ticket].filter(Boolean).join(" · ")),
        makeButton(formatText(isExpected ? "check_in" : "open"), serve, "button quiet small"),
      );
      list.append(item);
    }
    getElement("walk-in-duplicates").hidden = !duplicates.length;
    getElement("walk-in-duplicates-list").replaceChildren(list);
  }
}
