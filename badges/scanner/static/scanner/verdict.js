/**
 * Decide what a scan means, by the rules of badges/attendance/scanning/verdict.py, which describes the facts.
 * tests/vectors/verdict.json proves that both decide alike.
 */

export const ADMITTED = "admitted";
export const ALREADY_IN = "already_in";
export const REFUSED = "refused";
export const UNVERIFIED = "unverified";
export const ACTION = "action";

const REPEAT_INTERVAL_MS = 10_000;
export const ENTRY_LIFETIME_MS = 10 * 60 * 60 * 1000;
const LET_IN_VERDICTS = /** @type {(Scanner.Verdict | "")[]} */ ([ADMITTED, UNVERIFIED]);
/** @type {Record<string, string>} */
const REASON_BY_CODE_STATUS = {
  forged: "forged",
  other_event: "other_event",
  not_a_badge: "unknown",
  too_many_tries: "too_many_tries",
};
/** @type {Record<string, string>} */
const REASON_BY_REGISTRATION_STATE = {
  cancelled: "cancelled",
  merged: "revoked",
  expired: "cancelled",
  pending: "unpaid",
  unverified: "unconfirmed",
  unnamed: "unnamed",
};
const ENTITLEMENT_REASONS = ["not_booked", "not_entitled"];
export const REASONS_FOR_DESK = ["unpaid", "unconfirmed", "unnamed"];

/** @type {Scanner.VerdictFacts} */
const DEFAULTS = {
  source: "device",
  is_device_revoked: false,
  code_status: "valid",
  registration_state: "confirmed",
  is_current: true,
  entitlement: "open",
  direction: "in",
  at: 0,
  opens_at: null,
  closes_at: null,
  is_strict: false,
  places_left: null,
  is_inside: false,
  is_same_device: false,
  last_read_at: null,
  local_verdict: "",
  let_in: null,
  is_late: false,
  has_override: false,
  undo: "",
};

/**
 * @param {Scanner.Verdict} verdict
 * @param {string} reason
 * @returns {Scanner.Decision}
 */
const makeDecision = (verdict, reason = "") => ({ verdict, reason });

/**
 * Return all facts, with defaults for those that a device does not know.
 * @param {Partial<Scanner.VerdictFacts>} knownFacts
 * @returns {Scanner.VerdictFacts}
 */
export const withDefaults = (knownFacts) => ({ ...DEFAULTS, ...knownFacts });

/**
 * Decide by the code first, then by the registration, then by the checkpoint.
 * @param {Partial<Scanner.VerdictFacts>} knownFacts
 */
export function decideVerdict(knownFacts) {
  const facts = withDefaults(knownFacts);
  if (facts.is_device_revoked) return makeDecision(REFUSED, "revoked_device");
  if (facts.code_status in REASON_BY_CODE_STATUS) return makeDecision(REFUSED, REASON_BY_CODE_STATUS[facts.code_status]);
  if (facts.undo) return facts.undo === "allowed" ? makeDecision(ADMITTED, "undone") : makeDecision(REFUSED, facts.undo);
  if (facts.registration_state === "unknown") return decideUnknown(facts);
  if (facts.direction === "out") return makeDecision(ADMITTED);
  const objection = findObjection(facts);
  if (objection && !isOverruled(facts)) return makeDecision(REASONS_FOR_DESK.includes(objection) ? ACTION : REFUSED, objection);
  return facts.is_inside && !hasEntryExpired(facts) ? decideInside(facts) : decideEntry(facts, objection);
}

/**
 * Decide on a valid code that is not in the list: perhaps registered a minute ago at another desk.
 * @param {Scanner.VerdictFacts} facts
 */
function decideUnknown(facts) {
  const isTrusted = facts.source === "device" && !facts.is_strict;
  // An unknown badge is let in by default, which must not overfill a room.
  if (isTrusted && facts.direction === "in" && isFull(facts) && !isOverruled(facts)) return makeDecision(UNVERIFIED, "full");
  return makeDecision(isTrusted ? UNVERIFIED : REFUSED, "unknown");
}

/**
 * Return the reason not to admit this badge at this checkpoint at this time; empty if there is none.
 * @param {Scanner.VerdictFacts} facts
 */
function findObjection(facts) {
  if (facts.registration_state in REASON_BY_REGISTRATION_STATE) return REASON_BY_REGISTRATION_STATE[facts.registration_state];
  if (!facts.is_current) return "revoked";
  if (ENTITLEMENT_REASONS.includes(facts.entitlement)) return facts.entitlement;
  return isWithinWindow(facts) ? "" : "outside_window";
}

/** @param {Scanner.VerdictFacts} facts */
function isWithinWindow(facts) {
  const hasOpened = facts.opens_at === null || facts.opens_at <= facts.at;
  return hasOpened && (facts.closes_at === null || facts.at < facts.closes_at);
}

/** @param {Scanner.VerdictFacts} facts */
function isOverruled(facts) {
  return facts.has_override || wasAdmittedByDevice(facts);
}

/**
 * Return whether a device let the attendee in before the scan reached the server.
 * @param {Scanner.VerdictFacts} facts
 */
function wasAdmittedByDevice(facts) {
  if (facts.let_in !== null) return facts.let_in;
  return facts.is_late && LET_IN_VERDICTS.includes(facts.local_verdict) && !wasSentAway(facts);
}

/**
 * Return whether a strict checkpoint could not reach the server in time, so that nobody passed.
 * @param {Scanner.VerdictFacts} facts
 */
function wasSentAway(facts) {
  return facts.is_late && facts.is_strict && facts.local_verdict === UNVERIFIED;
}

/**
 * Return whether the operator stopped the attendee, so that nobody came in a second time.
 * @param {Scanner.VerdictFacts} facts
 */
function wasStopped(facts) {
  if (facts.let_in !== null) return !facts.let_in;
  return facts.local_verdict === ALREADY_IN || wasSentAway(facts);
}

/**
 * Return whether the entry is so long ago that the attendee must have left without a scan.
 * @param {Scanner.VerdictFacts} facts
 */
function hasEntryExpired(facts) {
  return facts.last_read_at !== null && facts.at - facts.last_read_at >= ENTRY_LIFETIME_MS;
}

/**
 * Decide on a badge that is inside: the same read again, a second person, or an attendee who left without a scan.
 * @param {Scanner.VerdictFacts} facts
 */
function decideInside(facts) {
  if (isRepeatedRead(facts)) return makeDecision(ALREADY_IN);
  if (facts.has_override) return makeDecision(ADMITTED);
  if (facts.source === "device" || wasStopped(facts)) return makeDecision(ALREADY_IN);
  return makeDecision(ALREADY_IN, "conflict");
}

/** @param {Scanner.VerdictFacts} facts */
function isRepeatedRead(facts) {
  return facts.is_same_device && facts.last_read_at !== null && Math.abs(facts.at - facts.last_read_at) <= REPEAT_INTERVAL_MS;
}

/**
 * Decide on a badge that may enter, depending on free places and on whether only the server may admit.
 * @param {Scanner.VerdictFacts} facts
 * @param {string} objection
 */
function decideEntry(facts, objection) {
  if (isFull(facts) && !isOverruled(facts)) return makeDecision(facts.source === "device" ? UNVERIFIED : REFUSED, "full");
  if (facts.source === "device" && facts.is_strict) return makeDecision(UNVERIFIED, "offline");
  return makeDecision(ADMITTED, isFull(facts) ? "full" : objection);
}

/** @param {Scanner.VerdictFacts} facts */
function isFull({ places_left }) {
  return places_left !== null && places_left <= 0;
}
