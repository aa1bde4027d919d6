"""What the scans of one badge at one door add up to: pure, and the same in whatever order they came.

A pass is a scan that was admitted or found inside already; refused ones never count. The presence is a
fold over the passes in order of their effective time, so that it can grow scan by scan as long as they
come in order, and is folded anew when one comes late.
"""

import dataclasses
import datetime
import functools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from .verdict import ADMITTED, ALREADY_IN, LAPSE_MS, REPEAT_MS

COUNTED = (ADMITTED, ALREADY_IN)
LAPSE = datetime.timedelta(milliseconds=LAPSE_MS)
REPEAT = datetime.timedelta(milliseconds=REPEAT_MS)
REENTRY = "reentry"
WRONG_BADGE = "wrong_badge"


@dataclass(frozen=True, slots=True)
class Pass:
    """One counted scan: when, by which device, in or out, and what became of it.

    `local_verdict` is what the operator saw; `is_explained` says that a supervisor gave a reason;
    `resolution` is what an organizer found a conflict to be ("" if none looked yet); `sequence` is the
    device's own count, 0 if it keeps none.
    """

    at: datetime.datetime
    device: int
    uid: uuid.UUID
    direction: str
    local_verdict: str = ""
    is_explained: bool = False
    resolution: str = ""
    gate: str = ""
    sequence: int = 0

    @property
    def order(self) -> tuple[datetime.datetime, int, int, str, uuid.UUID]:
        """What passes are sorted by, the same on every machine; in before out at the same instant."""
        return self.at, self.device, self.sequence, self.direction, self.uid


@dataclass(frozen=True, slots=True)
class State:
    """A presence: inside or not, since when, and how it came about.

    `last_in`, `last_device` and `gate` tell of the entry that holds; `latest_at` is the latest pass of
    any kind, `version` how many passes it was made of.
    """

    is_inside: bool = False
    first_in: datetime.datetime | None = None
    last_in: datetime.datetime | None = None
    last_out: datetime.datetime | None = None
    last_device: int | None = None
    seconds_inside: int = 0
    entries: int = 0
    has_conflict: bool = False
    latest_at: datetime.datetime | None = None
    version: int = 0
    gate: str = ""


NOBODY = State()


def project(passes: Iterable[Pass]) -> State:
    """The presence that these passes make, in whatever order they are given."""
    return functools.reduce(step, sorted(passes, key=lambda one: one.order), NOBODY)


def step(state: State, one: Pass) -> State:
    """The presence after one more pass, which is not before the latest."""
    seen = dataclasses.replace(state, latest_at=one.at, version=state.version + 1)
    if one.resolution == WRONG_BADGE:
        return seen
    if one.direction == "out":
        return leave(seen, one)
    if not state.is_inside or has_lapsed(state, one.at):
        return enter(seen, one)
    return enter_again(seen, one)


def enter(state: State, one: Pass) -> State:
    """Someone comes in."""
    return dataclasses.replace(
        state,
        is_inside=True,
        first_in=state.first_in or one.at,
        last_in=one.at,
        last_device=one.device,
        gate=one.gate,
        entries=state.entries + 1,
    )


def leave(state: State, one: Pass) -> State:
    """Someone goes out, whether or not they were seen to come in."""
    return dataclasses.replace(
        state, is_inside=False, last_out=one.at, seconds_inside=state.seconds_inside + stay(state, one)
    )


def has_lapsed(state: State, at: datetime.datetime) -> bool:
    """Whether the entry that holds is so long ago that the person has left unseen."""
    return state.last_in is not None and at - state.last_in >= LAPSE


def enter_again(state: State, one: Pass) -> State:
    """A badge that is inside is read again: a repeat, a return that was explained, or a conflict."""
    if is_repeat(state, one) or one.local_verdict == ALREADY_IN:
        return state
    if one.resolution == REENTRY or one.is_explained:
        back = dataclasses.replace(state, seconds_inside=state.seconds_inside + stay(state, one))
        return enter(back, one)
    return dataclasses.replace(state, has_conflict=state.has_conflict or not one.resolution)


def is_repeat(state: State, one: Pass) -> bool:
    """Whether the device that read the entry read it again within ten seconds."""
    return state.last_in is not None and state.last_device == one.device and one.at - state.last_in <= REPEAT


def conflicts(passes: Iterable[Pass]) -> list[Pass]:
    """The passes that raise a conflict nobody has resolved yet."""
    found, state = [], NOBODY
    for one in sorted(passes, key=lambda each: each.order):
        after = step(dataclasses.replace(state, has_conflict=False), one)
        if after.has_conflict:
            found.append(one)
        state = after
    return found


def stay(state: State, one: Pass) -> int:
    """Whole seconds since the entry that holds; none for someone outside, or who left unseen."""
    if not state.is_inside or state.last_in is None or has_lapsed(state, one.at):
        return 0
    return int((one.at - state.last_in).total_seconds())


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a new scan meets at a door: a badge inside or not, who read it when and at which gate."""

    is_inside: bool = False
    is_same_device: bool = False
    read_at: datetime.datetime | None = None
    gate: str = ""


def meet(state: State, device: int) -> Meeting:
    """What a scan meets that comes after all others."""
    return Meeting(state.is_inside, state.last_device == device, state.last_in, state.gate)


def meet_late(passes: list[Pass], one: Pass) -> Meeting:
    """What a scan meets that comes late: it doubles an entry before it, or the one after it."""
    ordered = sorted(passes, key=lambda each: each.order)
    before = project(each for each in ordered if each.order < one.order)
    after = next((each for each in ordered if each.order >= one.order), None)
    is_inside = before.is_inside and not has_lapsed(before, one.at)
    if is_inside or after is None or after.direction == "out" or after.at - one.at >= LAPSE:
        return meet(before, one.device)
    return Meeting(
        is_inside=True, is_same_device=after.device == one.device, read_at=after.at, gate=after.gate
    )
