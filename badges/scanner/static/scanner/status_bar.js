/** Show the state that operators need at all times: connection, age of the list, pending scans, checkpoint, headcount. */

import { countInside, countPendingScans, getPairing } from "./database.js";
import { formatText, getElement, language } from "./page.js";

const FRESH_MS = 25_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

// The browser's guess, until the server has answered or not.
let hasConnection = navigator.onLine;

export const isOnline = () => hasConnection;

/** @param {boolean} isOnline whether the server answered */
export function showConnection(isOnline) {
  hasConnection = isOnline;
  getElement("connection").textContent = formatText(isOnline ? "strip.online" : "strip.offline");
  getElement("connection").classList.toggle("is-offline", !isOnline);
}

/** Draw everything from the database. */
export async function drawStatusBar() {
  const pairing = await getPairing();
  if (!pairing) return;
  const checkpoint = pairing.checkpoints.find(({ id }) => id === pairing.device.checkpoint);
  const ageMs = Date.now() - pairing.fetched_at;
  showConnection(hasConnection);
  getElement("checkpoint").textContent = checkpoint?.name ?? "";
  getElement("event").textContent = (language === "en" && pairing.event.name_en) || pairing.event.name;
  getElement("list-age").textContent = formatAge(ageMs);
  getElement("list-age").classList.toggle("is-emphasized", ageMs > FRESH_MS);
  showPendingCount(await countPendingScans());
  if (!checkpoint) return;
  getElement("inside").textContent = formatText("strip.inside", { count: await countInside(checkpoint.door) });
}

/** @param {number} count */
export function showPendingCount(count) {
  const element = getElement("pending");
  element.textContent = count ? formatText("strip.pending", { count }) : formatText("strip.sent");
  element.classList.toggle("is-emphasized", count > 0);
  element.dataset.count = String(count);
}

/** @param {number} ageMs */
function formatAge(ageMs) {
  if (ageMs < FRESH_MS) return formatText("strip.fresh");
  if (ageMs < 2 * MINUTE_MS) return formatText("strip.seconds", { count: Math.round(ageMs / 1000) });
  if (ageMs < 2 * HOUR_MS) return formatText("strip.minutes", { count: Math.round(ageMs / MINUTE_MS) });
  return formatText("strip.hours", { count: Math.round(ageMs / HOUR_MS) });
}
