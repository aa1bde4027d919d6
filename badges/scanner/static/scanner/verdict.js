/**
 * What a scan means: the rules of badges/attendance/verdict.py, line for line.
 * tests/vectors/verdict.json proves that both decide alike; that module says what each fact means.
 */

export const ADMITTED = "admitted";
export const ALREADY_IN = "already_in";
export const REFUSED = "refused";
export const UNVERIFIED = "unverified";
export const ACTION = "action";

const REPEAT_MS = 10_000;
export const LAPSE_MS = 10 * 60 * 60 * 1000;
const LET_IN = [ADMITTED, UNVERIFIED];
const UNREADABLE = { forged: "forged", other_event: "other_event", not_a_badge: "unknown" };
const STATES = {
  cancelled: "cancelled",
  merged: "revoked",
  expired: "cancelled",
  pending: "unpaid",
  unverified: "unconfirmed",
};
const FOR_THE_DESK = ["unpaid", "unconfirmed"];

const DEFAULTS = {
  source: "device",
  reading: "valid",
  registration: "confirmed",
  is_current: true,
  booking: "open",
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

const say = (verdict, reason = "") => ({ verdict, reason });

/**
 * The verdict: a badge of ours first, then who holds it, then this door.
 * @param {Partial<typeof DEFAULTS>} known
 * @returns {{verdict: string, reason: string}}
 */
export function decide(known) {
  const facts = { ...DEFAULTS, ...known };
  if (facts.reading in UNREADABLE) return say(REFUSED, UNREADABLE[facts.reading]);
  if (facts.registration === "unknown") return decideUnknown(facts);
  if (facts.direction === "out") return say(ADMITTED);
  const objection = objectionTo(facts);
  if (objection && !isOverruled(facts)) return say(FOR_THE_DESK.includes(objection) ? ACTION : REFUSED, objection);
  return facts.is_inside && !hasLapsed(facts) ? decideInside(facts) : decideEntry(facts, objection);
}

/** A good signature of someone not known: perhaps registered a minute ago at another desk. */
function decideUnknown(facts) {
  const trusting = facts.source === "device" && !facts.is_strict;
  return say(trusting ? UNVERIFIED : REFUSED, "unknown");
}

/** What speaks against this badge at this door at this time; empty if nothing does. */
function objectionTo(facts) {
  if (facts.registration in STATES) return STATES[facts.registration];
  if (!facts.is_current) return "revoked";
  if (facts.booking === "missing") return "not_booked";
  return isOpen(facts) ? "" : "outside_window";
}

function isOpen(facts) {
  const opened = facts.opens_at === null || facts.opens_at <= facts.at;
  return opened && (facts.closes_at === null || facts.at < facts.closes_at);
}

function isOverruled(facts) {
  return facts.has_override || (facts.is_late && LET_IN.includes(facts.local_verdict));
}

/** Whether the entry is so long ago that the person has left unseen. */
function hasLapsed(facts) {
  return facts.last_read_at !== null && facts.at - facts.last_read_at >= LAPSE_MS;
}

/** A badge that is inside already: a repeat read, a second person, or one who left unseen. */
function decideInside(facts) {
  if (isRepeat(facts)) return say(ALREADY_IN);
  if (facts.has_override) return say(ADMITTED, "conflict");
  if (facts.source === "device" || facts.local_verdict === ALREADY_IN) return say(ALREADY_IN);
  return say(ALREADY_IN, "conflict");
}

function isRepeat(facts) {
  return facts.is_same_device && facts.last_read_at !== null && Math.abs(facts.at - facts.last_read_at) <= REPEAT_MS;
}

/** A badge that may enter, if there is room and the door can be sure. */
function decideEntry(facts, objection) {
  const isFull = facts.places_left !== null && facts.places_left <= 0;
  if (isFull && !isOverruled(facts)) return say(facts.source === "device" ? UNVERIFIED : REFUSED, "full");
  if (facts.source === "device" && facts.is_strict) return say(UNVERIFIED, "offline");
  return say(ADMITTED, objection || (isFull ? "full" : ""));
}
