"""List all sessions of a programme with their problems, for organizers, narrowed by filters."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event, Room
from convention.text.normalize import matches_search_words, search_text, split_search_words
from schedule.conflicts.describe import describe_conflict
from schedule.conflicts.facts import TimetableFacts
from schedule.conflicts.find import find_conflicts, find_session_conflicts, rank_conflicts
from schedule.conflicts.load import load_neighbourhood, load_working_timetable
from schedule.conflicts.timetable import Conflict, Timetable, TimetableSession
from schedule.models import Session
from schedule.programme.agenda import prefetch_speakers, query_sessions
from schedule.programme.days import describe_fullness, is_outside_hours
from schedule.programme.programme_version import ProgrammeVersion

from .draft_slots import overlay_draft

STATE_LABELS: Final = {
    "": _("All sessions"),
    "conflicts": _("With conflicts"),
    "outside_event": _("Outside the event’s hours"),
    "unplaced": _("Without time or room"),
    "cancelled": pgettext_lazy("sessions", "Cancelled"),
    "members": pgettext_lazy("sessions", "For members only"),
    "full": pgettext_lazy("sessions", "Full"),
    "filling": pgettext_lazy("sessions", "Nearly full"),
    "unpublished": _("With unpublished changes"),
}


@dataclass(frozen=True)
class OverviewFilter:
    q: str = ""
    day: str = ""
    room: str = ""
    track: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ConflictNote:
    """A sentence about a conflict of a session, and the other sessions in it."""

    text: str
    others: list[TimetableSession]


@dataclass(slots=True)
class OverviewRow:
    """A session, its programme day, and its problems: outside the event's hours, or in conflict."""

    session: Session
    day: datetime.date | None = None
    is_outside: bool = False
    conflicts: list[Conflict] = field(default_factory=list)
    # What the next publication changes, as labels.
    unpublished: Sequence[str | Promise] = ()


@dataclass(slots=True)
class ScheduleOverview:
    """The rows that match, those without a time first; days and rooms to offer; counts by state."""

    rows: list[OverviewRow]
    days: list[datetime.date]
    rooms: list[Room]
    counts: dict[str, int]
    timetable: Timetable


def build_overview(
    *,
    event: Event,
    programme_version: ProgrammeVersion,
    overview_filter: OverviewFilter,
    unpublished_labels: Mapping[int, Sequence[str | Promise]],
) -> ScheduleOverview:
    """Return the overview of the current draft, with the unpublished changes of each session as labels.

    The number of queries does not depend on the number of sessions.
    """
    sessions = overlay_draft(event, prefetch_speakers(query_sessions(event)))
    rows = {session.pk: OverviewRow(session) for session in sessions}
    for pk in rows.keys() & unpublished_labels.keys():
        rows[pk].unpublished = unpublished_labels[pk]
    for row in rows.values():
        row.is_outside = is_session_outside(row.session, event)
        if row.session.starts_at:
            row.day = row.session.day or programme_version.get_programme_day(row.session.starts_at)
    timetable = load_working_timetable(event)
    attach_conflicts(rows, timetable)
    all_rows = sorted(rows.values(), key=get_row_sort_key)
    # Filtered in Python: conflicts are found among all sessions, and the counts are those of all.
    matching = [row for row in all_rows if matches_overview_filter(row, overview_filter)]
    counts = {state: sum(has_state(row, state) for row in all_rows) for state in STATE_LABELS}
    days = sorted({row.day for row in all_rows if row.day})
    return ScheduleOverview(matching, days, [*event.rooms.all()], counts, timetable)


def get_row_sort_key(row: OverviewRow) -> tuple[bool, str, int, int]:
    """Return a key that sorts sessions without a time first, since they need one."""
    starts, room = row.session.starts_at, row.session.room
    return (
        starts is not None,
        # The database returns UTC, so texts sort as the moments do.
        starts.isoformat() if starts else "",
        room.position if room else -1,
        row.session.pk,
    )


def attach_conflicts(rows_by_id: dict[int, OverviewRow], timetable: Timetable) -> None:
    """Add each conflict to the rows of its sessions."""
    for conflict in find_conflicts(timetable):
        for key in conflict.sessions:
            # A session may have been added since the rows were loaded.
            if key in rows_by_id:
                rows_by_id[key].conflicts.append(conflict)


def describe_conflicts(row: OverviewRow, timetable: Timetable) -> list[ConflictNote]:
    """Return the conflicts of a row in words, in the active language."""
    return [
        ConflictNote(
            describe_conflict(timetable, conflict),
            [timetable.sessions[key] for key in conflict.sessions if key != row.session.pk],
        )
        for conflict in row.conflicts
    ]


def is_session_outside(session: Session, event: Event) -> bool:
    """Return whether the session takes place before the event begins or after it ends."""
    hours = (event.starts_at, event.ends_at)
    return not session.cancelled_at and is_outside_hours(session.starts_at, session.ends_at, hours)


def matches_overview_filter(row: OverviewRow, overview_filter: OverviewFilter) -> bool:
    session = row.session
    return (
        has_state(row, overview_filter.state)
        and (not overview_filter.day or str(row.day) == overview_filter.day)
        and (not overview_filter.room or str(session.room_id) == overview_filter.room)
        and (not overview_filter.track or str(session.track_id) == overview_filter.track)
        and matches_search_words(split_search_words(overview_filter.q), build_search_text(session))
    )


def has_state(row: OverviewRow, state: str) -> bool:
    """Return whether a row belongs under a key of STATE_LABELS."""
    session = row.session
    takes_bookings = session.is_bookable and not session.cancelled_at
    fullness = describe_fullness(session.reserved, session.capacity) if takes_bookings else ""
    return {
        "conflicts": bool(row.conflicts),
        "outside_event": row.is_outside,
        "unplaced": is_unplaced(session),
        "cancelled": bool(session.cancelled_at),
        "members": session.is_for_members,
        "full": fullness == "full",
        "filling": fullness == "filling",
        "unpublished": bool(row.unpublished),
    }.get(state, True)


def is_unplaced(session: Session) -> bool:
    """Return whether a session has no time, or a talk no room."""
    needs_room = session.role == Session.Role.TALK and not session.room_id
    return not session.cancelled_at and (not session.starts_at or needs_room)


def build_search_text(session: Session) -> str:
    """Return the searchable words: title, subtitle, number and speakers."""
    speakers = " ".join(appearance.speaker.name for appearance in session.appearances.all())
    return search_text(f"{session.title} {session.subtitle} {session.number} {speakers}")


def list_session_conflicts(session: Session) -> list[ConflictNote]:
    """Return the conflicts of one session in words, those that affect the most people first."""
    timetable = load_neighbourhood(session)
    facts = TimetableFacts(timetable)
    if session.pk not in facts.places:
        return []
    conflicts = rank_conflicts(facts, find_session_conflicts(facts, session.pk))
    return describe_conflicts(OverviewRow(session, conflicts=conflicts), timetable)
