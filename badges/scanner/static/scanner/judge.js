/** One scan: identify, decide, keep. Nothing is shown before it is stored. */

import { decryptRecord, identify, makeRegistrationKey } from "./identify.js";
import { keepScan, lookUp } from "./store.js";
import { ADMITTED, decideVerdict, UNVERIFIED } from "./verdict.js";

const LONGEST_CODE = 4096;

/**
 * @typedef {object} Outcome What the screen shows of a scan.
 * @property {string} id
 * @property {string} verdict
 * @property {string} reason
 * @property {string} codeStatus
 * @property {"in" | "out"} direction
 * @property {number} at by the phone's clock
 * @property {{name: string, company: string, ticket: string, ticket_en?: string, note: string} | null} person
 * @property {{entered_at: string | null, gate: string} | null} presence as it was before this scan
 * @property {object} item what is sent
 */

/**
 * @param {string[]} readings what the text may have been, likeliest first
 * @param {"in" | "out"} direction
 * @param {import("./store.js").Pairing} pairing
 * @param {string} reason kept with the scan where it is a correction, or a supervisor's word to admit
 * @returns {Promise<Outcome>}
 */
export async function judge(readings, direction, pairing, reason = "") {
  const at = Date.now();
  const door = pairing.checkpoints.find(({ id }) => id === pairing.device.checkpoint);
  const identity = await identify(readings, pairing.keys);
  const known = await knownOf(identity, door);
  const isOverridden = direction === "in" && reason !== "";
  const decision = decideVerdict({ ...factsOf(identity, known, door), has_override: isOverridden, direction, at: at + offsetOf(pairing) });
  const outcome = { id: crypto.randomUUID(), ...decision, codeStatus: known.codeStatus, direction, at, person: known.person };
  const item = { ...itemOf(outcome, identity, pairing), override_reason: reason };
  const presence = presenceAfter(outcome, known, door, pairing);
  item.at_door = presence ? `${door.door}/${known.key}` : null;
  outcome.item = await keepScan(item, presence);
  outcome.presence = known.presence ?? null;
  return outcome;
}

/** Take an entry back: an exit of the same badge, said to be a correction. */
export async function undo(outcome, pairing) {
  return judge([outcome.item.code], "out", pairing, `undo ${outcome.id}`);
}

const offsetOf = (pairing) => pairing.clock_offset_ms ?? 0;

/** What the phone knows of a badge: its record, its holder, where it was last. */
async function knownOf(identity, door) {
  if (identity.codeStatus !== "valid") return { codeStatus: identity.codeStatus, person: null };
  const key = await makeRegistrationKey(identity.claim.registration);
  const { registration, presence } = await lookUp(key, door.door);
  const isCurrent = !registration || registration.badge_version === identity.claim.badgeVersion;
  const person = registration && isCurrent ? await decryptRecord(identity.claim.token, registration.sealed) : null;
  const isProven = identity.isChecked || !registration || !isCurrent || person !== null;
  return { codeStatus: isProven ? "valid" : "forged", key, registration, presence, isCurrent, person };
}

function factsOf(identity, { codeStatus, registration, presence, isCurrent, person }, door) {
  return {
    source: "device",
    code_status: codeStatus,
    registration_state: registration?.state ?? "unknown",
    is_current: isCurrent ?? true,
    booking_status: bookingStatusOf(person, door),
    opens_at: momentOf(door.opens_at),
    closes_at: momentOf(door.closes_at),
    is_strict: door.is_strict,
    is_inside: presence?.is_inside ?? false,
    is_same_device: presence?.is_mine ?? false,
    last_read_at: momentOf(presence?.read_at),
  };
}

/** Whether a seat is booked where the door's session takes bookings; an unknown badge is judged as such before. */
function bookingStatusOf(person, door) {
  if (door.session == null) return "open";
  return person?.sessions?.includes(door.session) ? "booked" : "missing";
}

const momentOf = (time) => (time ? Date.parse(time) : null);

function itemOf(outcome, { code }, pairing) {
  return {
    id: outcome.id,
    event: pairing.event.slug,
    code: code.slice(0, LONGEST_CODE),
    direction: outcome.direction,
    at: new Date(outcome.at).toISOString(),
    checkpoint: pairing.device.checkpoint,
    clock_offset_ms: pairing.clock_offset_ms ?? null,
    local_verdict: outcome.verdict,
    snapshot: pairing.sequence,
  };
}

/** Where the badge is after this scan; null if the scan changes nothing. */
function presenceAfter(outcome, known, door, pairing) {
  const hasPassed = outcome.verdict === ADMITTED || (outcome.verdict === UNVERIFIED && outcome.reason === "unknown");
  if (!known.key || !hasPassed) return null;
  const now = new Date(outcome.at + offsetOf(pairing)).toISOString();
  const before = settled(known.presence);
  const after = { ...before, key: known.key, door: door.door, read_at: now, is_mine: true, pending: outcome.id, before };
  if (outcome.direction === "out") return { ...after, is_inside: false, left_at: now };
  return { ...after, is_inside: true, entered_at: now, gate: door.name };
}

/** A presence without what waits on it. */
function settled(presence) {
  if (!presence) return null;
  const { pending: _pending, before: _before, ...plain } = presence;
  return plain;
}
