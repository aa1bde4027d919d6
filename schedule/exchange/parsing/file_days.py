"""Assign sessions to days of the programme; days may run past midnight."""

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedule.exchange.import_notes import NoteReason
from schedule.exchange.parsed_programme import ParsedSession
from schedule.programme.days import get_programme_day

from .frab_entry import FileContext, RawEntry, build_parsed_session

# The default of Schedule.day_starts_at, so that a new event gets the same days.
DEFAULT_DAY_START = datetime.time(6)
NOON = datetime.time(12)
OUR_GENERATOR = "Convention"


@dataclass(frozen=True, slots=True)
class FileDay:
    """A day as the file describes it: its date, and when it begins."""

    date: datetime.date | None = None
    start: datetime.datetime | None = None


def build_parsed_sessions(
    days: list[tuple[FileDay, list[RawEntry]]], file_context: FileContext
) -> tuple[ParsedSession, ...]:
    """Return the sessions of all days with their programme day.

    A day that the file dates in another time zone than its sessions is corrected.
    """
    dated_sessions: list[ParsedSession] = []
    for file_day, raw_entries in days:
        entries = (build_parsed_session(raw_entry, file_context) for raw_entry in raw_entries)
        parsed_sessions = [parsed_session for parsed_session in entries if parsed_session]
        day = resolve_day_date(file_day, parsed_sessions, file_context)
        dated_sessions += [
            replace(parsed_session, day=day or get_session_day(parsed_session, file_context))
            for parsed_session in parsed_sessions
        ]
    return tuple(dated_sessions)


def resolve_day_date(
    file_day: FileDay, parsed_sessions: list[ParsedSession], file_context: FileContext
) -> datetime.date | None:
    """Return the date of a day: the file's, unless it was written in another time zone than its sessions."""
    if file_day.date is None or not parsed_sessions or not has_foreign_offset(file_day, file_context):
        return file_day.date
    counts = Counter(get_session_day(parsed_session, file_context) for parsed_session in parsed_sessions)
    # DebConf 23 dated its days in UTC, a day early; 38C3 wrote another offset with the right date. So the
    # offset alone proves nothing: the sessions decide, by majority.
    likely, count = counts.most_common(1)[0]
    if likely == file_day.date or count * 2 <= len(parsed_sessions):
        return file_day.date
    file_context.notes.add(NoteReason.WRONG_DAY, f"{file_day.date} → {likely}")
    return likely


def has_foreign_offset(file_day: FileDay, file_context: FileContext) -> bool:
    """Return whether the day's start has an offset that the zone never has at that time."""
    if file_day.start is None or file_day.start.tzinfo is None:
        return False
    return file_day.start.utcoffset() != file_day.start.astimezone(file_context.zone).utcoffset()


def get_session_day(parsed_session: ParsedSession, file_context: FileContext) -> datetime.date:
    """Return the day that follows from the session's start alone."""
    return get_programme_day(
        parsed_session.starts_at, file_context.zone, file_context.day_starts_at or DEFAULT_DAY_START
    )


# Only Pentabarf's XML says when days begin (`day_change`); other files show it by the starts of their days.
def find_usual_day_start(
    file_days: Iterable[FileDay], zone: zoneinfo.ZoneInfo, generator: str | None
) -> datetime.time | None:
    """Return the local time at which most days of the programme start.

    Our own exports start a day earlier for a session before it, never later: there the latest counts.
    """
    starts = (file_day.start for file_day in file_days if file_day.start)
    local = (start.astimezone(zone).time() if start.tzinfo else start.time() for start in starts)
    clocks = Counter(clock for clock in local if clock < NOON)
    if not clocks:
        return None
    # See export_days.py: a day's start there is the usual one, or that of an earlier session.
    if generator == OUR_GENERATOR:
        return max(clocks)
    return max(clocks.items(), key=lambda item: (item[1], item[0]))[0]
