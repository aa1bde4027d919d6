/** What the staff can do next for the guest who is shown on the card. */

import { makeOverrideForm } from "./override_form.js";
import { formatText, makeButton, makeElement } from "./page.js";
import { canPay } from "./payment_dialog.js";

/**
 * What the desk does for the buttons.
 * @typedef {object} ServingActions
 * @property {() => import("./desk_state.js").DeskState | null} getDesk
 * @property {(action: () => Promise<void>) => void} runOnce
 * @property {(guest: Desk.Guest, reason?: string) => Promise<void>} checkIn
 * @property {(guest: Desk.Guest) => Promise<void>} print
 * @property {(guest: Desk.Guest) => void} takePayment
 */

export class CardActions {
  #actions;

  /** @param {ServingActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  /**
   * Return what comes after a transfer or a payment.
   * @param {Desk.Guest} guest
   */
  listAfterChange(guest) {
    const payment = this.#listPayment(guest);
    if (guest.state !== "confirmed") return payment;
    return [...this.#listCheckIn(guest), this.#makeButton("print", guest, this.#actions.print), ...payment];
  }

  /**
   * Return what comes after a walk-in was registered and their badge printed.
   * @param {Desk.Guest} guest
   */
  listAfterRegistration(guest) {
    // As online: the badge may be for later, and who is inside is counted at the door.
    return [...this.#listCheckIn(guest), ...this.#listPayment(guest)];
  }

  /**
   * Return what comes after a check-in, apart from undoing it.
   * @param {Desk.Guest} guest
   */
  listAfterCheckIn(guest) {
    const print = guest.state === "confirmed" ? [this.#makeButton("print", guest, this.#actions.print)] : [];
    return [...(guest.payment === "to_pay" ? this.#listPayment(guest) : []), ...print];
  }

  /**
   * Return what can be done for a guest who cannot be checked in as they are.
   * @param {Desk.Guest} guest
   */
  listAfterRefusal(guest) {
    if (guest.is_inside) return [];
    const { runOnce, checkIn } = this.#actions;
    const overrideForm = makeOverrideForm((reason) => runOnce(() => checkIn(guest, reason)));
    if (guest.state !== "pending") return [overrideForm];
    const payment = this.#listPayment(guest);
    const hint = makeElement("p", "", formatText("refusal.offline"));
    return [...(guest.payment === "to_pay" && payment.length ? [] : [hint]), ...payment, overrideForm];
  }

  /** @param {Desk.Guest} guest */
  makePaymentButton(guest) {
    return this.#makeButton("payment.take", guest, async (current) => this.#actions.takePayment(current));
  }

  /** @param {Desk.Guest} guest */
  #listCheckIn(guest) {
    return guest.is_inside ? [] : [this.#makeButton("check_in", guest, this.#actions.checkIn)];
  }

  /** @param {Desk.Guest} guest */
  #listPayment(guest) {
    const desk = this.#actions.getDesk();
    return desk && canPay(desk, guest) ? [this.makePaymentButton(guest)] : [];
  }

  /**
   * Make a button that serves the guest as they are when it is pressed, not as they were when it was drawn.
   * @param {string} text the name of its text
   * @param {Desk.Guest} guest
   * @param {(guest: Desk.Guest) => Promise<void>} action
   */
  #makeButton(text, { reference }, action) {
    const { getDesk, runOnce } = this.#actions;
    const act = async () => {
      const guest = getDesk()?.findGuest(reference);
      if (guest) await action(guest);
    };
    return makeButton(formatText(text), () => runOnce(act));
  }
}
