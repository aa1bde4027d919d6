/** Decide a scan and store it. Nothing is shown before it is stored. */

import { estimateServerTime, getElapsedMs, PAGE_ID } from "./clock.js";
import { findBadge, findPresence, getSetting, listAllPendingScans, saveScan } from "./database.js";
import { decryptRecord, identifyBadge, makeRegistrationKey } from "./identify_badge.js";
import { countPlacesLeft } from "./leases.js";
import { ADMITTED, decideVerdict, UNVERIFIED } from "./verdict.js";

const MAX_CODE_LENGTH = 4096;

/**
 * Judge a badge as the server would, as far as this device knows.
 * @param {string[]} readings of the text, likeliest first
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @param {string} reason for a supervisor's override
 * @returns {Promise<Scanner.JudgedBadge>}
 */
export async function judgeBadge(readings, direction, pairing, reason = "") {
  const checkpoint = getCheckpoint(pairing);
  const identity = await identifyBadge(readings, pairing.keys);
  const badge = await loadBadgeFacts(identity, checkpoint);
  const at = estimateServerTime(pairing);
  return { ...(await decide(badge, { checkpoint, pairing, direction, at, reason })), badge, code: identity.code };
}

/**
 * Judge an attendee who was found by name or by the badge's short code.
 * @param {Scanner.FoundRegistration} found
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @returns {Promise<Scanner.JudgedBadge>}
 */
export async function judgeRegistration(found, direction, pairing) {
  const checkpoint = getCheckpoint(pairing);
  const { registration, presence } = await findBadge(found.key, checkpoint.door);
  /** @type {Scanner.BadgeFacts} */
  const badge = { codeStatus: "lookup", key: found.key, registration, presence, isCurrent: true, person: found.person };
  const at = estimateServerTime(pairing);
  const decision = await decide(badge, { checkpoint, pairing, direction, at, reason: "" });
  return { ...decision, badge, code: "", reference: found.registration };
}

/**
 * Store a scan of a judged badge, with the presence that it makes.
 * @param {Scanner.JudgedBadge} judged
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @param {Scanner.ScanOptions} options
 * @returns {Promise<Scanner.Outcome>}
 */
export async function recordScan(judged, direction, pairing, { isLetIn = lets(judged), reason = "", undone = null } = {}) {
  const { verdict, badge } = judged;
  const [id, at] = [crypto.randomUUID(), Date.now()];
  const changed = undone ? await takeBackPresence(undone, id) : makePresence(judged, { id, direction, isLetIn }, pairing);
  const scan = await saveScan(
    {
      id,
      event: pairing.event.slug,
      event_name: pairing.event.name,
      device: pairing.device.id,
      // Upper case as the server reads it, since the signature is over this text.
      ...(judged.reference ? { code: "", registration: judged.reference } : { code: normalizeCode(judged.code) }),
      direction,
      at: new Date(at).toISOString(),
      checkpoint: pairing.device.checkpoint,
      clock_offset_ms: pairing.clock_offset_ms ?? null,
      local_verdict: verdict,
      let_in: isLetIn,
      ...(undone ? { undoes: undone.id } : {}),
      page: PAGE_ID,
      elapsed_ms: getElapsedMs(),
      operator: (await getSetting("operator")) ?? "",
      snapshot: pairing.sequence,
      override_reason: reason,
      presence_id: changed ? `${changed.door}/${changed.key}` : null,
    },
    changed,
  );
  const { codeStatus, person, presence = null } = badge;
  return { id, verdict, reason: judged.reason, codeStatus, direction, at, person, presence, scan, judged, isLetIn };
}

/**
 * Take a scan back: store a scan of the same badge that names it.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Pairing} pairing
 */
export async function undoScan(outcome, pairing) {
  const { code, registration: reference } = outcome.scan;
  const badge = { codeStatus: outcome.codeStatus ?? "valid", person: outcome.person };
  /** @type {Scanner.JudgedBadge} */
  const undone = { verdict: ADMITTED, reason: "undone", badge, code, reference };
  return recordScan(undone, outcome.direction, pairing, { isLetIn: false, undone: outcome });
}

/** @param {string} code */
const normalizeCode = (code) => code.trim().toUpperCase().slice(0, MAX_CODE_LENGTH);

/**
 * Return whether the operator lets this badge pass unless told otherwise: green, or genuine but not on the list.
 * @param {Scanner.Decision} decision
 */
const lets = ({ verdict, reason }) => verdict === ADMITTED || (verdict === UNVERIFIED && reason === "unknown");

/** @param {Scanner.Pairing} pairing */
export function getCheckpoint({ checkpoints, device }) {
  const checkpoint = checkpoints.find(({ id }) => id === device.checkpoint);
  if (!checkpoint) throw new Error("The snapshot lacks the checkpoint of this device.");
  return checkpoint;
}

/**
 * Decide by the facts; where the browser could not check a signature that nothing else proves, leave it to the server.
 * @param {Scanner.BadgeFacts} badge
 * @param {{checkpoint: Scanner.Checkpoint, pairing: Scanner.Pairing, direction: Scanner.Direction, at: number, reason: string}} scan
 * @returns {Promise<Scanner.Decision>}
 */
