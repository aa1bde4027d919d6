"""Decide what a scan means: pure rules on plain facts, the same here and in verdict.js on the phone.

`tests/vectors/verdict.json` holds cases (`defaults`, and what each case changes) that both must pass. The
server decides with source "server". A device decides at once from its snapshot with source "device" and
shows that; the server's answer follows. Times are integer milliseconds since 1970 (UTC).

A device takes its facts from the snapshot (see snapshot.py) and sends scans as serializers.py describes:

is_device_revoked   whether the device had been revoked or had expired when it made the scan
code_status         "valid": a token signed by one of the snapshot's keys; "forged": a damaged token, or one
                    with a known key number and a wrong signature; "other_event": a token whose key number
                    the snapshot does not hold; "not_a_badge": any other text; "lookup": no code, the
                    registration was searched for and picked, or found by the typed short code;
                    "too_many_tries": a short code, after too many on one device
registration_state  "confirmed", "unnamed" (confirmed, but its attendee's name is to follow), "pending" (card
                    payment awaited), "unverified" (pending, not by card), "cancelled", "expired" or "merged"
                    as the snapshot says; "unknown" if not there, or there with an older badge version
is_current          whether the code's badge version is the registration's (true for "lookup", "unknown")
entitlement         "open": every valid badge may enter here; else "included", "not_booked" or "not_entitled";
                    on a device: whether the checkpoint's `session` is among the `sessions` of the decrypted
                    record, and its `ticket_id` or one of its `addons` fits the checkpoint's
direction           "in" or "out"
at                  when the badge was read, by the server's clock (device time plus measured offset)
opens_at, closes_at the checkpoint's opening hours; null if it has none
is_strict           the checkpoint decides online only
places_left         null without a capacity; on a device: what is left of its lease, null if it has none
is_inside           whether the badge is inside at this checkpoint, by the latest known scan (look up the
                    snapshot's `presences` and the device's own later scans by `door`)
is_same_device      whether the last entry was read by this very device
last_read_at        when the last entry was read; null if there was none. An entry expires after ten hours:
                    attendees go home without a scan and enter again the next morning
local_verdict       the verdict that the device showed to the operator ("" on the device itself)
let_in              whether the operator let the attendee pass; null where the device does not say (on the
                    device itself, and from programs)
is_late             the scan reached the server long after it was made, so the attendee has already passed
has_override        whether a supervisor gave a reason to admit nevertheless
undo                "" for a scan; "allowed" or "not_allowed" for one that takes back another scan
"""

from dataclasses import dataclass

ADMITTED = "admitted"
ALREADY_IN = "already_in"
REFUSED = "refused"
UNVERIFIED = "unverified"
ACTION = "action"

# A camera reads a badge several times while it is held up. verdict.js has the same value.
REPEAT_INTERVAL_MS = 10_000
# Exits are rarely scanned in the evening, so an entry must have expired by the next morning.
ENTRY_LIFETIME_MS = 10 * 60 * 60 * 1000
ADMITTING_VERDICTS = (ADMITTED, UNVERIFIED)
# With any other verdict it is not certain that the badge may pass here.
COUNTED_VERDICTS = (ADMITTED, ALREADY_IN)


@dataclass(frozen=True)
class ScanFacts:
    """The facts that a verdict depends on; the module's docstring explains each."""

    source: str = "server"
    is_device_revoked: bool = False
    code_status: str = "valid"
    registration_state: str = "confirmed"
    is_current: bool = True
    entitlement: str = "open"
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
    let_in: bool | None = None
    is_late: bool = False
    has_override: bool = False
    undo: str = ""


@dataclass(frozen=True)
class Verdict:
    """A verdict and its reason, in the API's words; with "admitted" a reason is only a flag."""

    verdict: str
    reason: str = ""


REASON_BY_CODE_STATUS = {
    "forged": "forged", "other_event": "other_event", "not_a_badge": "unknown",
    "too_many_tries": "too_many_tries",
}  # fmt: skip
REASON_BY_REGISTRATION_STATE = {
    "cancelled": "cancelled", "merged": "revoked", "expired": "cancelled", "pending": "unpaid",
    "unverified": "unconfirmed", "unnamed": "unnamed",
}  # fmt: skip
# Entitlements that speak against the badge are reasons themselves.
ENTITLEMENT_REASONS = ("not_booked", "not_entitled")
# The desk can settle these on the spot, so they are shown as "to settle" and not as a refusal.
DESK_REASONS = ("unpaid", "unconfirmed", "unnamed")


def decide_verdict(facts: ScanFacts) -> Verdict:
    """Decide: first the signature, then the holder, then this checkpoint."""
    if facts.is_device_revoked:
        return Verdict(REFUSED, "revoked_device")
    # Before everything else, even exits: without a genuine code nobody is known to leave.
    if facts.code_status in REASON_BY_CODE_STATUS:
        return Verdict(REFUSED, REASON_BY_CODE_STATUS[facts.code_status])
    if facts.undo:
        return Verdict(ADMITTED, "undone") if facts.undo == "allowed" else Verdict(REFUSED, facts.undo)
    if facts.registration_state == "unknown":
        return decide_unknown(facts)
    # Exits are always admitted, whatever speaks against the badge.
    if facts.direction == "out":
        return Verdict(ADMITTED)
    objection = find_objection(facts)
    if objection and not is_overruled(facts):
        return Verdict(ACTION if objection in DESK_REASONS else REFUSED, objection)
    if facts.is_inside and not has_entry_expired(facts):
        return decide_inside(facts)
    return decide_entry(facts, objection)


