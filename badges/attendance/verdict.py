"""What a scan means: pure rules on plain facts, the same in Python here and in JavaScript on the phone.

`tests/vectors/verdict.json` holds cases (`defaults` and what each case changes) that both must pass.
The server decides with source "server"; a device decides at once from its snapshot with source
"device", shows that, and the server's answer follows. Times are integer milliseconds since 1970 (UTC).

What a device knows comes from `GET /api/v1/scanner/snapshot/` (see snapshot.py); what it sends goes to
`POST /api/v1/scanner/scans/` (see reading.py). To build the facts on a device:

reading        "valid": a token signed by one of the snapshot's keys; "forged": a token of ours whose key
               number is known and whose signature is wrong, or a damaged token; "other_event": a token
               whose key number the snapshot does not hold; "not_a_badge": any other text;
               "lookup": no code, the registration was searched for and picked
registration   "confirmed", "pending" (by card), "unverified" (pending, but by card), "cancelled" or
               "expired" as the snapshot says; "unknown" if not there
is_current     whether the code's generation is the registration's (true for "lookup" and "unknown")
booking        "open": every valid badge may enter here (also a session's door, until the session takes
               bookings); else "booked" or "missing"; on a device: whether the checkpoint's `session`
               stands among the `sessions` of the unsealed record
direction      "in" or "out"
at             when the badge was read, by the server's clock (device time + measured offset)
opens_at, closes_at  the checkpoint's window; null where it has none
is_strict      the checkpoint decides online only
places_left    null without limit; on a device: what is left of its lease, null if it has none
is_inside      whether the badge is inside at this door, by the latest scan known (look it up by `door`)
                  (`presences` of the snapshot and the device's own scans since)
is_same_device whether the entry that holds was read by this very device
last_read_at   when that entry was read; null if there was none. An entry lapses after ten
                  hours: people go home without a scan, and come in anew the next morning
local_verdict  what the device told the operator ("" on the device itself)
is_late        the scan reached the server long after it was made, so the person has already passed
has_override   a supervisor said why to admit nevertheless
"""

from dataclasses import dataclass

ADMITTED = "admitted"
ALREADY_IN = "already_in"
REFUSED = "refused"
UNVERIFIED = "unverified"
ACTION = "action"

REPEAT_MS = 10_000
LAPSE_MS = 10 * 60 * 60 * 1000
LET_IN = (ADMITTED, UNVERIFIED)


@dataclass(frozen=True)
class Facts:
    """All that the rules look at; the module's docstring says what each means."""

    source: str = "server"
    reading: str = "valid"
    registration: str = "confirmed"
    is_current: bool = True
    booking: str = "open"
    direction: str = "in"
    at: int = 0
    opens_at: int | None = None
    closes_at: int | None = None
    is_strict: bool = False
    places_left: int | None = None
    is_inside: bool = False
    is_same_device: bool = False
    last_read_at: int | None = None
    local_verdict: str = ""
    is_late: bool = False
    has_override: bool = False


@dataclass(frozen=True)
class Verdict:
    """The verdict and its reason, in the words of the API; a reason beside "admitted" is a flag."""

    verdict: str
    reason: str = ""


UNREADABLE = {"forged": "forged", "other_event": "other_event", "not_a_badge": "unknown"}
STATES = {
    "cancelled": "cancelled", "merged": "revoked", "expired": "cancelled", "pending": "unpaid",
    "unverified": "unconfirmed",
}  # fmt: skip
FOR_THE_DESK = ("unpaid", "unconfirmed")


def decide(facts: Facts) -> Verdict:
    """The verdict: a badge of ours first, then who holds it, then this door."""
    if facts.reading in UNREADABLE:
        return Verdict(REFUSED, UNREADABLE[facts.reading])
    if facts.registration == "unknown":
        return decide_unknown(facts)
    if facts.direction == "out":
        return Verdict(ADMITTED)
    objection = objection_to(facts)
    if objection and not is_overruled(facts):
        return Verdict(ACTION if objection in FOR_THE_DESK else REFUSED, objection)
    if facts.is_inside and not has_lapsed(facts):
        return decide_inside(facts)
    return decide_entry(facts, objection)


def decide_unknown(facts: Facts) -> Verdict:
    """A good signature of someone not known: perhaps registered a minute ago at another desk."""
    trusting = facts.source == "device" and not facts.is_strict
    return Verdict(UNVERIFIED if trusting else REFUSED, "unknown")


def objection_to(facts: Facts) -> str:
    """What speaks against this badge at this door at this time; empty if nothing does."""
    if facts.registration in STATES:
        return STATES[facts.registration]
    if not facts.is_current:
        return "revoked"
    if facts.booking == "missing":
        return "not_booked"
    return "" if is_open(facts) else "outside_window"


def is_open(facts: Facts) -> bool:
    """Whether the badge was read inside the door's window: from opening until before closing."""
    opened = facts.opens_at is None or facts.opens_at <= facts.at
    return opened and (facts.closes_at is None or facts.at < facts.closes_at)


def is_overruled(facts: Facts) -> bool:
    """Whether an objection yields: a supervisor's reason, or a door that was passed while offline."""
    return facts.has_override or was_let_in(facts)


def was_let_in(facts: Facts) -> bool:
    """Whether the person passed the door before the server heard of it; that is never rewritten."""
    return facts.is_late and facts.local_verdict in LET_IN


def has_lapsed(facts: Facts) -> bool:
    """Whether the entry is so long ago that the person has left unseen."""
    return facts.last_read_at is not None and facts.at - facts.last_read_at >= LAPSE_MS


def decide_inside(facts: Facts) -> Verdict:
    """A badge that is inside already: a repeat read, a second person, or one who left unseen."""
    if is_repeat(facts):
        return Verdict(ALREADY_IN)
    if facts.has_override:
        return Verdict(ADMITTED, "conflict")
    if facts.source == "device" or facts.local_verdict == ALREADY_IN:
        return Verdict(ALREADY_IN)
    return Verdict(ALREADY_IN, "conflict")


def is_repeat(facts: Facts) -> bool:
    """Whether the same device read the same badge again within ten seconds."""
    if not facts.is_same_device or facts.last_read_at is None:
        return False
    return abs(facts.at - facts.last_read_at) <= REPEAT_MS


def decide_entry(facts: Facts, objection: str) -> Verdict:
    """A badge that may enter, if there is room and the door can be sure."""
    is_full = facts.places_left is not None and facts.places_left <= 0
    if is_full and not is_overruled(facts):
        return Verdict(UNVERIFIED if facts.source == "device" else REFUSED, "full")
    if facts.source == "device" and facts.is_strict:
        return Verdict(UNVERIFIED, "offline")
    return Verdict(ADMITTED, objection or ("full" if is_full else ""))
