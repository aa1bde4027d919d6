"""Read a table of sessions, CSV or a workbook: one row for each session, in any order of columns.

Fields without a column stay unchanged; an empty cell empties its field. Only rows without a title
or with an unreadable start are skipped, and each note names its rows.
"""

import datetime
import zoneinfo
from collections.abc import Mapping
from dataclasses import replace

from convention.tables.files import read_table
from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import (
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedRoom,
    ParsedSession,
    ParsedSpeaker,
    ScheduleFormat,
)
from schedule.exchange.parsing import clean_values, table_cells, times
from schedule.exchange.parsing.frab_entry import (
    EXTRA_FIELDS,
    FileContext,
    RawEntry,
    build_parsed_link,
    build_parsed_session,
    build_parsed_speaker,
    build_untimed_session,
    get_night_end,
)
from schedule.exchange.parsing.table_columns import is_session_heading, lay_out_columns
from schedule.exchange.parsing.unknown_formats import refuse_headings

# The names of a RawEntry, where they differ from those of the columns.
RAW_NAMES = {"kind": "type", "recording_license": "license", "recording_optout": "optout"}
TEXT_COLUMNS = (
    *("guid", "id", "title", "subtitle", "kind", "track", "room", "language", "abstract", "description"),
    *("url", "slug", "recording_license", *EXTRA_FIELDS),
)
YES_NO_COLUMNS = ("recording_optout", "cancelled", "is_for_members")
ONE_DAY = datetime.timedelta(days=1)
HOUR, MINUTE, SECOND = (datetime.timedelta(seconds=seconds) for seconds in (3600, 60, 1))
HEADING_LINES_SEARCHED, MAX_HEADING_CHARS = 20, 5_000


def is_session_table(text: str) -> bool:
    """Return whether one of the first lines has the headings of a table of sessions."""
    for line in text[: HEADING_LINES_SEARCHED * MAX_HEADING_CHARS].splitlines()[:HEADING_LINES_SEARCHED]:
        cells = line[:MAX_HEADING_CHARS].replace('"', "")
        if any(is_session_heading(cells.split(sign)) for sign in ",;\t|"):
            return True
    return False


def read_session_table(
    data: bytes, *, file_format: ScheduleFormat, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes
) -> ParsedProgramme:
    """Read the programme. Raise UnreadableFile without the headings of a table of sessions."""
    table = read_table(str(file_format.label), data, is_session_heading)
    if not is_session_heading(table.header):
        refuse_headings()
    layout = lay_out_columns(table.header)
    for heading in layout.unknown_headings:
        notes.add(NoteReason.UNKNOWN_FIELD, heading)
    zone = times.choose_zone(layout.zone_name or None, event_zone=event_zone, offsets=(), notes=notes)
    context = FileContext(zone, notes)
    parsed_sessions = []
    for number, cells in table.rows:
        notes.row = number
        values = {
            name: "".join(cells[place] for place in places if place < len(cells))
            for name, places in layout.places.items()
        }
        if parsed_session := read_row(values, context):
            parsed_sessions.append(parsed_session)
    notes.row = 0
    rooms = dict.fromkeys(parsed_session.room for parsed_session in parsed_sessions if parsed_session.room)
    return ParsedProgramme(
        file_format, ParsedHeader(zone_name=zone.key), tuple(parsed_sessions), tuple(map(ParsedRoom, rooms))
    )


def read_row(values: Mapping[str, str], context: FileContext) -> ParsedSession | None:
    """Return the session of a row, None without a title or with an unreadable start."""
    title, start = values["title"].strip(), values.get("start", "").strip()
    if title and not start:
        context.notes.add(NoteReason.NO_START_YET, title)
    if title and table_cells.has_hour_past_midnight(start):
        context.notes.add(NoteReason.HOUR_PAST_MIDNIGHT, f"{title}, {start}")
        return None
    day = table_cells.parse_day(values.get("day", ""))
    texts: dict[str, str | None] = {
        RAW_NAMES.get(name, name): values[name] for name in TEXT_COLUMNS if name in values
    }
    texts |= read_yes_no_cells(values, context.notes)
    texts |= read_start(start, day, context)
    texts |= read_end(values, context)
    raw_entry = RawEntry(
        texts,
        day,
        read_speaker_cells(values, context.notes),
        read_link_cell(values.get("links"), context.notes),
        read_link_cell(values.get("attachments"), context.notes),
    )
    build_session = build_parsed_session if start else build_untimed_session
    parsed_session = build_session(raw_entry, context)
    if parsed_session is None:
        return None
    if "source_id" in values:
        parsed_session = replace(parsed_session, source_id=values["source_id"].strip()[:1000])
    if not parsed_session.has_start:
        return replace(parsed_session, planned_minutes=read_planned_minutes(values, context.notes))
    return check_duration(check_day(parsed_session, context), values, context)


def read_yes_no_cells(values: Mapping[str, str], notes: ImportNotes) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in YES_NO_COLUMNS:
        if name in values:
            is_yes = table_cells.parse_yes_or_no(values[name])
            if is_yes is None:
                notes.add(NoteReason.NEITHER_YES_NOR_NO, values[name])
            found[RAW_NAMES.get(name, name)] = None if is_yes is None else str(is_yes)
    return found


