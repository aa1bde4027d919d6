/**
 * Derive the facts of a verdict from rows of the snapshot and this device's own scans since, as
 * badges/attendance/scanning/device_facts.py does. tests/badges/attendance/test_device_facts.py compares both.
 */

import { ADMITTED, ENTRY_LIFETIME_MS, UNVERIFIED } from "./verdict.js";

/**
 * Return the facts of a reading at the device's checkpoint, for decideVerdict.
 * @param {Scanner.Reading} reading
 * @param {Scanner.DeviceData} data the snapshot's rows for the badge and for the checkpoint's door
 * @returns {Partial<Scanner.VerdictFacts>}
 */
export function deriveDeviceFacts(reading, data) {
  const { checkpoint, record, presence, limit, unsentScans, sentScans } = data;
  // A newer badge is genuine: this list is from before it was reprinted or the place transferred.
  const isNewer = data.registration !== null && reading.badgeVersion > data.registration.badge_version;
  const registration = isNewer ? null : data.registration;
  const scans = listEffectiveScans([...sentScans, ...unsentScans], checkpoint.door);
  const ownScans = scans.filter(({ key }) => key === reading.key);
  return {
    source: "device",
    code_status: reading.codeStatus,
    registration_state: registration?.state ?? "unknown",
    is_current: !registration || registration.badge_version === reading.badgeVersion,
    entitlement: findEntitlement(record, checkpoint),
    direction: reading.direction,
    at: reading.at,
    opens_at: parseTime(checkpoint.opens_at),
    closes_at: parseTime(checkpoint.closes_at),
    is_strict: checkpoint.is_strict,
    places_left: countLeasedPlaces(limit, listEffectiveScans(unsentScans, checkpoint.door), reading.at),
    ...findLastEntry(presence, ownScans),
    has_override: reading.hasOverride,
  };
}

/**
 * Return the scans at this door that changed who is inside, without those taken back, in order.
 * @param {Scanner.DeviceScan[]} scans
 * @param {number} door
 */
export function listEffectiveScans(scans, door) {
  const undoneIds = new Set(scans.map(({ undoes }) => undoes).filter(Boolean));
  const knownIds = new Set(scans.map(({ id }) => id));
  // An undo of a scan that the snapshot contains counts as a move back, as the server will apply it.
  return scans.filter(
    (scan) => scan.door === door && !undoneIds.has(scan.id) && (scan.undoes ? !knownIds.has(scan.undoes) : scan.let_in),
  );
}

/**
 * Return whether the badge is inside, whether this device read its last entry, and when that was.
 * @param {Scanner.PresenceFacts | null} presence
 * @param {Scanner.DeviceScan[]} scans
 */
export function findLastEntry(presence, scans) {
  let last_read_at = parseTime(presence?.read_at);
  let is_inside = presence?.is_inside ?? false;
  let is_same_device = presence?.is_mine ?? false;
  for (const { direction, undoes, at } of scans) {
    // An undo has the direction of the scan that it takes back.
    if (undoes) is_inside = direction === "out";
    else if (direction === "out") is_inside = false;
    else if (!is_inside || last_read_at === null || at - last_read_at >= ENTRY_LIFETIME_MS) {
      [is_inside, is_same_device, last_read_at] = [true, true, at];
    }
  }
  return { is_inside, is_same_device, last_read_at };
}

/**
 * Return how many more people this device may let in; null without a capacity.
 * @param {Scanner.CapacityLimit | null} limit
 * @param {Scanner.DeviceScan[]} scans
 * @param {number} at
 */
export function countLeasedPlaces(limit, scans, at) {
  if (!limit) return null;
  const expiresAt = parseTime(limit.lease_expires_at);
  if (expiresAt !== null && expiresAt <= at) return 0;
  const moves = scans.filter(({ changes_inside }) => changes_inside);
  // An exit that was taken back takes a place; an entry that was taken back frees one with the next lease.
  const entered = moves.filter(({ direction, undoes }) => (direction === "in") !== Boolean(undoes)).length;
  const left = moves.filter((scan) => scan.direction === "out" && !scan.undoes && !scan.is_of_former_pairing).length;
  // An exit frees a place only once no more than the capacity are inside.
  const freed = Math.max(0, left - Math.max(0, limit.inside - limit.capacity));
  return Math.max(0, limit.lease - entered + freed);
}

/**
 * Return whether the badge moves in or out if its holder passes now.
 * @param {Pick<Scanner.VerdictFacts, "is_inside" | "direction" | "at" | "last_read_at">} facts
 */
export function changesInside({ is_inside, direction, at, last_read_at }) {
  const hasExpired = last_read_at !== null && at - last_read_at >= ENTRY_LIFETIME_MS;
  return (is_inside && !hasExpired) === (direction === "out");
}

/**
 * Return whether the holder may enter here: by booking, where the session takes bookings, and by ticket or add-on.
 * @param {Pick<Scanner.BadgeRecord, "sessions" | "ticket_id" | "addons"> | null} record
 * @param {Pick<Scanner.Checkpoint, "session" | "tickets" | "addon">} checkpoint
 * @returns {Scanner.VerdictFacts["entitlement"]}
 */
export function findEntitlement(record, { session, tickets, addon }) {
  if (session !== null && !record?.sessions?.includes(session)) return "not_booked";
  if (!tickets.length && addon === null) return session === null ? "open" : "included";
  const hasTicket = record?.ticket_id !== undefined && tickets.includes(record.ticket_id);
  const hasAddon = addon !== null && Boolean(record?.addons?.includes(addon));
  return hasTicket || hasAddon ? "included" : "not_entitled";
}

/**
 * Return whether the attendee passes if the operator takes no action.
 * @param {Scanner.Decision} decision
 */
export function letsInByDefault({ verdict, reason }) {
  return verdict === ADMITTED || (verdict === UNVERIFIED && reason === "unknown");
}

/** @param {string | null | undefined} time */
const parseTime = (time) => (time ? Date.parse(time) : null);
