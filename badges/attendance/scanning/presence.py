"""Compute a presence from the scans of one badge at one checkpoint; without a database.

Only scans of attendees who were let in count, and none that was taken back. The presence is a fold over them
in order of effective time, so it grows scan by scan while they arrive in order, and is recomputed when one
arrives out of order. The result does not depend on the order of arrival.
"""

import dataclasses
import datetime
import functools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from .verdict import ENTRY_LIFETIME_MS, REPEAT_INTERVAL_MS

ENTRY_LIFETIME = datetime.timedelta(milliseconds=ENTRY_LIFETIME_MS)


REPEAT_INTERVAL = datetime.timedelta(milliseconds=REPEAT_INTERVAL_MS)


REENTRY = "reentry"


WRONG_BADGE = "wrong_badge"


@dataclass(frozen=True, slots=True)
class CountedScan:
    """A scan that counts for the presence.

    `has_override` tells whether a supervisor gave a reason; `resolution` is an organizer's decision on a
    conflict ("" if there is none); `device_sequence` is the device's own counter (0 if it has none);
    `checkpoint_id` is the gate, which may count for another checkpoint.
    """

    at: datetime.datetime
    device_id: int
    uid: uuid.UUID
    direction: str
    has_override: bool = False
    resolution: str = ""
    gate_name: str = ""
    device_sequence: int = 0
    checkpoint_id: int | None = None

    @property
    def sort_key(self) -> tuple[datetime.datetime, int, int, str, uuid.UUID]:
        """Return the key that scans are ordered by; at the same instant, in comes before out."""
        # A total order: any order of arrival, and a rebuild, must give the same presence. The device's
        # counter orders its scans within one instant; "in" sorts before "out" for devices without a counter.
        return self.at, self.device_id, self.device_sequence, self.direction, self.uid


@dataclass(frozen=True, slots=True)
class PresenceState:
    """The columns of a presence, and the name of the gate of the last entry.

    `last_device`, `last_checkpoint` and `gate_name` belong to the entry at `last_entered_at`; `version`
    counts the scans applied.
    """

    is_inside: bool = False
    first_entered_at: datetime.datetime | None = None
    last_entered_at: datetime.datetime | None = None
    last_left_at: datetime.datetime | None = None
    last_device: int | None = None
    last_checkpoint: int | None = None
    seconds_inside: int = 0
    entries: int = 0
    has_conflict: bool = False
    last_scan_at: datetime.datetime | None = None
    version: int = 0
    gate_name: str = ""


NEVER_SCANNED = PresenceState()


def choose_arrival(
    first_entered_at: datetime.datetime | None,
    last_entered_at: datetime.datetime | None,
    zone: datetime.tzinfo,
) -> datetime.datetime | None:
    """Return the first entry, or the last one if that was on a later day in `zone`; None without any."""
    if first_entered_at is None or last_entered_at is None:
        return first_entered_at
    is_same_day = first_entered_at.astimezone(zone).date() == last_entered_at.astimezone(zone).date()
    return first_entered_at if is_same_day else last_entered_at


def compute_presence(counted_scans: Iterable[CountedScan]) -> PresenceState:
    """Return the presence after all these scans, given in any order."""
    return functools.reduce(
        apply_scan, sorted(counted_scans, key=lambda counted_scan: counted_scan.sort_key), NEVER_SCANNED
    )


def apply_scan(state: PresenceState, counted_scan: CountedScan) -> PresenceState:
    """Return the presence after one more scan, which must not be before the latest."""
    # Counted even if nothing else changes: fast_path.py detects concurrent scans by the version.
    next_state = dataclasses.replace(state, last_scan_at=counted_scan.at, version=state.version + 1)
    # Someone else carried this badge, so the scan says nothing about its holder.
    if counted_scan.resolution == WRONG_BADGE:
        return next_state
    if counted_scan.direction == "out":
        return apply_exit(next_state, counted_scan)
    # An expired entry is followed by a new one, not a conflict: exits are rarely scanned in the evening.
    if not state.is_inside or has_entry_expired(state, counted_scan.at):
        return apply_entry(next_state, counted_scan)
    return apply_repeated_entry(next_state, counted_scan)


def apply_entry(state: PresenceState, counted_scan: CountedScan) -> PresenceState:
    return dataclasses.replace(
        state,
        is_inside=True,
        first_entered_at=state.first_entered_at or counted_scan.at,
        last_entered_at=counted_scan.at,
        last_device=counted_scan.device_id,
        last_checkpoint=counted_scan.checkpoint_id,
        gate_name=counted_scan.gate_name,
        entries=state.entries + 1,
    )


