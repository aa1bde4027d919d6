/** Draw the entries that the server could not apply as they were, with what was typed. */

import { formatName, listTypedTexts } from "./guests.js";
import { formatMoney, formatText, formatTime, makeButton, makeElement } from "./page.js";

/**
 * @param {Desk.StoredEntry} storedEntry
 * @param {{zone: string, currency: string}} event
 * @param {{open: (() => void) | null, resolve: () => void}} actions `open` shows the guest, if the device has them
 */
export function drawProblem({ entry, name, result }, { zone, currency }, actions) {
  const item = makeElement("li");
  const typed = listTypedTexts(entry);
  const details = [
    formatText("entry.made_at", { time: formatTime(entry.at, zone) }),
    entry.kind === "substitute" ? formatText("entry.replaced", { name: formatName(entry.values.before) }) : "",
    entry.kind === "payment" ? formatText("entry.amount", { amount: formatMoney(entry.values.amount, currency) }) : "",
    typed.length ? formatText("entry.typed", { values: typed.join(" · ") }) : "",
  ];
  const buttons = makeElement("p", "cluster");
  if (actions.open) buttons.append(makeButton(formatText("open"), actions.open, "button quiet small"));
  buttons.append(makeButton(formatText("resolve"), actions.resolve, "button quiet small"));
  item.append(
    makeElement("p", "listing-title", formatText(`entry.${entry.kind}`, { name })),
    makeElement("p", "", `${formatText(`result.${result?.state}`)} ${result?.sentence ?? ""}`),
    ...details.filter((text) => text).map((text) => makeElement("p", "muted small", text)),
    buttons,
  );
  return item;
}
