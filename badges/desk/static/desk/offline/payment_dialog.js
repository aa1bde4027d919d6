/** The dialog in which a guest's payment is recorded, or their order sent an invoice instead. */

import { fillForm, getDialog, getForm, readForm } from "./forms.js";
import { formatName, parseCents } from "./guests.js";
import { formatMoney, formatText, getElement, showMessage } from "./page.js";

/** @typedef {import("./desk_state.js").DeskState} DeskState */

/**
 * What the desk does for the dialog.
 * @typedef {object} PaymentActions
 * @property {() => DeskState | null} getDesk
 * @property {(action: () => Promise<void>) => void} runOnce
 * @property {(reference: string, text: string) => void} showSettled
 */

/**
 * Return whether the staff may take a payment of this guest.
 * @param {DeskState} desk
 * @param {Desk.Guest} guest
 */
export function canPay(desk, { payment, amount_due_cents }) {
  return Boolean(desk.data?.takes_payments) && ["to_pay", "to_invoice"].includes(payment) && amount_due_cents > 0;
}

export class PaymentDialog {
  #actions;
  /** The reference of the guest in the dialog. */
  #reference = "";

  /** @param {PaymentActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  listen() {
    getForm("payment-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.#actions.runOnce(() => this.#recordPayment());
    });
    getElement("payment-invoice").addEventListener("click", () => this.#actions.runOnce(() => this.#sendInvoice()));
  }

  /** Close the dialog and remove everything about the guest from it. */
  clear() {
    getDialog("payment-dialog").close();
    getElement("payment-due").replaceChildren();
    getForm("payment-form").reset();
    this.#reference = "";
  }

  /** @param {Desk.Guest} guest */
  open(guest) {
    const desk = this.#actions.getDesk();
    if (!desk?.data) return;
    this.clear();
    this.#reference = guest.reference;
    const { amount_due_cents: cents } = guest;
    const values = { name: formatName(guest), amount: formatMoney(cents, desk.data.currency) };
    getElement("payment-due").textContent = formatText("payment.due", values);
    fillForm(getForm("payment-form"), { amount: (cents / 100).toFixed(cents % 100 ? 2 : 0) });
    getElement("payment-invoice").hidden = guest.payment !== "to_pay";
    showMessage("payment-problem", "");
    getDialog("payment-dialog").showModal();
  }

  async #recordPayment() {
    const desk = this.#actions.getDesk();
    const guest = desk?.findGuest(this.#reference);
    if (!desk || !guest) return;
    const { method, note, ...typed } = readForm(getForm("payment-form"));
    const amount = parseCents(typed.amount);
    if (!amount) return showMessage("payment-problem", formatText("payment.no_amount"));
    if (amount > guest.amount_due_cents) return showMessage("payment-problem", formatText("payment.too_much"));
    if (!method) return showMessage("payment-problem", formatText("payment.no_method"));
    await desk.add(guest.reference, { kind: "payment", values: { amount, method, note } }, guest);
    this.clear();
    this.#actions.showSettled(guest.reference, formatText("payment.recorded"));
  }

  async #sendInvoice() {
    const desk = this.#actions.getDesk();
    const guest = desk?.findGuest(this.#reference);
    if (!desk || !guest) return;
    await desk.add(guest.reference, { kind: "invoice", values: {} }, guest);
    this.clear();
    this.#actions.showSettled(guest.reference, formatText("payment.invoiced"));
  }
}
