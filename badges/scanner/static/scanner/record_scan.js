/** Decide a scan and store it. Nothing is shown before it is stored. */

import { applyScan } from "./apply_scan.js";
import { estimateServerTime, getElapsedMs, PAGE_ID } from "./clock.js";
import { findBadge, getSetting, loadOwnScans, saveScan } from "./database.js";
import { changesInside, deriveDeviceFacts, letsInByDefault } from "./device_facts.js";
import { decryptRecord, identifyBadge, makeRegistrationKey } from "./identify_badge.js";
import { ADMITTED, decideVerdict, UNVERIFIED, withDefaults } from "./verdict.js";

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
  const identity = await identifyBadge(readings, pairing.keys);
  const badge = await loadBadgeFacts(identity, getCheckpoint(pairing));
  return { ...(await decide(badge, { pairing, direction, reason })), badge, code: identity.code };
}

/**
 * Judge an attendee who was found by name or by the badge's short code.
 * @param {Scanner.FoundRegistration} found
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @param {string} reason for a supervisor's override
 * @returns {Promise<Scanner.JudgedBadge>}
 */
export async function judgeRegistration({ key, person, registration: reference }, direction, pairing, reason = "") {
  const { registration, presence } = await findBadge(key, getCheckpoint(pairing).door);
  /** @type {Scanner.BadgeFacts} */
  const badge = { codeStatus: "lookup", key, registration, presence, person, badgeVersion: registration?.badge_version };
  return { ...(await decide(badge, { pairing, direction, reason })), badge, code: "", reference };
}

/**
 * Return an unverified badge for a typed short code, which only the server can resolve.
 * @param {string} code
 * @returns {Scanner.JudgedBadge}
 */
export const judgeShortCode = (code) => ({
  verdict: UNVERIFIED,
  reason: "typed",
  badge: { codeStatus: "typed", person: null },
  code,
});

/**
 * Store a scan of a judged badge.
 * @param {Scanner.JudgedBadge} judged
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @param {Scanner.ScanOptions} options
 * @returns {Promise<Scanner.Outcome>}
 */
export async function recordScan(judged, direction, pairing, options = {}) {
  const { isLetIn = letsInByDefault(judged), reason = "", undone = null } = options;
  const { verdict, badge } = judged;
  const [id, at] = [crypto.randomUUID(), Date.now()];
  const scan = await saveScan({
    id,
    event: pairing.event.slug,
    event_name: pairing.event.name,
    device: pairing.device.id,
    key: badge.key ?? null,
    door: getCheckpoint(pairing).door,
    server_at: estimateServerTime(pairing),
    changes_inside: judged.changesInside ?? true,
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
  });
  const { codeStatus, person } = badge;
  const { reason: shownReason, presence = null } = judged;
  return { id, verdict, reason: shownReason, codeStatus, direction, at, person, presence, scan, judged, isLetIn };
}

/**
 * Undo a scan: store another scan of the same badge that refers to it.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Pairing} pairing
 */
export async function undoScan(outcome, pairing) {
  const { code, registration: reference, key } = outcome.scan;
  const badge = { codeStatus: outcome.codeStatus ?? "valid", person: outcome.person, key: key ?? undefined };
  /** @type {Scanner.JudgedBadge} */
  const undone = { verdict: ADMITTED, reason: "undone", badge, code, reference };
  return recordScan(undone, outcome.direction, pairing, { isLetIn: false, undone: outcome });
}

/** @param {string} code */
const normalizeCode = (code) => code.trim().toUpperCase().slice(0, MAX_CODE_LENGTH);

/** @param {Scanner.Pairing} pairing */
function getCheckpoint({ checkpoints, device }) {
  const checkpoint = checkpoints.find(({ id }) => id === device.checkpoint);
  if (!checkpoint) throw new Error("The snapshot lacks the checkpoint of this device.");
  return checkpoint;
}

/**
 * Decide by the facts; leave it to the server if the signature was not checked.
 * @param {Scanner.BadgeFacts} badge
 * @param {{pairing: Scanner.Pairing, direction: Scanner.Direction, reason: string}} scan
 * @returns {Promise<Scanner.Decision & Pick<Scanner.JudgedBadge, "presence" | "changesInside">>}
 */
async function decide(badge, { pairing, direction, reason }) {
  if (badge.codeStatus === "unchecked") return { verdict: UNVERIFIED, reason: "unchecked" };
  const { codeStatus, key = null, badgeVersion = 0, registration = null, person } = badge;
  /** @type {Scanner.Presence | null} */
  const presence = badge.presence ?? null;
  const checkpoint = getCheckpoint(pairing);
  const at = estimateServerTime(pairing);
  const reading = { codeStatus, key, badgeVersion, direction, at, hasOverride: direction === "in" && reason !== "" };
  const limit = pairing.limits.find(({ door }) => door === checkpoint.door) ?? null;
  const scans = await loadOwnScans(pairing.event.slug);
  const facts = withDefaults(
    deriveDeviceFacts(reading, { checkpoint, registration, record: person, presence, limit, ...scans }),
  );
  const badgeScans = [...scans.sentScans, ...scans.unsentScans].filter(
    (scan) => key && scan.key === key && scan.door === checkpoint.door,
  );
  const currentPresence = badgeScans.reduce(
    (before, scan) => applyScan(before ?? undefined, scan, pairing) ?? before,
    presence,
  );
  return { ...decideVerdict(facts), presence: currentPresence, changesInside: changesInside(facts) };
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
  const { badgeVersion } = claim;
  const isCurrent = !registration || registration.badge_version === badgeVersion;
  const person = registration && isCurrent ? await decryptRecord(claim.token, registration.sealed) : null;
  const facts = { key, registration, presence, badgeVersion, person };
  if (isSignatureChecked || person) return { codeStatus: "valid", ...facts };
  // Without Ed25519, a code is proven genuine only by the record that it decrypts.
  return { codeStatus: registration && isCurrent ? "forged" : "unchecked", ...facts };
}