def read_start(text: str, day: datetime.date | None, context: FileContext) -> dict[str, str | None]:
    """Return `date` and `start` of a raw entry, from a moment or from a time on the day of the row."""
    if moment := table_cells.parse_moment(text):
        return {"date": moment.isoformat()}
    if (clock := table_cells.parse_clock(text)) is not None and day:
        start: str | None = f"{clock // HOUR}:{clock % HOUR // MINUTE:02}:{clock % MINUTE // SECOND:02}"
        # Without a date, `build_parsed_session` puts an early time into the night that follows the day.
        is_night = clock < get_night_end(context.day_starts_at)
        return {"start": start, "date": None if is_night else day.isoformat()}
    # Spreadsheets give a midnight as a date alone.
    midnight = table_cells.parse_day(text)
    return {"date": f"{midnight}T00:00:00" if midnight else None}


def read_end(values: Mapping[str, str], context: FileContext) -> dict[str, str | None]:
    """Return `end` and `duration` of a raw entry."""
    found: dict[str, str | None] = {}
    text = values.get("end", "")
    # 24:00 is the end of a day, as ISO 8601 has it.
    clock_text = next(reversed(text.split()), "")
    is_end_of_day = table_cells.parse_clock(clock_text) == ONE_DAY
    if table_cells.has_hour_past_midnight(text) and not is_end_of_day:
        context.notes.add(NoteReason.HOUR_PAST_MIDNIGHT, text)
    elif moment := table_cells.parse_moment(text):
        found["end"] = moment.isoformat()
    elif (clock := table_cells.parse_clock(text)) is not None:
        found["end"] = f"{clock // HOUR % 24}:{clock % HOUR // MINUTE:02}"
    elif midnight := table_cells.parse_day(text):
        found["end"] = f"{midnight}T00:00:00"
    elif text.strip():
        context.notes.add(NoteReason.UNREADABLE_VALUE, text)
    span = table_cells.parse_duration(values.get("duration", ""))
    if span is not None:
        found["duration"] = f"{span // HOUR}:{span % HOUR // MINUTE:02}:{span % MINUTE // SECOND:02}"
    elif values.get("duration", "").strip():
        context.notes.add(NoteReason.UNREADABLE_VALUE, values["duration"])
    return found


def read_planned_minutes(values: Mapping[str, str], notes: ImportNotes) -> int | None:
    """Return the length of a session without a time; None without one."""
    span = table_cells.parse_duration(values.get("duration", ""))
    # As in the session's form.
    if span and span > ONE_DAY:
        notes.add(NoteReason.UNREADABLE_VALUE, values["duration"])
        return None
    return span // MINUTE if span else None


def check_day(parsed_session: ParsedSession, context: FileContext) -> ParsedSession:
    """Drop a day that the start contradicts: it is that of the start, or the one before."""
    if parsed_session.day is None:
        return parsed_session
    date = parsed_session.starts_at.astimezone(context.zone).date()
    if date - ONE_DAY <= parsed_session.day <= date:
        return parsed_session
    context.notes.add(NoteReason.DAY_DISAGREES, f"{parsed_session.title}, {parsed_session.day}")
    return replace(parsed_session, day=None)


def check_duration(
    parsed_session: ParsedSession, values: Mapping[str, str], context: FileContext
) -> ParsedSession:
    """Store a duration that contradicts the end; the import finds out which of them was changed."""
    span = table_cells.parse_duration(values.get("duration", ""))
    if span is None or parsed_session.ends_at is None:
        return parsed_session
    length = parsed_session.ends_at - parsed_session.starts_at
    if abs(length - span) < MINUTE:
        return parsed_session
    # An end that was not later than the start: the row was moved, and the end left as it was.
    if not length:
        return replace(parsed_session, ends_at=parsed_session.starts_at + span)
    context.notes.add(NoteReason.DURATION_DISAGREES, parsed_session.title)
    return replace(parsed_session, stated_duration=span)


def read_speaker_cells(values: Mapping[str, str], notes: ImportNotes) -> tuple[ParsedSpeaker, ...] | None:
    """Return the speakers in order, with the guids that the table has for their names."""
    if "speakers" not in values:
        return None
    guids = table_cells.split_speaker_ids(values.get("speaker_ids", ""))
    speakers = []
    for name in table_cells.split_names(values["speakers"]):
        known = guids.get(name, [])
        guid = str(known.pop(0)) if known else None
        speakers.append(build_parsed_speaker(name, guid=guid, source_id=None, notes=notes))
    return clean_values.limit_items(filter(None, speakers), notes)


def read_link_cell(text: str | None, notes: ImportNotes) -> tuple[ParsedLink, ...] | None:
    """Return the links of a cell, one on each line; None without a column of them."""
    if text is None:
        return None
    lines = (table_cells.split_link(line) for line in text.splitlines() if line.strip())
    links = (
        build_parsed_link(link.url, title=link.title, kind=link.kind, service=link.service, notes=notes)
        for link in lines
    )
    return clean_values.limit_items(filter(None, links), notes)
