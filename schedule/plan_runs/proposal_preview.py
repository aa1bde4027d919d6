"""Preview the draft with a proposal applied: a table for each day, the moves, and the conflicts."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.events.models import Event
from schedule.conflicts.describe import KIND_LABELS, describe_conflict
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import BLOCK
from schedule.conflicts.load import load_timetable
from schedule.conflicts.timetable import Conflict, Period, Timetable, TimetableSession
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.slot_state import SlotState
from schedule.models import PlanRun

from .runs import list_proposed_changes


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """A session with its slot now and in the proposal."""

    session: TimetableSession
    before: SlotState | None
    after: SlotState
    room_before: str
    room_after: str


@dataclass(frozen=True, slots=True)
class ProposedSession:
    session: TimetableSession
    state: SlotState
    is_changed: bool


@dataclass(frozen=True, slots=True)
class TableCell:
    """The sessions that start in a room; `busy_until` is set where an earlier one still runs."""

    sessions: list[ProposedSession]
    busy_until: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """The sessions that start at one time, by room; those without a room are in `roomless_sessions`."""

    starts_at: datetime.datetime
    roomless_sessions: list[ProposedSession]
    cells: list[TableCell]

    @property
    def has_rooms(self) -> bool:
        """Return whether anything starts in a room."""
        return any(cell.sessions for cell in self.cells)


@dataclass(frozen=True, slots=True)
class DayTable:
    """Rooms by times; `hours` are those in which sessions may be placed."""

    hours: Period
    rows: list[TableRow]


@dataclass(frozen=True, slots=True)
class ProposalPreview:
    """The changes and conflicts of a proposal, all empty without one. New conflicts are not in the draft.

    Warnings do not prevent publishing; `warning_kinds` are the kinds of those that remain.
    """

    changes: list[ProposedChange]
    rooms: list[str]
    days: list[DayTable]
    new_conflicts: list[str]
    remaining_conflicts: list[str]
    remaining_warnings: list[str]
    warning_kinds: list[str]
    resolved_count: int


def preview_proposal(plan_run: PlanRun) -> ProposalPreview:
    """Return what the current draft would be like if the proposal were adopted."""
    if plan_run.proposal is None:
        return ProposalPreview([], [], [], [], [], [], [], 0)
    draft = get_current_draft(plan_run.event)
    current = load_timetable(draft)
    changes = list_proposed_changes(plan_run.proposal, draft)
    states = {key: state for key, state in changes.items() if key in current.sessions}
    proposed = current.with_states(states)
    known = {conflict.signature for conflict in find_conflicts(current)}
    conflicts = find_conflicts(proposed)
    remaining = [conflict for conflict in conflicts if conflict.signature in known]
    warnings = [conflict for conflict in remaining if conflict.level != BLOCK]
    return ProposalPreview(
        changes=list_changes(current, states),
        rooms=[room.name for room in current.rooms.values()],
        days=[make_day_table(plan_run.event, proposed, hours, states) for hours in list_day_hours(proposed)],
        new_conflicts=describe_all(
            proposed, [conflict for conflict in conflicts if conflict.signature not in known]
        ),
        remaining_conflicts=describe_all(
            proposed, [conflict for conflict in remaining if conflict.level == BLOCK]
        ),
        remaining_warnings=describe_all(proposed, warnings),
        warning_kinds=list(dict.fromkeys(str(KIND_LABELS[conflict.kind]) for conflict in warnings)),
        resolved_count=len(known - {conflict.signature for conflict in conflicts}),
    )


def describe_all(timetable: Timetable, conflicts: Iterable[Conflict]) -> list[str]:
    """Return a sentence for each conflict, with the titles of its sessions."""
    sentences = []
    for conflict in conflicts:
        titles = " / ".join(
            _("“%(title)s”") % {"title": timetable.sessions[key].title} for key in conflict.sessions
        )
        sentences.append(f"{describe_conflict(timetable, conflict)} {titles}")
    return sentences


def list_changes(current: Timetable, states: dict[int, SlotState]) -> list[ProposedChange]:
    """Return the sessions that move, by their new time."""
    changes = []
    for key, state in states.items():
        before = current.placements.get(key)
        room_before = current.get_room_name(before.room_id) if before else ""
        changes.append(
            ProposedChange(
                current.sessions[key], before, state, room_before, current.get_room_name(state.room_id)
            )
        )
    return sorted(changes, key=lambda change: (change.after.starts_at, change.session.number))


def list_day_hours(timetable: Timetable) -> list[Period]:
    """Return the hours of talks on each day, and those of all sessions on days without hours for talks."""
    others = [
        (opens_at, closes_at)
        for opens_at, closes_at in timetable.general_hours
        if not any(opens_at < end and start < closes_at for start, end in timetable.hours)
    ]
    return sorted([*timetable.hours, *others])


def make_day_table(
    event: Event, timetable: Timetable, hours: Period, changed: dict[int, SlotState]
) -> DayTable:
    """Return the table of the sessions that start on a day, by the clock of the event."""
    day = hours[0].astimezone(event.zone).date()
    by_start: dict[datetime.datetime, list[ProposedSession]] = defaultdict(list)
    for key, state in timetable.placements.items():
        is_of_day = (
            hours[0] <= state.starts_at < hours[1] or state.starts_at.astimezone(event.zone).date() == day
        )
        if is_of_day and not state.is_cancelled:
            by_start[state.starts_at].append(ProposedSession(timetable.sessions[key], state, key in changed))
    placed = [session for sessions in by_start.values() for session in sessions]
    rows = [make_row(timetable, start, by_start[start], placed) for start in sorted(by_start)]
    return DayTable(hours, rows)


def make_row(
    timetable: Timetable,
    start: datetime.datetime,
    starting: Sequence[ProposedSession],
    placed: Sequence[ProposedSession],
) -> TableRow:
    """Return the sessions that start at a time, by room, and until when a room is taken by an earlier one."""
    cells = []
    for room in timetable.rooms:
        ends = [
            session.state.ends_at
            for session in placed
            if session.state.room_id == room and session.state.starts_at < start < session.state.ends_at
        ]
        sessions = [session for session in starting if session.state.room_id == room]
        cells.append(TableCell(sessions, max(ends, default=None)))
    roomless_sessions = [session for session in starting if session.state.room_id not in timetable.rooms]
    return TableRow(start, roomless_sessions, cells)
