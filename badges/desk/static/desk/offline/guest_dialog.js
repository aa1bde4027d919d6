/** The dialogs of one guest: details and note, another badge, and the transfer of the place. */

import { refreshAddressHint } from "../address_hint.js";
import { fillForm, getDialog, getForm, readForm, readTexts } from "./forms.js";
import { drawFacts } from "./guest_facts.js";
import { findTransferProblem, formatName, hasBothNames, pickTexts } from "./guests.js";
import { formatText, getElement, makeButton, makeElement, showMessage } from "./page.js";
import { canPay } from "./payment_dialog.js";

const DIALOG_IDS = ["guest-dialog", "transfer-dialog"];
const REPRINT_REASONS = ["lost", "damaged", "corrected", "printer"];

/**
 * What the desk does for the dialogs.
 * @typedef {object} DialogActions
 * @property {() => import("./desk_state.js").DeskState | null} getDesk
 * @property {(action: () => Promise<void>) => void} runOnce
 * @property {(guest: Desk.Guest, reason: string) => Promise<void>} recordPrint
 * @property {(guest: Desk.Guest) => void} printBadge
 * @property {(reference: string) => void} showTransferred
 * @property {(guest: Desk.Guest) => void} takePayment
 * @property {() => void} focusSearch
 */

export class GuestDialog {
  #actions;
  /** The reference of the guest in the dialog. */
  #reference = "";

  /** @param {DialogActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  get #guest() {
    return this.#actions.getDesk()?.findGuest(this.#reference);
  }

  listen() {
    getForm("guest-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.#saveAndLeave(() => this.#actions.focusSearch());
    });
    getElement("guest-substitute").addEventListener("click", () => this.#saveAndLeave((guest) => this.#openTransfer(guest)));
    getElement("guest-payment").addEventListener("click", () => this.#saveAndLeave(this.#actions.takePayment));
    getForm("transfer-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.#actions.runOnce(() => this.#transfer());
    });
  }

  /** Close the dialogs and remove everything about guests from them. */
  clear() {
    this.close();
    for (const id of ["guest-name", "guest-facts", "guest-reprint", "transfer-title"]) getElement(id).replaceChildren();
    for (const form of ["guest-form", "transfer-form"].map(getForm)) {
      form.reset();
      refreshAddressHint(form);
    }
    this.#reference = "";
  }

  close() {
    for (const id of DIALOG_IDS) getDialog(id).close();
  }

  /** @param {Desk.Guest} guest */
  open(guest) {
    const desk = this.#actions.getDesk();
    if (!desk) return;
    this.#reference = guest.reference;
    fillForm(getForm("guest-form"), { ...pickTexts(guest), note: guest.note });
    refreshAddressHint(getForm("guest-form"));
    getElement("guest-name").textContent = formatName(guest);
    getElement("guest-facts").replaceChildren(drawFacts(desk, guest));
    showMessage("guest-problem", "");
    // A place that was given up cannot be transferred.
    getElement("guest-substitute").hidden = !["confirmed", "pending"].includes(guest.state);
    getElement("guest-payment").hidden = !canPay(desk, guest);
    getElement("guest-reprint").replaceChildren(...this.#makeReprintButtons(guest));
    getDialog("guest-dialog").showModal();
  }

  /**
   * Save what was typed, then close the dialog and go on with the guest as saved. Invalid details keep it open.
   * @param {(guest: Desk.Guest) => void | Promise<void>} goOn
   */
  #saveAndLeave(goOn) {
    this.#actions.runOnce(async () => {
      if (!(await this.#save())) return;
      // The badge, the payment and the transfer are for the corrected guest.
      const guest = this.#guest;
      this.close();
      if (guest) await goOn(guest);
    });
  }

  /** Save what was typed, if it is valid; return whether it is saved. */
  async #save() {
    const [desk, guest] = [this.#actions.getDesk(), this.#guest];
    if (!desk || !guest) return false;
    const form = getForm("guest-form");
    const { note } = readForm(form);
    const values = readTexts(form);
    const before = pickTexts(guest);
    if (JSON.stringify(values) !== JSON.stringify(before)) {
      if (!form.reportValidity()) return false;
      if (!hasBothNames(values)) {
        showMessage("guest-problem", formatText("names.missing"));
        return false;
      }
      await desk.add(guest.reference, { kind: "correct", values: { ...values, before } }, values);
    }
    if (note !== guest.note) {
      await desk.add(guest.reference, { kind: "note", values: { note, before: { note: guest.note } } }, values);
    }
    return true;
  }

  // --- transfer -----------------------------------------------------------------------------------------

  /** @param {Desk.Guest} guest */
  #openTransfer(guest) {
    const desk = this.#actions.getDesk();
    if (!desk) return;
    const form = getForm("transfer-form");
    form.reset();
    refreshAddressHint(form);
    fillForm(form, { company: guest.company });
    const isMembers = desk.findTicket(guest.ticket)?.needs_member ?? false;
    getElement("transfer-member").hidden = !isMembers;
    getElement("transfer-email-optional").hidden = isMembers;
    showMessage("transfer-email-hint", isMembers ? formatText("transfer.member_hint") : "");
    // The membership says which company it is.
    getElement("transfer-company-field").hidden = isMembers;
    getElement("transfer-title").textContent = formatText("transfer.title", { name: formatName(guest) });
    showMessage("transfer-problem", "");
    getDialog("transfer-dialog").showModal();
  }

  async #transfer() {
    const [desk, guest] = [this.#actions.getDesk(), this.#guest];
    if (!desk || !guest) return;
    const values = readTexts(getForm("transfer-form"));
    const problem = findTransferProblem(guest, values, desk.findTicket(guest.ticket));
    if (problem) return showMessage("transfer-problem", formatText(problem));
    const before = pickTexts(guest);
    await desk.add(guest.reference, { kind: "substitute", values: { ...values, before } }, values);
    this.close();
    this.#actions.showTransferred(guest.reference);
  }

  // --- badges -------------------------------------------------------------------------------------------

  /** @param {Desk.Guest} guest */
  #makeReprintButtons(guest) {
    if (!guest.printed_at || !guest.code) return [];
    const { printBadge, recordPrint } = this.#actions;
    if (!guest.next_code) {
      return [
        makeElement("p", "", formatText("reprint.no_next")),
        makeButton(formatText("reprint.same"), () => this.#saveAndLeave(printBadge), "button quiet small"),
      ];
    }
    return [
      makeElement("p", "label", formatText("reprint.why")),
      ...REPRINT_REASONS.map((reason) => {
        const reprint = () => this.#saveAndLeave((saved) => recordPrint(saved, reason));
        return makeButton(formatText(`reprint.${reason}`), reprint, "button quiet small");
      }),
    ];
  }
}
