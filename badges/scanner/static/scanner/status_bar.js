/** Show connection, age of the list, pending scans, checkpoint and headcount, which operators always need. */

import { estimateServerTime } from "./clock.js";
import { countInside, getPairing } from "./database.js";
import { countScans } from "./outbox.js";
import { formatDate, formatText, getElement, language, showMessage } from "./page.js";

const FRESH_MS = 25_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

// The browser's guess, until the first request succeeds or fails.
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
  const ageMs = measureListAge(pairing);
  showConnection(hasConnection);
  getElement("checkpoint").textContent = checkpoint?.name ?? "";
  getElement("event").textContent = (language === "en" && pairing.event.name_en) || pairing.event.name;
  getElement("list-age").textContent = formatAge(ageMs);
  getElement("list-age").classList.toggle("is-emphasized", ageMs > FRESH_MS);
  showPendingCount(await countScans());
  showEarlyNotice(pairing.event);
  if (checkpoint) showHeadcount(pairing, await countInside(checkpoint.door));
}

/**
 * Warn before the day on which the event starts that scans count already.
 * @param {Scanner.EventInfo} event
 */
function showEarlyNotice({ starts_at = new Date().toISOString(), timezone }) {
  // Swedish dates sort as text.
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });
  const isEarly = day.format(new Date()) < day.format(new Date(starts_at));
  showMessage("early-notice", isEarly ? formatText("strip.early", { date: formatDate(starts_at, timezone) }) : "");
}

/** @param {Scanner.PendingCounts} counts */
export function showPendingCount({ pendingCount: count, otherCount, otherEvents }) {
  const element = getElement("pending");
  element.textContent = count ? formatText("strip.pending", { count }) : formatText("strip.sent");
  element.classList.toggle("is-emphasized", count > 0);
  element.dataset.count = String(count);
  const others = getElement("other-pending");
  others.hidden = otherCount === 0;
  others.textContent = formatText("strip.other_pending", { count: otherCount, event: otherEvents.join(", ") });
}

/**
 * Return the milliseconds since the server last confirmed that the list is up to date.
 * @param {Scanner.Pairing} pairing
 */
export function measureListAge(pairing) {
  const wallAgeMs = Date.now() - pairing.fetched_at;
  return pairing.clock ? Math.max(0, estimateServerTime(pairing) - pairing.clock.server_ms) : wallAgeMs;
}

/**
 * Show how many are inside; with a lower and an upper bound while other devices are silent, as the organizers'
 * pages have them (badges/attendance/reports/headcount.py), and with the reason in the menu.
 * @param {Scanner.Pairing} pairing
 * @param {number} count
 */
function showHeadcount({ uncertain_entries, uncertain_exits, devices_silent }, count) {
  const isUncertain = uncertain_entries + uncertain_exits > 0;
  const values = { count, low: Math.max(0, count - uncertain_exits), high: count + uncertain_entries };
  getElement("inside").textContent = formatText(isUncertain ? "strip.inside_between" : "strip.inside", values);
  const reason = formatText("menu.inside_between", { ...values, devices: devices_silent });
  showMessage("headcount-reason", isUncertain ? reason : "");
}

/** @param {number} ageMs */
function formatAge(ageMs) {
  if (ageMs < FRESH_MS) return formatText("strip.fresh");
  if (ageMs < 2 * MINUTE_MS) return formatText("strip.seconds", { count: Math.round(ageMs / 1000) });
  if (ageMs < 2 * HOUR_MS) return formatText("strip.minutes", { count: Math.round(ageMs / MINUTE_MS) });
  return formatText("strip.hours", { count: Math.round(ageMs / HOUR_MS) });
}
