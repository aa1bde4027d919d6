/** Connect the two dialogs: the state of this device, and a code typed by hand. */

import { getPairing, getSetting, listAllPendingScans, saveSetting } from "./database.js";
import { canInstall, canUpdate, offerInstallation, updateApp } from "./installation.js";
import { formatText, getElement, showMessage } from "./page.js";
import { checkReadiness, showReadiness } from "./readiness.js";
import { describeTypedProblem } from "./search.js";
import { playSound } from "./sounds.js";

const REDRAW_MS = 1000;

/**
 * @typedef {object} MenuActions
 * @property {() => boolean} isReaderLoaded
 * @property {() => Promise<unknown>} sendAndRefresh
 * @property {() => void} testBadge
 * @property {(checkpoint: number) => Promise<string>} changeCheckpoint returns why it failed, "" if it did not
 * @property {() => Promise<void>} unpair
 */

/** @param {MenuActions} actions */
export function connectMenu(actions) {
  const draw = async () => {
    showReadiness(await checkReadiness(actions.isReaderLoaded()));
    getElement("install-now").hidden = !canInstall();
  };
  setInterval(() => getElement("menu").open && draw(), REDRAW_MS);
  getElement("menu-open").addEventListener("click", async () => {
    showMessage("menu-error", "");
    getElement("leave-anyway").hidden = true;
    getElement("update-now").hidden = !canUpdate();
    getElement("operator").value = (await getSetting("operator")) ?? "";
    await showCheckpoints();
    getElement("menu").showModal();
    await draw();
  });
  getElement("send-now").addEventListener("click", () => actions.sendAndRefresh().then(draw));
  getElement("update-now").addEventListener("click", updateApp);
  getElement("install-now").addEventListener("click", () => offerInstallation().then(draw));
  getElement("operator").addEventListener("change", () => saveSetting("operator", getElement("operator").value.trim()));
  getElement("checkpoint-list").addEventListener("change", async () => {
    showMessage("menu-error", await actions.changeCheckpoint(Number(getElement("checkpoint-list").value)));
    await showCheckpoints();
  });
  getElement("test-sound").addEventListener("click", () => {
    playSound("admitted");
    draw();
  });
  getElement("test-badge").addEventListener("click", () => {
    getElement("menu").close();
    actions.testBadge();
  });
  getElement("leave").addEventListener("click", () => unpairOrWarn(actions));
  getElement("leave-anyway").addEventListener("click", () => leave(actions));
}

/** List the checkpoints to which this device may move. */
async function showCheckpoints() {
  const pairing = await getPairing();
  const { can_change_checkpoint: canChange, checkpoint: currentId } = pairing?.device ?? {};
  getElement("checkpoint-choice").hidden = !canChange;
  const options = (pairing?.checkpoints ?? []).map(
    ({ id, name }) => new Option(name, String(id), false, id === currentId),
  );
  getElement("checkpoint-list").replaceChildren(...options);
}

/**
 * Unpair, after a warning if scans would wait on this phone until it is paired with their event again.
 * @param {MenuActions} actions
 */
async function unpairOrWarn(actions) {
  const { length: count } = await listAllPendingScans();
  if (!count) return leave(actions);
  showMessage("menu-error", formatText("pair.leave_pending", { count }));
  getElement("leave-anyway").hidden = false;
  getElement("leave-anyway").focus();
}

/** @param {MenuActions} actions */
async function leave(actions) {
  getElement("menu").close();
  await actions.unpair();
}

/** @param {Scanner.QueueState} state */
export function showQueue(state) {
  getElement("queue").textContent = describeQueue(state);
  const { otherCount: count, otherEvents } = state;
  showMessage("other-queue", count ? formatText("queue.other_event", { count, event: otherEvents.join(", ") }) : "");
}

/** @param {Scanner.QueueState} state */
function describeQueue({ pendingCount: count, isSending, errorStatus }) {
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
    const problem = describeTypedProblem(text);
    if (problem) return showMessage("type-error", problem);
    onCode(text);
  });
  // The field is a textarea, because a code fills several lines; Enter submits it all the same.
  getElement("type-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    getElement("type-form").requestSubmit();
  });
}
