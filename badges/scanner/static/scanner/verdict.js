/**
 * What a scan means: the rules of badges/attendance/scanning/verdict.py, line for line.
 * tests/vectors/verdict.json proves that both decide alike; that module says what each fact means.
 */

export const ADMITTED = "admitted";
export const ALREADY_IN = "already_in";
export const REFUSED = "refused";
export const UNVERIFIED = "unverified";
export const ACTION = "action";

const REPEAT_INTERVAL_MS = 10_000;
export const ENTRY_LIFETIME_MS = 10 * 60 * 60 * 1000;
const LET_IN_VERDICTS = [ADMITTED, UNVERIFIED];
const REASON_BY_CODE_STATUS = { forged: "forged", other_event: "other_event", not_a_badge: "unknown" };
const REASON_BY_REGISTRATION_STATE = {
  cancelled: "cancelled",
  merged: "revoked",
  expired: "cancelled",
  pending: "unpaid",
  unverified: "unconfirmed",
};
const FOR_THE_DESK = ["unpaid", "unconfirmed"];

const DEFAULTS = {
  source: "device",
  code_status: "valid",
  registration_state: "confirmed",
  is_current: true,
  booking_status: "open",
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
  is_late: false,
  has_override: false,
};

const makeVerdict = (verdict, reason = "") => ({ verdict, reason });

/**
 * The verdict: a badge of ours first, then who holds it, then this door.
 * @param {Partial<typeof DEFAULTS>} known
 * @returns {{verdict: string, reason: string}}
 */
export function decideVerdict(known) {
  const facts = { ...DEFAULTS, ...known };
  if (facts.code_status in REASON_BY_CODE_STATUS) return makeVerdict(REFUSED, REASON_BY_CODE_STATUS[facts.code_status]);
  if (facts.registration_state === "unknown") return decideUnknown(facts);
  if (facts.direction === "out") return makeVerdict(ADMITTED);
  const objection = findObjection(facts);
  if (objection && !isOverruled(facts)) return makeVerdict(FOR_THE_DESK.includes(objection) ? ACTION : REFUSED, objection);
  return facts.is_inside && !hasEntryExpired(facts) ? decideInside(facts) : decideEntry(facts, objection);
}

/** A good signature of someone not known: perhaps registered a minute ago at another desk. */
function decideUnknown(facts) {
  const trusting = facts.source === "device" && !facts.is_strict;
  return makeVerdict(trusting ? UNVERIFIED : REFUSED, "unknown");
}

/** What speaks against this badge at this door at this time; empty if nothing does. */
function findObjection(facts) {
  if (facts.registration_state in REASON_BY_REGISTRATION_STATE) return REASON_BY_REGISTRATION_STATE[facts.registration_state];
  if (!facts.is_current) return "revoked";
  if (facts.booking_status === "missing") return "not_booked";
  return isWithinWindow(facts) ? "" : "outside_window";
}

function isWithinWindow(facts) {
  const opened = facts.opens_at === null || facts.opens_at <= facts.at;
  return opened && (facts.closes_at === null || facts.at < facts.closes_at);
}

function isOverruled(facts) {
  return facts.has_override || (facts.is_late && LET_IN_VERDICTS.includes(facts.local_verdict));
}

/** Whether the entry is so long ago that the person has left unseen. */
function hasEntryExpired(facts) {
  return facts.last_read_at !== null && facts.at - facts.last_read_at >= ENTRY_LIFETIME_MS;
}

/** A badge that is inside already: a repeat read, a second person, or one who left unseen. */
function decideInside(facts) {
  if (isRepeatedRead(facts)) return makeVerdict(ALREADY_IN);
  if (facts.has_override) return makeVerdict(ADMITTED, "conflict");
  if (facts.source === "device" || facts.local_verdict === ALREADY_IN) return makeVerdict(ALREADY_IN);
  return makeVerdict(ALREADY_IN, "conflict");
}

function isRepeatedRead(facts) {
  return facts.is_same_device && facts.last_read_at !== null && Math.abs(facts.at - facts.last_read_at) <= REPEAT_INTERVAL_MS;
}

/** A badge that may enter, if there is room and the door can be sure. */
function decideEntry(facts, objection) {
  const isFull = facts.places_left !== null && facts.places_left <= 0;
  if (isFull && !isOverruled(facts)) return makeVerdict(facts.source === "device" ? UNVERIFIED : REFUSED, "full");
  if (facts.source === "device" && facts.is_strict) return makeVerdict(UNVERIFIED, "offline");
  return makeVerdict(ADMITTED, objection || (isFull ? "full" : ""));
}
