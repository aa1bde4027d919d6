"""List the places that a session could have on a day, with the cost of each, and move it to one."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError
from schedule.conflicts.describe import PlacementDescriber
from schedule.conflicts.load import load_timetable
from schedule.conflicts.placements import PlacementCost, compute_placement_costs, get_duration
from schedule.conflicts.suggest_fix import get_penalty, list_usual_starts, move_state
from schedule.conflicts.timetable import Period, Timetable, TimetableSession
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Move, Session

ANY_TIME: Final = datetime.timedelta()
MAX_BEST_PLACES: Final = 20


class PlaceNotPossible(ConventionError):
    """The room is not possible for the session, or it would not fit into the hours of a day."""

    kind = "place-not-possible"
    status = 409


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A room and a time for a session; `room` is None for all rooms.

    `sentences` describe the cost of the place, `others` are the sessions in conflict with it.
    """

    room: int | None
    room_name: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    is_current: bool
    is_blocked: bool
    sentences: list[str]
    others: list[TimetableSession]


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """Places that cost the same."""

    is_blocked: bool
    sentences: list[str]
    places: list[SessionPlace]


def list_places(timetable: Timetable, session: int, day: Period) -> list[SessionPlace]:
    """Return the places of a session within the hours of a day, the best first.

    The best is one without blocking conflicts, then with the fewest people affected, then nearest to where
    the session is now. Times are those at which sessions usually start.
    """
    state = timetable.placements.get(session)
    starts = {start for start in list_usual_starts(timetable, session) if day[0] <= start < day[1]}
    rooms = list_possible_rooms(timetable, session)
    if state and day[0] <= state.starts_at < day[1]:
        starts.add(state.starts_at)
        rooms = rooms if state.room_id in rooms else [*rooms, state.room_id]
    costs = compute_placement_costs(timetable, session, starts=sorted(starts), rooms=rooms)
    order = {room: position for position, room in enumerate(rooms)}
    describer = PlacementDescriber(timetable, costs)

    def get_rank(item: tuple[tuple[int | None, datetime.datetime], PlacementCost]) -> tuple[object, ...]:
        (room, start), cell = item
        distance = abs(start - state.starts_at) if state else ANY_TIME
        lost = cell.lost_bookings + cell.lost_favourites
        return cell.is_blocked, get_penalty(cell.conflicts), lost, distance, start, order[room]

    return [
        SessionPlace(
            room=room,
            room_name=timetable.get_room_name(room),
            starts_at=start,
            ends_at=start + costs.duration,
            is_current=bool(state and (state.room_id, state.starts_at) == (room, start)),
            is_blocked=cell.is_blocked,
            sentences=describer.describe(cell),
            others=list_others(timetable, session, cell),
        )
        for (room, start), cell in sorted(costs.cells.items(), key=get_rank)
    ]


def choose_best(places: Sequence[SessionPlace]) -> list[SessionPlace]:
    """Return the best places of a sorted list, and the one where the session is."""
    return [place for rank, place in enumerate(places) if rank < MAX_BEST_PLACES or place.is_current]


def group_places(places: Iterable[SessionPlace]) -> list[PlaceGroup]:
    """Group consecutive places that cost the same, in the order given."""
    groups: list[PlaceGroup] = []
    for place in places:
        last = groups[-1].places[-1] if groups else None
        if last and (last.is_blocked, last.sentences) == (place.is_blocked, place.sentences):
            groups[-1].places.append(place)
        else:
            groups.append(PlaceGroup(place.is_blocked, place.sentences, [place]))
    return groups


def list_possible_rooms(timetable: Timetable, session: int) -> list[int | None]:
    """Return the rooms of the event; only "all rooms" for a session that spans them, or without rooms."""
    state = timetable.placements.get(session)
    spans_all = timetable.sessions[session].role != Session.Role.TALK and (state is None or not state.room_id)
    return [None] if spans_all or not timetable.rooms else [*timetable.rooms]


def list_others(timetable: Timetable, session: int, cell: PlacementCost) -> list[TimetableSession]:
    """Return the other sessions of a place's conflicts, each once."""
    keys = dict.fromkeys(key for conflict in cell.conflicts for key in conflict.sessions if key != session)
    return [timetable.sessions[key] for key in keys]


@transaction.atomic
def move_to_place(
    *,
    session: Session,
    room: int | None,
    starts_at: datetime.datetime,
    author: Person,
    seen_revision: int | None = None,
) -> list[Move]:
    """Move a session in the current draft; its length and pins stay.

    Raise PlaceNotPossible, and SlotChangedMeanwhile if another author has moved it after `seen_revision`.
    """
    draft = get_current_draft(session.event, author=author)
    timetable = load_timetable(draft)
    duration = get_duration(timetable, session.pk)
    fits = any(opens <= starts_at <= closes - duration for opens, closes in timetable.get_hours(session.pk))
    if not fits or room not in list_possible_rooms(timetable, session.pk):
        raise PlaceNotPossible(
            _("The session can no longer be placed there. Nothing was moved; check the possible slots.")
        )
    before = timetable.placements.get(session.pk)
    start = starts_at.astimezone(datetime.UTC)
    state = move_state(before, room, start) if before else SlotState(room, start, start + duration)
    moves = make_moves(draft=draft, states={session.pk: state}, author=author, seen_revision=seen_revision)
    record_action("session.place", session, event=session.event, fields=["slots"])
    return moves