def apply_exit(state: PresenceState, counted_scan: CountedScan) -> PresenceState:
    """Return the presence after an exit, even one without an entry before it."""
    return dataclasses.replace(
        state,
        is_inside=False,
        last_left_at=counted_scan.at,
        # 0 without a known entry: an exit alone must not invent a stay.
        seconds_inside=state.seconds_inside + seconds_since_entry(state, counted_scan),
    )


def has_entry_expired(state: PresenceState, at: datetime.datetime) -> bool:
    """Return whether the last entry is so long ago that the attendee must have left unscanned."""
    return state.last_entered_at is not None and at - state.last_entered_at >= ENTRY_LIFETIME


def apply_repeated_entry(state: PresenceState, counted_scan: CountedScan) -> PresenceState:
    """Handle an entry of a badge that is inside: a repeated read, an explained return, or a conflict."""
    if is_repeated_read(state, counted_scan):
        return state
    if counted_scan.resolution == REENTRY or counted_scan.has_override:
        first_stay_ended = dataclasses.replace(
            state, seconds_inside=state.seconds_inside + seconds_since_entry(state, counted_scan)
        )
        return apply_entry(first_stay_ended, counted_scan)
    # Resolved as misuse or as recorded twice gets here: nobody entered or left, and the stay goes on.
    return dataclasses.replace(state, has_conflict=state.has_conflict or not counted_scan.resolution)


def is_repeated_read(state: PresenceState, counted_scan: CountedScan) -> bool:
    """Return whether the device that read the entry reads it again within ten seconds."""
    return (
        state.last_entered_at is not None
        and state.last_device == counted_scan.device_id
        # No abs() as in verdict.py: scans are applied in order here, so none is before the entry.
        and counted_scan.at - state.last_entered_at <= REPEAT_INTERVAL
    )


def find_conflicts(counted_scans: Iterable[CountedScan]) -> list[CountedScan]:
    """Return the scans that raise a conflict nobody has resolved yet."""
    conflicts, state = [], NEVER_SCANNED
    for counted_scan in sorted(counted_scans, key=lambda each: each.sort_key):
        # The flag stays set once raised, so it is cleared before each scan to find the scans that raise it.
        after = apply_scan(dataclasses.replace(state, has_conflict=False), counted_scan)
        if after.has_conflict:
            conflicts.append(counted_scan)
        state = after
    return conflicts


def seconds_since_entry(state: PresenceState, counted_scan: CountedScan) -> int:
    """Return whole seconds since the last entry; 0 for a badge that is outside or whose entry expired."""
    if not state.is_inside or state.last_entered_at is None or has_entry_expired(state, counted_scan.at):
        return 0
    return int((counted_scan.at - state.last_entered_at).total_seconds())


@dataclass(frozen=True, slots=True)
class PriorState:
    """The state of a badge before a new scan: inside or not, entered when and at which gate."""

    is_inside: bool = False
    is_same_device: bool = False
    entered_at: datetime.datetime | None = None
    gate_name: str = ""
    device_id: int | None = None


def find_prior_state(state: PresenceState, device: int) -> PriorState:
    """Return the state before a scan that is later than all others."""
    return PriorState(
        state.is_inside,
        state.last_device == device,
        state.last_entered_at,
        state.gate_name,
        state.last_device,
    )


def find_prior_state_among(counted_scans: list[CountedScan], counted_scan: CountedScan) -> PriorState:
    """Return the state before a scan out of order, which may repeat an entry before or after it."""
    ordered = sorted(counted_scans, key=lambda each: each.sort_key)
    # By sort key rather than by time, so that the result agrees with compute_presence.
    before = compute_presence(each for each in ordered if each.sort_key < counted_scan.sort_key)
    after = next((each for each in ordered if each.sort_key >= counted_scan.sort_key), None)
    is_inside = before.is_inside and not has_entry_expired(before, counted_scan.at)
    # Otherwise the next scan is an entry: two devices let the badge in, and the later entry arrived first.
    # The conflict is reported on this scan, since the other one has its verdict already.
    if is_inside or after is None or after.direction == "out" or after.at - counted_scan.at >= ENTRY_LIFETIME:
        return find_prior_state(before, counted_scan.device_id)
    return PriorState(
        is_inside=True,
        is_same_device=after.device_id == counted_scan.device_id,
        entered_at=after.at,
        gate_name=after.gate_name,
        device_id=after.device_id,
    )
