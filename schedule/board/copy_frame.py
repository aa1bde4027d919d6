"""Copy the frame of another event, such as last year's: rooms, breaks and plenaries."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Max

from convention.audit.record import record_action
from convention.club.models import Person
from convention.events.models import Event, Room
from convention.text.normalize import casefold_text
from schedule.drafts.current_draft import load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.draft_slots import lock_current_draft
from schedule.editing.sessions import add_session
from schedule.models import ProgrammeAudience, Schedule, ScheduleDraft, Session
from schedule.programme.days import get_programme_day, list_programme_days

FRAME_ROLES: Final = (Session.Role.BREAK, Session.Role.PLENARY)


@dataclass(frozen=True, slots=True)
class CopiedFrame:
    """How many rooms and sessions were created; sessions after the event's last day were left out."""

    rooms: int
    sessions: int
    left_out: int


@transaction.atomic
def copy_frame(*, draft: ScheduleDraft, source: Event, author: Person | None) -> CopiedFrame:
    """Create the rooms, breaks and plenaries of `source` that the draft's event does not have yet.

    The first day of one event becomes the first of the other, at the same times of day. Copying twice
    creates nothing more.
    """
    event = draft.event
    # Locked, since two copies at once would both create what is missing.
    lock_current_draft(event, author=author)
    existing = event.rooms.count()
    rooms = copy_rooms(source, event)
    last_day = list_programme_days(event, Schedule.load(event).day_starts_at)[-1]
    wanted = shift_frame(source, event, rooms)
    fitting = {session: state for session, state in wanted.items() if state.day and state.day <= last_day}
    known = find_known_frame(draft)
    new = {s: state for s, state in fitting.items() if (casefold_text(s.title), state.starts_at) not in known}
    states: dict[int, SlotState | None] = {}
    for session, state in new.items():
        names = ("title", "role", "language", "is_for_members")
        values = {name: getattr(session, name) for name in names}
        states[add_session(event=event, values=values).pk] = state
    make_moves(draft=draft, states=states, author=author)
    return CopiedFrame(event.rooms.count() - existing, len(states), len(wanted) - len(fitting))


def list_frame(event: Event) -> Iterable[Session]:
    published = event.sessions.published(audience=ProgrammeAudience.MEMBERS)
    return published.filter(role__in=FRAME_ROLES, cancelled_at=None).order_by("starts_at")


def find_known_frame(draft: ScheduleDraft) -> set[tuple[str, datetime.datetime]]:
    """Return title and start of the breaks and plenaries that the draft has."""
    titles = dict(draft.event.sessions.filter(role__in=FRAME_ROLES).values_list("pk", "title"))
    return {
        (casefold_text(titles[pk]), state.starts_at)
        for pk, state in load_slot_states(draft).items()
        if pk in titles
    }


def copy_rooms(source: Event, event: Event) -> dict[int, Room]:
    """Return the event's room of each of the source's rooms; one of the same name is used as it is."""
    by_name = {casefold_text(room.name): room for room in event.rooms.all()}
    last = event.rooms.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    copies = {}
    for room in source.rooms.all():
        key = casefold_text(room.name)
        if key not in by_name:
            by_name[key] = Room.objects.create(
                event=event,
                name=room.name,
                capacity=room.capacity,
                position=position,
                turnover_minutes=room.turnover_minutes,
                zone=room.zone,
                features=room.features,
            )
            record_action("room.add", by_name[key], event=event)
            position += 1
        copies[room.pk] = by_name[key]
    return copies


def shift_frame(source: Event, event: Event, rooms: dict[int, Room]) -> dict[Session, SlotState]:
    """Return the slots of the source's frame at the other event, at the same times of day there."""
    day_starts_at = Schedule.load(event).day_starts_at
    first_day = get_programme_day(event.starts_at, event.zone, day_starts_at)
    days = first_day - get_programme_day(source.starts_at, source.zone, Schedule.load(source).day_starts_at)
    states = {}
    for session in list_frame(source):
        assert session.starts_at
        starts_at = (session.starts_at.astimezone(source.zone) + days).replace(tzinfo=event.zone)
        room = rooms.get(session.room_id or 0)
        states[session] = SlotState(
            room.pk if room else None,
            starts_at.astimezone(datetime.UTC),
            starts_at.astimezone(datetime.UTC) + session.duration,
            get_programme_day(starts_at, event.zone, day_starts_at),
        )
    return states
