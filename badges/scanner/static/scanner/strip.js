/** The permanent strip: online or not, how old the list is, what waits, which door, how many inside. */

import { language, part, say } from "./page.js";
import { countInside, countWaiting, pairing } from "./store.js";

const FRESH_MS = 25_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let isReached = navigator.onLine;

/** The server answered, or did not. */
export function reached(isOnline) {
  isReached = isOnline;
  part("connection").textContent = say(isReached ? "strip.online" : "strip.offline");
  part("connection").classList.toggle("is-off", !isReached);
}

/** Whether the server answered last time. */
export const isOnline = () => isReached;

/** Draw the whole strip from what the phone holds. */
export async function draw() {
  const held = await pairing();
  if (!held) return;
  const door = held.checkpoints.find(({ id }) => id === held.device.checkpoint);
  reached(isReached);
  part("checkpoint").textContent = door?.name ?? "";
  part("event").textContent = (language === "en" && held.event.name_en) || held.event.name;
  part("age").textContent = ageOf(Date.now() - held.fetched_at);
  part("age").classList.toggle("is-told", Date.now() - held.fetched_at > FRESH_MS);
  drawPending(await countWaiting());
  if (door) part("inside").textContent = say("strip.inside", { count: await countInside(door.door) });
}

/** How many scans wait. */
export function drawPending(count) {
  part("pending").textContent = count ? say("strip.pending", { count }) : say("strip.sent");
  part("pending").classList.toggle("is-told", count > 0);
  part("pending").dataset.count = count;
}

function ageOf(age) {
  if (age < FRESH_MS) return say("strip.fresh");
  if (age < 2 * MINUTE_MS) return say("strip.seconds", { count: Math.round(age / 1000) });
  if (age < 2 * HOUR_MS) return say("strip.minutes", { count: Math.round(age / MINUTE_MS) });
  return say("strip.hours", { count: Math.round(age / HOUR_MS) });
}
