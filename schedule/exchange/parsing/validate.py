"""Validate a programme after reading, whatever its format: duplicates, stray sessions, dates."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSession

# EMF's file of 2018 also contains entries of 2016, which must not stretch the event.
MAX_GAP = datetime.timedelta(days=30)
# The dates compared are those in UTC, and the last night ends after the last day.
DATE_TOLERANCE = datetime.timedelta(days=2)


def validate_programme(programme: ParsedProgramme, notes: ImportNotes) -> ParsedProgramme:
    """Return the programme without duplicate entries, with all notes."""
    parsed_sessions = tuple(dict.fromkeys(programme.sessions))
    seen: set[ParsedSession] = set()
    for parsed_session in programme.sessions:
        if parsed_session in seen:
            notes.add(NoteReason.REPEATED_ENTRY, parsed_session.title)
        seen.add(parsed_session)
    note_shared_ids(parsed_sessions, notes)
    if programme.timed_sessions:
        note_dates(programme, notes)
    return replace(programme, sessions=parsed_sessions, notes=tuple(notes.collected))


def note_shared_ids(parsed_sessions: Iterable[ParsedSession], notes: ImportNotes) -> None:
    """Note ids shared by several speakers."""
    names: dict[str, set[str]] = defaultdict(set)
    for parsed_session in parsed_sessions:
        for person in parsed_session.speakers or ():
            if person.source_id and not person.guid:
                names[person.source_id].add(person.name)
    for identifier, speaker_names in names.items():
        if len(speaker_names) > 1:
            notes.add(NoteReason.SHARED_SPEAKER_ID, f"{identifier}: {', '.join(sorted(speaker_names))}")


def note_dates(programme: ParsedProgramme, notes: ImportNotes) -> None:
    """Note sessions far from the others, and a header with other dates."""
    first, last = find_main_span(programme.timed_sessions)
    for parsed_session in programme.timed_sessions:
        if not first <= parsed_session.starts_at <= last:
            notes.add(NoteReason.FAR_AWAY, f"{parsed_session.title}, {parsed_session.starts_at:%Y-%m-%d}")
    header = programme.header
    is_early = header.first_day and first.date() < header.first_day - DATE_TOLERANCE
    is_late = header.last_day and last.date() > header.last_day + DATE_TOLERANCE
    if is_early or is_late:
        notes.add(NoteReason.OTHER_DATES, f"{header.first_day} – {header.last_day}")


def find_main_span(parsed_sessions: Iterable[ParsedSession]) -> tuple[datetime.datetime, datetime.datetime]:
    """Return the first and last start of the largest group of sessions without a gap of a month."""
    starts = sorted(parsed_session.starts_at for parsed_session in parsed_sessions)
    groups = [[starts[0]]]
    for start in starts[1:]:
        if start - groups[-1][-1] > MAX_GAP:
            groups.append([])
        groups[-1].append(start)
    largest = max(groups, key=len)
    return largest[0], largest[-1]
