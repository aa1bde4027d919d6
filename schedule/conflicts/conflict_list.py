"""Build the filtered list of conflicts, each with the people affected and a suggested fix."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from convention.events.models import Event
from schedule.drafts.slot_state import SlotState

from .apply_fix import compute_digest
from .describe import KIND_LABELS, describe_affected, describe_conflict, describe_fix
from .facts import TimetableFacts
from .find import find_conflicts
from .kinds import ConflictKind
from .suggest_fix import Fix, suggest_fix
from .timetable import Conflict, Timetable, TimetableSession


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    kind: str = ""
    level: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class ConflictPlace:
    """A session of a conflict, and where it is."""

    session: TimetableSession
    state: SlotState
    room: str


@dataclass(slots=True)
class ConflictRow:
    """A conflict in words. `fix_digest` is for `apply_fix`; `remaining` is what the fix leaves or causes."""

    conflict: Conflict
    label: str
    text: str
    affected: str
    places: list[ConflictPlace]
    fix_text: str = ""
    fix_digest: str = ""
    remaining: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConflictList:
    """All conflicts of a timetable, and those that match the filter."""

    conflicts: list[Conflict]
    matching: list[Conflict]
    days: list[datetime.date]
    kinds: list[tuple[ConflictKind, int]]


def build_conflict_list(
    timetable: Timetable,
    conflict_filter: ConflictFilter,
    get_day: Callable[[SlotState], datetime.date],
) -> ConflictList:
    """Return the list; `get_day` returns the programme day of a slot."""
    conflicts = find_conflicts(timetable)

    def list_days(conflict: Conflict) -> set[datetime.date]:
        return {get_day(timetable.placements[key]) for key in conflict.sessions}

    matching = [
        conflict
        for conflict in conflicts
        if (not conflict_filter.kind or conflict.kind == conflict_filter.kind)
        and (not conflict_filter.level or conflict.level == conflict_filter.level)
        and (not conflict_filter.day or conflict_filter.day in {str(day) for day in list_days(conflict)})
    ]
    counts = [(kind, sum(conflict.kind == kind for conflict in conflicts)) for kind in ConflictKind]
    days = {day for conflict in conflicts for day in list_days(conflict)}
    return ConflictList(conflicts, matching, sorted(days), [(kind, count) for kind, count in counts if count])


def describe_rows(event: Event, timetable: Timetable, conflicts: Sequence[Conflict]) -> list[ConflictRow]:
    """Return conflicts in words, in the active language, with their fixes."""
    facts = TimetableFacts(timetable)
    rows = []
    for conflict in conflicts:
        row = ConflictRow(
            conflict,
            str(KIND_LABELS[conflict.kind]),
            describe_conflict(timetable, conflict),
            describe_affected(timetable, conflict),
            list_places(timetable, conflict),
        )
        fix = suggest_fix(timetable, conflict, facts=facts)
        if fix:
            row.fix_text = describe_fix(timetable, fix, event.zone)
            row.fix_digest = compute_digest(fix)
            row.remaining = describe_remaining(timetable, fix)
        rows.append(row)
    return rows


def list_places(timetable: Timetable, conflict: Conflict) -> list[ConflictPlace]:
    """Return the sessions of a conflict in order of time."""
    states = sorted(
        ((timetable.placements[key], key) for key in conflict.sessions),
        key=lambda item: (item[0].starts_at, item[1]),
    )
    return [
        ConflictPlace(timetable.sessions[key], state, timetable.get_room_name(state.room_id))
        for state, key in states
    ]


def describe_remaining(timetable: Timetable, fix: Fix) -> list[str]:
    """Return the conflicts that the moved sessions have afterwards, each sentence once."""
    moved = timetable.with_states(fix.states)
    return list(dict.fromkeys(describe_conflict(moved, conflict) for conflict in fix.remaining))
