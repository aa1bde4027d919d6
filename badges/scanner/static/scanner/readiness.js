/** Is this phone ready for the doors? Each point with a sentence, good or bad. */

import { canVerify } from "./codes.js";
import { isInstalled } from "./install.js";
import { part, say } from "./page.js";
import { isUnlocked } from "./sounds.js";
import { countRegistrations, pairing } from "./store.js";

const CLOCK_LIMIT_MS = 2000;

/** Ask the browser to keep our storage when space runs short. */
export async function protect() {
  return (await navigator.storage?.persisted?.()) || (await navigator.storage?.persist?.()) || false;
}

/**
 * Look at everything.
 * @param {boolean} isReaderLoaded
 * @returns {Promise<{isReady: boolean, points: {name: string, isGood: boolean, text: string}[]}>}
 */
export async function check(isReaderLoaded) {
  const held = await pairing();
  const count = await countRegistrations();
  const skew = held?.clock_offset_ms ?? 0;
  const points = [
    point("list", Boolean(held?.fetched_at), { count }),
    point("app", await isInstalled()),
    point("reader", isReaderLoaded),
    point("signature", await canVerify()),
    point("storage", Boolean(await navigator.storage?.persisted?.())),
    point("sound", isUnlocked()),
    point("clock", Math.abs(skew) <= CLOCK_LIMIT_MS, { count: Math.round(Math.abs(skew) / 1000) }),
  ];
  const needed = points.filter(({ name }) => ["list", "app", "reader"].includes(name));
  return { isReady: needed.every(({ isGood }) => isGood), points };
}

function point(name, isGood, values = {}) {
  return { name, isGood, text: say(isGood ? `ready.${name}` : `ready.no_${name}`, values) };
}

/** Write the list into the menu. */
export function drawChecks({ isReady, points }) {
  part("ready").textContent = say(isReady ? "ready.yes" : "ready.no");
  part("ready").dataset.ready = isReady;
  const lines = points.map(({ name, isGood, text }) => {
    const line = document.createElement("li");
    line.dataset.check = name;
    line.classList.toggle("is-missing", !isGood);
    line.textContent = text;
    return line;
  });
  part("checks").replaceChildren(...lines);
}