async function decide(badge, { checkpoint, pairing, direction, at, reason }) {
  if (badge.codeStatus === "unchecked") return { verdict: UNVERIFIED, reason: "unchecked" };
  return decideVerdict({
    ...makeVerdictFacts(badge, checkpoint),
    places_left: pairing.limits?.length ? countPlacesLeft(pairing, checkpoint, at, await listAllPendingScans()) : null,
    has_override: direction === "in" && reason !== "",
    direction,
    at,
  });
}

/**
 * @param {Scanner.BadgeIdentity} identity
 * @param {Scanner.Checkpoint} checkpoint
 * @returns {Promise<Scanner.BadgeFacts>}
 */
async function loadBadgeFacts({ codeStatus, claim, isSignatureChecked }, checkpoint) {
  if (codeStatus !== "valid" || !claim) return { codeStatus, person: null };
  const key = await makeRegistrationKey(claim.registration);
  const { registration, presence } = await findBadge(key, checkpoint.door);
  const isCurrent = !registration || registration.badge_version === claim.badgeVersion;
  const person = registration && isCurrent ? await decryptRecord(claim.token, registration.sealed) : null;
  const facts = { key, registration, presence, isCurrent, person };
  if (isSignatureChecked || person) return { codeStatus: "valid", ...facts };
  // Without Ed25519 in the browser, only a record that the code decrypts proves the code.
  return { codeStatus: registration && isCurrent ? "forged" : "unchecked", ...facts };
}

/**
 * @param {Scanner.BadgeFacts} badge
 * @param {Scanner.Checkpoint} checkpoint
 * @returns {Partial<Scanner.VerdictFacts>}
 */
function makeVerdictFacts({ codeStatus, registration, presence, isCurrent, person }, checkpoint) {
  return {
    source: "device",
    code_status: codeStatus,
    registration_state: registration?.state ?? "unknown",
    is_current: isCurrent ?? true,
    booking_status: getBookingStatus(person, checkpoint),
    opens_at: parseTime(checkpoint.opens_at),
    closes_at: parseTime(checkpoint.closes_at),
    is_strict: checkpoint.is_strict,
    is_inside: presence?.is_inside ?? false,
    is_same_device: presence?.is_mine ?? false,
    last_read_at: parseTime(presence?.read_at),
  };
}

/**
 * Return whether a place is booked, where the checkpoint's session takes bookings.
 * @param {Scanner.BadgeRecord | null} person
 * @param {Scanner.Checkpoint} checkpoint
 */
function getBookingStatus(person, checkpoint) {
  if (checkpoint.session === null) return "open";
  return person?.sessions?.includes(checkpoint.session) ? "booked" : "missing";
}

/** @param {string | null | undefined} time */
const parseTime = (time) => (time ? Date.parse(time) : null);

/**
 * Return where the badge is after this scan; null if the scan changes nothing.
 * @param {Scanner.JudgedBadge} judged
 * @param {{id: string, direction: Scanner.Direction, isLetIn: boolean}} scan
 * @param {Scanner.Pairing} pairing
 * @returns {Scanner.ChangedPresence | null}
 */
function makePresence({ badge }, { id, direction, isLetIn }, pairing) {
  if (!badge.key || !isLetIn) return null;
  const checkpoint = getCheckpoint(pairing);
  const now = new Date(estimateServerTime(pairing)).toISOString();
  const before = badge.presence ? removePendingScan(badge.presence) : null;
  const isEntry = direction === "in";
  return {
    key: badge.key,
    door: checkpoint.door,
    is_inside: isEntry,
    entered_at: isEntry ? now : (before?.entered_at ?? null),
    left_at: isEntry ? (before?.left_at ?? null) : now,
    read_at: isEntry ? now : (before?.read_at ?? null),
    gate: isEntry ? checkpoint.name : (before?.gate ?? ""),
    is_mine: isEntry || (before?.is_mine ?? false),
    pending: id,
    before,
  };
}

/**
 * Return where the badge is without that scan; null if another scan has moved it since, or if it never did.
 * @param {Scanner.Outcome} undone
 * @param {string} id of the scan that takes it back
 * @returns {Promise<Scanner.ChangedPresence | null>}
 */
async function takeBackPresence(undone, id) {
  const current = undone.scan.presence_id ? await findPresence(undone.scan.presence_id) : undefined;
  const isMoved = current?.pending ? current.pending !== undone.id : current?.is_inside !== (undone.direction === "in");
  if (!current || isMoved) return null;
  const before = current.pending ? current.before : undone.judged?.badge.presence;
  const { key, door } = current;
  const unknown = { is_inside: false, entered_at: null, left_at: null, read_at: null, gate: "", is_mine: false };
  return { ...unknown, ...(before ? removePendingScan(before) : {}), key, door, pending: id, before: removePendingScan(current) };
}

/** @param {Scanner.StoredPresence | Scanner.Presence} presence */
function removePendingScan(presence) {
  const { pending: _pending, before: _before, inside_at: _inside, ...rest } = /** @type {Scanner.StoredPresence} */ (presence);
  return rest;
}
