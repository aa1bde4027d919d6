"""Write a table of sessions: one row each, with all fields, as people edit it in a spreadsheet.

`build_session_rows` serves the command and the organizers' page; readers/session_table.py reads it again.
"""

import datetime
from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _

from convention.tables.files import write_csv, write_xlsx
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSession
from schedule.exchange.parsing import table_cells, times
from schedule.exchange.parsing.frab_entry import EXTRA_FIELDS
from schedule.exchange.parsing.table_columns import TABLE_COLUMNS

# A cell holds 32,767 characters in Excel; longer texts continue in a column of their own.
MAX_CELL_CHARS: Final = 32_000
ZONED_COLUMNS: Final = ("start", "end")


def build_session_rows(programme: ParsedProgramme) -> tuple[list[str], list[list[Any]]]:
    """Return headings in the active language and a row for each session.

    Times are local to the zone that their headings name.
    """
    zone = times.find_zone(programme.header.zone_name)
    assert zone
    rows = [build_cells(parsed_session, zone) for parsed_session in programme.sessions]
    widths = {name: max((count_cells(row[name]) for row in rows), default=1) for name in TABLE_COLUMNS}
    header = [heading for name, width in widths.items() for heading in list_headings(name, width, zone)]
    return header, [
        [part for name, width in widths.items() for part in split_cell(row[name], width)] for row in rows
    ]


def list_headings(name: str, width: int, zone: datetime.tzinfo) -> Iterator[str]:
    label = str(TABLE_COLUMNS[name].label)
    yield f"{label} ({zone})" if name in ZONED_COLUMNS else label
    yield from (f"{label} ({number})" for number in range(2, width + 1))


def count_cells(value: Any) -> int:
    return max(1, -(-len(value) // MAX_CELL_CHARS)) if isinstance(value, str) else 1


def split_cell(value: Any, width: int) -> list[Any]:
    """Return the value in as many cells as its column takes."""
    if width == 1:
        return [value]
    return [value[at * MAX_CELL_CHARS : (at + 1) * MAX_CELL_CHARS] for at in range(width)]


def build_cells(parsed_session: ParsedSession, zone: datetime.tzinfo) -> dict[str, Any]:
    """Return the cell of each column."""
    extra = dict(parsed_session.extra or ())
    return {
        "guid": str(parsed_session.guid or ""),
        "id": parsed_session.number,
        "title": parsed_session.title,
        "subtitle": parsed_session.subtitle or "",
        "kind": parsed_session.kind or "",
        "track": parsed_session.track or "",
        "room": parsed_session.room or "",
        **build_time_cells(parsed_session, zone),
        "language": parsed_session.language or "",
        "speakers": table_cells.format_names(person.name for person in parsed_session.speakers or ()),
        "abstract": parsed_session.abstract or "",
        "description": parsed_session.description or "",
        "url": parsed_session.url or "",
        "links": table_cells.format_links(parsed_session.links or ()),
        "attachments": table_cells.format_links(parsed_session.attachments or ()),
        "cancelled": _("yes") if parsed_session.is_cancelled else "",
        "is_for_members": _("yes") if parsed_session.is_for_members else "",
        "recording_optout": _("yes") if parsed_session.recording_optout else "",
        "recording_license": parsed_session.recording_license or "",
        "slug": parsed_session.slug or "",
        "speaker_ids": table_cells.format_speaker_ids(parsed_session.speakers or ()),
        "source_id": parsed_session.source_id,
        **{name: extra.get(name, "") for name in EXTRA_FIELDS},
    }


def build_time_cells(parsed_session: ParsedSession, zone: datetime.tzinfo) -> dict[str, Any]:
    """Return day, start, end and duration; for a session without a time, at most the planned length."""
    starts_at, ends_at = parsed_session.starts_at, parsed_session.ends_at or parsed_session.starts_at
    if not parsed_session.has_start:
        return {**dict.fromkeys(("day", "start", "end"), ""), "duration": parsed_session.planned_minutes}
    return {
        "day": parsed_session.day,
        "start": localize_moment(starts_at, zone),
        "end": localize_moment(ends_at, zone),
        "duration": table_cells.format_duration(ends_at - starts_at),
    }


def localize_moment(at: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime | str:
    """Return a local time for a spreadsheet; a text where it needs seconds or its offset to be exact."""
    local = at.astimezone(zone)
    # The hour that a clock change repeats: a local time cannot say that it is the second one.
    if times.find_clock_change(local.replace(tzinfo=None, fold=0), zone):
        return local.isoformat(" ")
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else local.replace(tzinfo=None)


def write_session_csv(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to a table; return UTF-8 with a byte order mark."""
    return write_csv(*build_session_rows(programme))


def write_session_xlsx(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to a table."""
    return write_xlsx(*build_session_rows(programme), title=_("Sessions"))
