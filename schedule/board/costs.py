"""List the conflicts of a draft, and the costs of placing a session, as JSON for the board."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from convention.errors import NotFound
from schedule.conflicts.describe import PlacementDescriber, describe_conflict
from schedule.conflicts.facts import TimetableFacts
from schedule.conflicts.find import find_conflicts, find_session_conflicts
from schedule.conflicts.kinds import BLOCK
from schedule.conflicts.load import load_timetable
from schedule.conflicts.placements import PlacementCost, PlacementCosts, compute_placement_costs, get_duration
from schedule.conflicts.timetable import Timetable
from schedule.drafts.slot_state import SlotState
from schedule.models import Schedule, ScheduleDraft, Session

from .board_data import BoardDay, list_board_days

STEP: Final = datetime.timedelta(minutes=5)
# Those that affect the most people come first; nobody works through a longer list.
MAX_CONFLICTS_SENT: Final = 200


def list_conflicts(draft: ScheduleDraft) -> list[dict[str, Any]]:
    """Return the conflicts of a draft as JSON, those that affect the most people first."""
    timetable = load_timetable(draft)
    return [
        {
            "code": conflict.code,
            "sessions": list(conflict.sessions),
            "level": "block" if conflict.level == BLOCK else "warn",
            "text": describe_conflict(timetable, conflict),
        }
        for conflict in find_conflicts(timetable)[:MAX_CONFLICTS_SENT]
    ]


def list_costs(draft: ScheduleDraft, session: int) -> list[dict[str, Any]]:
    """Return what placing a session would cost, as runs of starts in one room; free runs are left out.

    Raise NotFound.
    """
    timetable = load_timetable(draft)
    require_session(timetable, session)
    days = list_board_days(draft.event, Schedule.load(draft.event), timetable.placements.values())
    starts = sorted({start for day in days for start in list_day_starts(day, timetable)})
    rooms = [None] if is_spanning(timetable, session) else [*timetable.rooms]
    costs = compute_placement_costs(timetable, session, starts=starts, rooms=rooms)
    describer = PlacementDescriber(timetable, costs)
    runs = (run for room in rooms for run in merge_runs(list_runs(costs, room, starts, describer)))
    return [run for run in runs if run["text"]]


def require_session(timetable: Timetable, session: int) -> None:
    """Raise NotFound unless the timetable has the session."""
    if session not in timetable.sessions:
        raise NotFound(_("This session was not found; it may have been deleted. Reload the board."))


def list_swap_costs(draft: ScheduleDraft, session: int, other: int) -> list[dict[str, Any]]:
    """Return what is wrong with each of two sessions once they have changed places. Raise NotFound.

    A session from the tray takes the place of the other, which goes to the tray.
    """
    timetable = load_timetable(draft)
    for key in (session, other):
        require_session(timetable, key)
    places = {key: state for key, state in timetable.placements.items() if key not in (session, other)}
    for key, previous_occupant in ((session, other), (other, session)):
        if place := timetable.placements.get(previous_occupant):
            places[key] = move_into(place, timetable, key)
    swapped = replace(timetable, placements=places)
    facts = TimetableFacts(swapped)
    return [describe_session_cost(swapped, facts, key) for key in (session, other)]


def move_into(place: SlotState, timetable: Timetable, session: int) -> SlotState:
    """Return the place of another session for this one, which keeps its length and cancellation."""
    own = timetable.placements.get(session)
    ends_at = place.starts_at + get_duration(timetable, session)
    return replace(place, ends_at=ends_at, is_cancelled=own.is_cancelled if own else False)


def describe_session_cost(timetable: Timetable, facts: TimetableFacts, session: int) -> dict[str, Any]:
    # A session in the tray, or cancelled, has no place.
    conflicts = [*find_session_conflicts(facts, session)] if session in facts.places else []
    texts = dict.fromkeys(describe_conflict(timetable, conflict) for conflict in conflicts)
    is_blocked = any(conflict.level == BLOCK for conflict in conflicts)
    level = "block" if is_blocked else "warn" if conflicts else "free"
    return {"session": session, "level": level, "text": " ".join(texts)}


def is_spanning(timetable: Timetable, session: int) -> bool:
    """Return whether the board draws a session across all rooms."""
    state = timetable.placements.get(session)
    return timetable.sessions[session].role != Session.Role.TALK and (state is None or state.room_id is None)


def list_day_starts(day: BoardDay, timetable: Timetable) -> list[datetime.datetime]:
    """Return the steps of the hours that the board shows of a day."""
    states = [s for s in timetable.placements.values() if day.starts_at <= s.starts_at < day.ends_at]
    hour = datetime.timedelta(hours=1)
    first = min([day.opens_at, *(state.starts_at for state in states)])
    last = max([day.closes_at, *(state.ends_at + hour for state in states)])
    # Whole hours before the day's own, as the board draws them.
    first = day.opens_at + ((first - day.opens_at) // hour) * hour
    return [first + number * STEP for number in range((last - first) // STEP)]


def list_runs(
    costs: PlacementCosts,
    room: int | None,
    starts: Sequence[datetime.datetime],
    describer: PlacementDescriber,
) -> Iterator[dict[str, Any]]:
    """Yield a room's starts in runs of equal cost, each described once."""
    first = 0
    for number in range(1, len(starts) + 1):
        if number < len(starts) and is_same_cost(costs, room, starts[number - 1], starts[number]):
            continue
        cell = costs.cells[room, starts[first]]
        yield {
            "room": room,
            "starts_at": starts[first].isoformat(),
            "ends_at": (starts[number - 1] + STEP).isoformat(),
            "level": get_level(cell),
            "text": " ".join(describer.describe(cell)),
        }
        first = number


def merge_runs(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join adjacent runs of equal text: conflicts with different sessions may have the same sentence."""
    merged: list[dict[str, Any]] = []
    for run in runs:
        last = merged[-1] if merged else {}
        is_same = all(last.get(name) == run[name] for name in ("level", "text"))
        if is_same and last["ends_at"] == run["starts_at"]:
            last["ends_at"] = run["ends_at"]
        else:
            merged.append(run)
    return merged


def is_same_cost(
    costs: PlacementCosts, room: int | None, start: datetime.datetime, following: datetime.datetime
) -> bool:
    """Return whether two starts follow each other on the same day and cost the same."""
    return following - start == STEP and costs.cells[room, start] == costs.cells[room, following]


def get_level(cell: PlacementCost) -> str:
    if cell.is_blocked:
        return "block"
    return "warn" if cell.conflicts else "free"
