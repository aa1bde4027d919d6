/** Describe a guest in short: ticket, state, payment, arrival, badge and note. */

import { formatMoney, formatText, formatTime, makeElement } from "./page.js";

/** @typedef {import("./desk_state.js").DeskState} DeskState */

/**
 * Return what is owed, with the number of people whose order owes it if there are several.
 * @param {Desk.Guest} guest
 * @param {string} currency
 */
function describePayment({ payment, amount_due_cents, order_size }, currency) {
  if (payment === "free") return "";
  const prefix = order_size > 1 ? "group_payment" : "payment";
  return formatText(`${prefix}.${payment}`, { amount: formatMoney(amount_due_cents, currency), count: order_size });
}

/**
 * @param {Desk.Guest} guest
 * @param {string} zone
 */
function describeArrival({ state, is_inside, arrived_at }, zone) {
  if (is_inside || arrived_at) {
    const time = arrived_at ? formatTime(arrived_at, zone) : "";
    return formatText(is_inside ? "facts.inside" : "facts.left", { time });
  }
  return state === "confirmed" ? formatText("facts.not_arrived") : "";
}

/**
 * @param {DeskState} desk
 * @param {Desk.Guest} guest
 */
export function drawFacts(desk, guest) {
  const zone = desk.data?.event.timezone ?? "UTC";
  const facts = makeElement("p", "cluster");
  const tags = [
    desk.findTicket(guest.ticket)?.title,
    guest.state === "confirmed" ? "" : formatText(`state.${guest.state}`),
    describePayment(guest, desk.data?.currency ?? "EUR"),
    describeArrival(guest, zone),
    guest.printed_at ? formatText("facts.printed", { time: formatTime(guest.printed_at, zone) }) : "",
    guest.no_photo ? formatText("facts.no_photo") : "",
    guest.isPending ? formatText("facts.pending") : "",
  ];
  facts.append(...tags.filter((text) => text).map((text) => makeElement("span", "tag", text)));
  if (guest.note) facts.append(makeElement("strong", "", guest.note));
  return facts;
}
