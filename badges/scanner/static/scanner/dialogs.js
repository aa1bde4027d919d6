/** Connect the two dialogs: the state of this device, and a code typed by hand. */

import { countPendingScans } from "./database.js";
import { canUpdate, updateApp } from "./installation.js";
import { formatText, getElement, showMessage } from "./page.js";
import { checkReadiness, showReadiness } from "./readiness.js";
import { playSound } from "./sounds.js";

const REDRAW_MS = 1000;
const MIN_CODE_LENGTH = 8;

/**
 * @typedef {object} MenuActions
 * @property {() => boolean} isReaderLoaded
 * @property {() => Promise<unknown>} sendAndRefresh
 * @property {() => Promise<void>} unpair
 */

/** @param {MenuActions} actions */
export function connectMenu(actions) {
  const draw = async () => showReadiness(await checkReadiness(actions.isReaderLoaded()));
  setInterval(() => getElement("menu").open && draw(), REDRAW_MS);
  getElement("menu-open").addEventListener("click", async () => {
    showMessage("menu-error", "");
    getElement("update-now").hidden = !canUpdate();
    getElement("menu").showModal();
    await draw();
  });
  getElement("send-now").addEventListener("click", () => actions.sendAndRefresh().then(draw));
  getElement("update-now").addEventListener("click", updateApp);
  getElement("test-sound").addEventListener("click", () => {
    playSound("admitted");
    draw();
  });
  getElement("leave").addEventListener("click", () => unpairIfAllSent(actions));
}

/** @param {MenuActions} actions */
async function unpairIfAllSent(actions) {
  const count = await countPendingScans();
  if (count) return showMessage("menu-error", formatText("pair.cannot_leave", { count }));
  getElement("menu").close();
  await actions.unpair();
}

/** @param {Scanner.QueueState} state */
export function showQueue({ pendingCount, isSending, errorStatus }) {
  getElement("queue").textContent = describeQueue(pendingCount, isSending, errorStatus);
}

/**
 * @param {number} count
 * @param {boolean} isSending
 * @param {number | null} errorStatus
 */
function describeQueue(count, isSending, errorStatus) {
  if (count && errorStatus) return formatText("queue.trouble", { status: errorStatus });
  if (isSending) return formatText("queue.sending");
  return count ? formatText("queue.waiting", { count }) : formatText("queue.empty");
}

/** @param {(text: string) => unknown} onCode */
export function connectTypeDialog(onCode) {
  const dialog = getElement("type-dialog");
  getElement("type-open").addEventListener("click", () => {
    getElement("type-form").reset();
    showMessage("type-error", "");
    dialog.showModal();
  });
  getElement("type-close").addEventListener("click", () => dialog.close());
  getElement("type-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = getElement("type-text").value.trim();
    if (text.length < MIN_CODE_LENGTH) return showMessage("type-error", formatText("manual.unreadable"));
    dialog.close();
    onCode(text);
  });
  // The field is a textarea, because a code fills several lines; Enter still means: check it.
  getElement("type-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    getElement("type-form").requestSubmit();
  });
}