def decide_unknown(facts: ScanFacts) -> Verdict:
    """Decide on a genuine badge of an unknown holder, perhaps registered a minute ago at the desk."""
    # The signature proves that the club issued the badge; the server knows all registrations, the phone may
    # not.
    may_trust_signature = facts.source == "device" and not facts.is_strict
    # An unknown badge is let in by default, which must not overfill a room.
    if may_trust_signature and facts.direction == "in" and is_full(facts) and not is_overruled(facts):
        return Verdict(UNVERIFIED, "full")
    return Verdict(UNVERIFIED if may_trust_signature else REFUSED, "unknown")


def find_objection(facts: ScanFacts) -> str:
    """Return the reason against this badge at this checkpoint and time, "" if there is none."""
    if facts.registration_state in REASON_BY_REGISTRATION_STATE:
        return REASON_BY_REGISTRATION_STATE[facts.registration_state]
    if not facts.is_current:
        return "revoked"
    if facts.entitlement in ENTITLEMENT_REASONS:
        return facts.entitlement
    return "" if is_within_window(facts) else "outside_window"


def is_within_window(facts: ScanFacts) -> bool:
    """Return whether the badge was read during the opening hours (start included, end excluded)."""
    has_opened = facts.opens_at is None or facts.opens_at <= facts.at
    return has_opened and (facts.closes_at is None or facts.at < facts.closes_at)


def is_overruled(facts: ScanFacts) -> bool:
    """Return whether a supervisor overrules an objection, or the attendee has already passed."""
    return facts.has_override or was_admitted_by_device(facts)


def was_admitted_by_device(facts: ScanFacts) -> bool:
    """Return whether a device let the attendee in before the scan reached the server.

    The server records that as it happened: a refusal now would only make the headcount wrong.
    """
    if facts.let_in is not None:
        return facts.let_in
    return facts.is_late and facts.local_verdict in ADMITTING_VERDICTS and not was_sent_away(facts)


def was_sent_away(facts: ScanFacts) -> bool:
    """Return whether a strict checkpoint could not reach the server in time, so that nobody passed."""
    return facts.is_late and facts.is_strict and facts.local_verdict == UNVERIFIED


def resolve_let_in(facts: ScanFacts, verdict: Verdict) -> bool:
    """Return whether the attendee passed: as the device says, else as the verdict does."""
    if facts.undo:
        return False
    if facts.let_in is not None:
        return facts.let_in
    return verdict.verdict in COUNTED_VERDICTS and not was_stopped(facts)


def has_entry_expired(facts: ScanFacts) -> bool:
    """Return whether the last entry is so old that the attendee must have left unscanned."""
    return facts.last_read_at is not None and facts.at - facts.last_read_at >= ENTRY_LIFETIME_MS


def decide_inside(facts: ScanFacts) -> Verdict:
    """Decide on a badge that is inside already: a repeated read, a second person, or an unseen exit."""
    if is_repeated_read(facts):
        return Verdict(ALREADY_IN)
    # Explained by the supervisor: the attendee left without a scan and came back.
    if facts.has_override:
        return Verdict(ADMITTED)
    return Verdict(ALREADY_IN, "" if facts.source == "device" or was_stopped(facts) else "conflict")


def was_stopped(facts: ScanFacts) -> bool:
    """Return whether the operator stopped the attendee, so that nobody came in a second time."""
    if facts.let_in is not None:
        return not facts.let_in
    # An operator who was shown "already in" stopped the attendee; `already_in` otherwise means two devices.
    return facts.local_verdict == ALREADY_IN or was_sent_away(facts)


def is_repeated_read(facts: ScanFacts) -> bool:
    """Return whether the same device reads the badge again within ten seconds."""
    if not facts.is_same_device or facts.last_read_at is None:
        return False
    # abs: a late scan can be compared with the entry after it (see find_prior_state_among).
    return abs(facts.at - facts.last_read_at) <= REPEAT_INTERVAL_MS


def decide_entry(facts: ScanFacts, objection: str) -> Verdict:
    """Decide on an entry by the places left; on a device, a strict checkpoint waits for the server."""
    if is_full(facts) and not is_overruled(facts):
        return Verdict(UNVERIFIED if facts.source == "device" else REFUSED, "full")
    # A strict checkpoint waits for the server even if nothing speaks against the badge.
    if facts.source == "device" and facts.is_strict:
        return Verdict(UNVERIFIED, "offline")
    # The room's limit is a matter of safety, so "full" takes precedence over an overruled objection.
    return Verdict(ADMITTED, "full" if is_full(facts) else objection)


def is_full(facts: ScanFacts) -> bool:
    return facts.places_left is not None and facts.places_left <= 0
