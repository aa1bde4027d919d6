/**
 * Measure time by the page's monotonic clock, which users cannot set. The wall clock is used only while the
 * monotonic one stops: when the page is closed or the phone asleep.
 */

const PAGE_ID_BYTES = 16;

/** The id of this page load: times of one page load can be compared without a wall clock. */
export const PAGE_ID = makePageId();

function makePageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(PAGE_ID_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return the milliseconds since the page was loaded, as a whole number. */
export const getElapsedMs = () => Math.round(performance.now());

const isHidden = () => globalThis.document?.hidden ?? false;

let awakeMs = performance.now();
let lastWallMs = Date.now();
let lastElapsedMs = performance.now();
let wasHidden = isHidden();

/**
 * Return the milliseconds since the page was loaded, time asleep included. Call it at least each second.
 *
 * Monotonic clocks may stop while a phone sleeps. A wall clock that runs ahead of them shows how long, but only if
 * the page was hidden meanwhile; otherwise the clock was set.
 */
export function measurePageAge() {
  const [wallMs, elapsedMs] = [Date.now(), performance.now()];
  const monotonic = elapsedMs - lastElapsedMs;
  awakeMs += wasHidden ? Math.max(monotonic, wallMs - lastWallMs) : monotonic;
  [lastWallMs, lastElapsedMs, wasHidden] = [wallMs, elapsedMs, isHidden()];
  return awakeMs;
}

globalThis.document?.addEventListener("visibilitychange", measurePageAge);

/**
 * Return a reading of the server's clock, taken from its answer.
 * @param {number} serverMs
 * @param {number} wallMs the wall clock halfway between request and answer
 * @returns {Scanner.ClockReading}
 */
export function makeClockReading(serverMs, wallMs) {
  const receivedMs = Date.now();
  return { page: PAGE_ID, page_age_ms: measurePageAge(), server_ms: serverMs + receivedMs - wallMs, wall_ms: receivedMs };
}

/**
 * Return the server's time now, in milliseconds since 1970, as well as this device can tell offline.
 * @param {Pick<Scanner.Pairing, "clock" | "clock_offset_ms">} pairing
 */
export function estimateServerTime({ clock, clock_offset_ms }) {
  if (!clock) return Date.now() + (clock_offset_ms ?? 0);
  // A reading of an earlier page load can only be aged by the wall clock, which may have been set back.
  const ageMs = clock.page === PAGE_ID ? measurePageAge() - clock.page_age_ms : Math.max(0, Date.now() - clock.wall_ms);
  return clock.server_ms + ageMs;
}

/**
 * Return whether the pairing has expired by every clock, so that one that was set does not erase the list.
 * @param {Scanner.Pairing} pairing
 */
export function hasPairingExpired(pairing) {
  const wallMs = Date.now();
  const clocks = [estimateServerTime(pairing), wallMs, wallMs + (pairing.clock_offset_ms ?? 0)];
  return Math.min(...clocks) > Date.parse(pairing.device.expires_at);
}
