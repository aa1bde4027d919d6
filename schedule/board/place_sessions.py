"""Place sessions on the board or take them off it, on behalf of an editor."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.events.models import Event
from schedule.drafts.moves import InvalidPlacement, make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Move, Schedule, ScheduleDraft
from schedule.programme.days import get_programme_day

MAX_DURATION: Final = datetime.timedelta(days=14)
MAX_DISTANCE: Final = datetime.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Placement:
    """When and where an editor wants a session."""

    room_id: int | None
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    # None leaves a pin as it is.
    is_time_pinned: bool | None = None
    is_room_pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class TimeError:
    """A field with an implausible time, and the sentence to show."""

    field: str
    sentence: str | Promise


@transaction.atomic
def place_sessions(
    *,
    draft: ScheduleDraft,
    placements: Mapping[int, Placement | None],
    author: Person | None,
    seen_revision: int | None = None,
) -> list[Move]:
    """Place sessions, None to take one off, as one command that can be undone.

    Raise InvalidPlacement, NotFound for a session that was removed, or SlotChangedMeanwhile.
    """
    event, schedule = draft.event, Schedule.load(draft.event)
    check_placements(event, placements)
    slots = draft.slots.filter(session__in=placements)
    current = {slot.session_id: SlotState.of_slot(slot) for slot in slots}
    states: dict[int, SlotState | None] = {}
    for session, placement in placements.items():
        before = current.get(session)
        if placement is None:
            states[session] = None
            continue
        day = get_programme_day(placement.starts_at, event.zone, schedule.day_starts_at)
        states[session] = to_slot_state(placement, before, day)
    return make_moves(draft=draft, states=states, author=author, seen_revision=seen_revision)


def to_slot_state(placement: Placement, before: SlotState | None, day: datetime.date) -> SlotState:
    """Return the slot of a placement, in which a cancelled session stays cancelled."""
    starts_at = placement.starts_at.astimezone(datetime.UTC)
    return SlotState(
        placement.room_id,
        starts_at,
        placement.ends_at.astimezone(datetime.UTC),
        # An imported programme may count a session to the day before; only another start changes that.
        before.day if before and before.starts_at == starts_at else day,
        before.is_cancelled if before else False,
        is_time_pinned=(before is not None and before.is_time_pinned)
        if placement.is_time_pinned is None
        else placement.is_time_pinned,
        is_room_pinned=(before is not None and before.is_room_pinned)
        if placement.is_room_pinned is None
        else placement.is_room_pinned,
    )


def check_placements(event: Event, placements: Mapping[int, Placement | None]) -> None:
    """Raise InvalidPlacement for implausible times; `make_moves` checks sessions and rooms."""
    for placement in filter(None, placements.values()):
        if error := find_time_error(event, placement.starts_at, placement.ends_at):
            raise InvalidPlacement(error.sentence)


def find_time_error(
    event: Event, starts_at: datetime.datetime, ends_at: datetime.datetime
) -> TimeError | None:
    """Return an error for an implausible time of a session; None for a plausible one."""
    if ends_at < starts_at:
        return TimeError("ends_at", _("The end must be after the start."))
    if ends_at - starts_at >= MAX_DURATION:
        return TimeError("ends_at", _("A session cannot last two weeks or more. Check the dates."))
    if not event.starts_at - MAX_DISTANCE < starts_at < event.ends_at + MAX_DISTANCE:
        return TimeError("starts_at", _("That is more than two months from the event. Check the dates."))
    return None
