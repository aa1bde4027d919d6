/** Decide a scan and store it. Nothing is shown before it is stored. */

import { findBadge, saveScan } from "./database.js";
import { findEntitlement } from "./device_facts.js";
import { decryptRecord, identifyBadge, makeRegistrationKey } from "./identify_badge.js";
import { ADMITTED, decideVerdict, UNVERIFIED } from "./verdict.js";

const MAX_CODE_LENGTH = 4096;

/**
 * @param {string[]} readings of the text, likeliest first
 * @param {Scanner.Direction} direction
 * @param {Scanner.Pairing} pairing
 * @param {string} reason for a supervisor's override, or "undo <id>" for a correction
 * @returns {Promise<Scanner.Outcome>}
 */
export async function recordScan(readings, direction, pairing, reason = "") {
  const at = Date.now();
  const checkpoint = getCheckpoint(pairing);
  const identity = await identifyBadge(readings, pairing.keys);
  const badge = await loadBadgeFacts(identity, checkpoint);
  const decision = decideVerdict({
    ...makeVerdictFacts(badge, checkpoint),
    has_override: direction === "in" && reason !== "",
    direction,
    at: at + getClockOffset(pairing),
  });
  const id = crypto.randomUUID();
  const changed = makePresence({ ...decision, id, direction, at }, badge, checkpoint, pairing);
  const scan = await saveScan(
    {
      id,
      event: pairing.event.slug,
      code: identity.code.slice(0, MAX_CODE_LENGTH),
      direction,
      at: new Date(at).toISOString(),
      checkpoint: pairing.device.checkpoint,
      clock_offset_ms: pairing.clock_offset_ms ?? null,
      local_verdict: decision.verdict,
      snapshot: pairing.sequence,
      override_reason: reason,
      presence_id: changed ? `${changed.door}/${changed.key}` : null,
    },
    changed,
  );
  const { codeStatus, person, presence = null } = badge;
  return { id, ...decision, codeStatus, direction, at, person, presence, scan };
}

/**
 * Take back an entry: record an exit of the same badge that names the entry.
 * @param {Scanner.Outcome} outcome
 * @param {Scanner.Pairing} pairing
 */
export async function undoScan(outcome, pairing) {
  return recordScan([outcome.scan.code], "out", pairing, `undo ${outcome.id}`);
}

/** @param {Scanner.Pairing} pairing */
function getCheckpoint({ checkpoints, device }) {
  const checkpoint = checkpoints.find(({ id }) => id === device.checkpoint);
  if (!checkpoint) throw new Error("The snapshot lacks the checkpoint of this device.");
  return checkpoint;
}

/** @param {Scanner.Pairing} pairing */
const getClockOffset = (pairing) => pairing.clock_offset_ms ?? 0;

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
  // Without Ed25519 in the browser, only a record that the code decrypts proves the code.
  const isProven = isSignatureChecked || !registration || !isCurrent || person !== null;
  return { codeStatus: isProven ? "valid" : "forged", key, registration, presence, isCurrent, person };
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
    entitlement: findEntitlement(person, checkpoint),
    opens_at: parseTime(checkpoint.opens_at),
    closes_at: parseTime(checkpoint.closes_at),
    is_strict: checkpoint.is_strict,
    is_inside: presence?.is_inside ?? false,
    is_same_device: presence?.is_mine ?? false,
    last_read_at: parseTime(presence?.read_at),
  };
}

/** @param {string | null | undefined} time */
const parseTime = (time) => (time ? Date.parse(time) : null);

/**
 * Return where the badge is after this scan; null if the scan changes nothing.
 * @param {Scanner.Decision & Pick<Scanner.Outcome, "id" | "direction" | "at">} outcome
 * @param {Scanner.BadgeFacts} badge
 * @param {Scanner.Checkpoint} checkpoint
 * @param {Scanner.Pairing} pairing
 * @returns {Scanner.ChangedPresence | null}
 */
function makePresence(outcome, badge, checkpoint, pairing) {
  const hasPassed = outcome.verdict === ADMITTED || (outcome.verdict === UNVERIFIED && outcome.reason === "unknown");
  if (!badge.key || !hasPassed) return null;
  const now = new Date(outcome.at + getClockOffset(pairing)).toISOString();
  const before = badge.presence ? removePendingScan(badge.presence) : null;
  const isEntry = outcome.direction === "in";
  return {
    key: badge.key,
    door: checkpoint.door,
    is_inside: isEntry,
    entered_at: isEntry ? now : (before?.entered_at ?? null),
    left_at: isEntry ? (before?.left_at ?? null) : now,
    read_at: now,
    gate: isEntry ? checkpoint.name : (before?.gate ?? ""),
    is_mine: true,
    pending: outcome.id,
    before,
  };
}

/** @param {Scanner.StoredPresence} presence */
function removePendingScan({ pending: _pending, before: _before, ...presence }) {
  return presence;
}
