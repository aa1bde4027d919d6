"""Commands on many sessions of a draft at once, each undone as one."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.errors import ConventionError
from convention.events.models import Event, Room
from schedule.drafts.current_draft import load_slot_states
from schedule.drafts.moves import InvalidPlacement, make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.sessions import add_session
from schedule.models import Move, Schedule, ScheduleDraft, Session
from schedule.programme.days import get_programme_day

from .board_data import get_slot_day, list_board_days
from .place_sessions import Placement, check_placements, find_time_error

AFTERNOON_STARTS_AT: Final = datetime.time(13)


class PartOfDay(StrEnum):
    ALL = "all"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class NothingInBlock(ConventionError):
    """No session is placed on that day or half-day."""

    kind = "nothing-in-block"


@dataclass(frozen=True, slots=True)
class Block:
    """A day of the programme, or half of it, in one room or in all; a morning ends at 13:00."""

    day: datetime.date
    part: PartOfDay = PartOfDay.ALL
    room_id: int | None = None

    def contains(self, state: SlotState, event: Event, schedule: Schedule) -> bool:
        """Return whether a session begins in this block."""
        if get_slot_day(state, event, schedule) != self.day:
            return False
        if self.room_id is not None and state.room_id != self.room_id:
            return False
        noon = datetime.datetime.combine(self.day, AFTERNOON_STARTS_AT, event.zone)
        is_morning = state.starts_at < noon
        return self.part == PartOfDay.ALL or is_morning == (self.part == PartOfDay.MORNING)


@transaction.atomic
def shift_block(*, draft: ScheduleDraft, block: Block, minutes: int, author: Person | None) -> list[Move]:
    """Move what begins in a block later by some minutes, or earlier by negative ones.

    Raise NothingInBlock.
    """
    schedule, distance = Schedule.load(draft.event), datetime.timedelta(minutes=minutes)

    def shift(state: SlotState) -> SlotState:
        starts_at = state.starts_at + distance
        day = get_programme_day(starts_at, draft.event.zone, schedule.day_starts_at)
        return replace(state, starts_at=starts_at, ends_at=state.ends_at + distance, day=day)

    states = _find_block(draft, block, schedule)
    return _change_slots(draft, {pk: shift(state) for pk, state in states.items()}, author)


@transaction.atomic
def move_block_to_day(
    *, draft: ScheduleDraft, block: Block, day: datetime.date, author: Person | None
) -> list[Move]:
    """Move what begins in a block to another day, at the same times of day. Raise NothingInBlock."""
    schedule, days = Schedule.load(draft.event), (day - block.day).days

    def move(state: SlotState) -> SlotState:
        starts_at = add_local_days(state.starts_at, days, draft.event)
        return replace(
            state, starts_at=starts_at, ends_at=starts_at + (state.ends_at - state.starts_at), day=day
        )

    states = _find_block(draft, block, schedule)
    return _change_slots(draft, {pk: move(state) for pk, state in states.items()}, author)


def add_local_days(moment: datetime.datetime, days: int, event: Event) -> datetime.datetime:
    """Return the same time of day some days later in the event's zone, in UTC: clocks may change between."""
    local = moment.astimezone(event.zone) + datetime.timedelta(days=days)
    return local.astimezone(datetime.UTC)


def _find_block(draft: ScheduleDraft, block: Block, schedule: Schedule) -> dict[int, SlotState]:
    found = {
        session: state
        for session, state in load_slot_states(draft).items()
        if block.contains(state, draft.event, schedule)
    }
    if not found:
        raise NothingInBlock(_("No session begins in this period. Choose another day or half-day."))
    return found


def _change_slots(draft: ScheduleDraft, states: dict[int, SlotState], author: Person | None) -> list[Move]:
    check_placements(
        draft.event,
        {pk: Placement(state.room_id, state.starts_at, state.ends_at) for pk, state in states.items()},
    )
    return make_moves(draft=draft, states=dict(states), author=author)


@transaction.atomic
def add_breaks_or_plenaries(
    *,
    draft: ScheduleDraft,
    title: str,
    role: Session.Role,
    starts: Sequence[datetime.datetime],
    minutes: int,
    author: Person | None,
    room: Room | None = None,
) -> list[Session]:
    """Create a break, plenary or blocked time for each start and place them as one command.

    Without a room they span all rooms. Raise InvalidPlacement.
    """
    event, schedule = draft.event, Schedule.load(draft.event)
    for starts_at in starts:
        if error := find_time_error(event, starts_at, starts_at):
            raise InvalidPlacement(error.sentence)
    length, room_id = datetime.timedelta(minutes=minutes), room.pk if room else None
    values = {"title": title, "role": role.value, "planned_minutes": minutes}
    sessions = [add_session(event=event, values=values) for _start in starts]
    states = {
        session.pk: SlotState(
            room_id,
            starts_at.astimezone(datetime.UTC),
            (starts_at + length).astimezone(datetime.UTC),
            get_programme_day(starts_at, event.zone, schedule.day_starts_at),
        )
        for session, starts_at in zip(sessions, starts, strict=True)
    }
    _change_slots(draft, states, author)
    return sessions


def list_starts_on_each_day(event: Event, starts_at: datetime.datetime) -> list[datetime.datetime]:
    """Return the moments with this time of day on all days of the event, in the event's zone.

    Raise InvalidPlacement for a start far from the event.
    """
    if error := find_time_error(event, starts_at, starts_at):
        raise InvalidPlacement(error.sentence)
    schedule = Schedule.load(event)
    own_day = get_programme_day(starts_at, event.zone, schedule.day_starts_at)
    days = [day.date for day in list_board_days(event, schedule, ())]
    return [add_local_days(starts_at, (day - own_day).days, event) for day in days]
