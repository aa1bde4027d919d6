/** The two dialogs: the state of this phone, and a code typed by hand. */

import { canRenew, renew } from "./install.js";
import { part, say, tell } from "./page.js";
import { check, drawChecks } from "./readiness.js";
import { play } from "./sounds.js";
import { countWaiting } from "./store.js";

const REDRAW_MS = 1000;

/**
 * @typedef {object} Actions
 * @property {() => boolean} isReaderLoaded
 * @property {() => Promise<unknown>} sendAndRefresh
 * @property {(text: string) => unknown} type
 * @property {() => Promise<void>} leave
 */

/** Connect the menu's buttons. @param {Actions} actions */
export function connectMenu(actions) {
  const draw = async () => drawChecks(await check(actions.isReaderLoaded()));
  setInterval(() => part("menu").open && draw(), REDRAW_MS);
  part("menu-open").addEventListener("click", async () => {
    tell("menu-error", "");
    part("update-now").hidden = !canRenew();
    part("menu").showModal();
    await draw();
  });
  part("send-now").addEventListener("click", () => actions.sendAndRefresh().then(draw));
  part("update-now").addEventListener("click", renew);
  part("test-sound").addEventListener("click", () => {
    play("admitted");
    draw();
  });
  part("leave").addEventListener("click", () => leave(actions));
}

async function leave(actions) {
  const count = await countWaiting();
  if (count) return tell("menu-error", say("pair.cannot_leave", { count }));
  part("menu").close();
  await actions.leave();
}

/** Write what waits to be sent. */
export function drawQueue({ waiting, isSending, trouble }) {
  const calm = waiting ? say("queue.waiting", { count: waiting }) : say("queue.empty");
  const busy = isSending ? say("queue.sending") : calm;
  part("queue").textContent = trouble && waiting ? say("queue.trouble", { status: trouble }) : busy;
}

/** Connect the dialog for typed codes. @param {Actions} actions */
export function connectTyping(actions) {
  const dialog = part("type-dialog");
  part("type-open").addEventListener("click", () => {
    part("type-form").reset();
    tell("type-error", "");
    dialog.showModal();
  });
  part("type-close").addEventListener("click", () => dialog.close());
  part("type-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = part("type-text").value.trim();
    if (text.length < 8) return tell("type-error", say("manual.unreadable"));
    dialog.close();
    actions.type(text);
  });
  part("type-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    part("type-form").requestSubmit();
  });
}
