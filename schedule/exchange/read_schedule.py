"""Read a programme from a file of any known format, recognized by its content."""

import re
import zoneinfo
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.errors import UnreadableFile
from convention.parsing.process import parse_in_child
from convention.rich_text.texts import attach_html
from convention.tables.workbooks import is_workbook

from .import_notes import ImportNotes
from .parsed_programme import (
    MAX_APPEARANCES,
    MAX_SESSIONS,
    MAX_SPEAKERS,
    ParsedProgramme,
    ParsedSession,
    ParsedSpeaker,
    ScheduleFormat,
)
from .parsing.clean_values import strip_controls
from .parsing.decode_file import decode_file
from .parsing.json_values import parse_json
from .parsing.unknown_formats import refuse_text
from .parsing.validate import validate_programme
from .readers.frab_json import read_frab_json
from .readers.frab_xml import read_frab_xml
from .readers.icalendar import read_icalendar
from .readers.kotlinconf import is_kotlinconf, read_kotlinconf
from .readers.session_table import is_session_table, read_session_table
from .readers.sessionize import is_sessionize, read_sessionize


def read_schedule(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None = None) -> ParsedProgramme:
    """Read a file leniently; the notes say what was skipped or repaired.

    `event_zone` is the zone of the target event, for files that name none. Raise UnreadableFile if there is
    no usable content.
    """
    notes = ImportNotes()
    programme = read_any_format(data, event_zone, notes)
    # Before anything is matched or stored, which would take the longest.
    refuse_oversized(programme)
    return validate_programme(programme, notes)


def read_any_format(data: bytes, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes) -> ParsedProgramme:
    """Read a file in the format that its content shows. Raise UnreadableFile for any other."""
    if is_workbook(data):
        return read_session_table(data, file_format=ScheduleFormat.XLSX, event_zone=event_zone, notes=notes)
    text = strip_controls(decode_file(data, notes), notes).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return read_frab_xml(text, event_zone=event_zone, notes=notes)
    if text.startswith(("{", "[")):
        return read_json(parse_json(text), event_zone, notes)
    if re.match(r"BEGIN\s*:\s*VCALENDAR\b", text, re.I):
        return read_icalendar(text, event_zone=event_zone, notes=notes)
    if is_session_table(text):
        return read_session_table(data, file_format=ScheduleFormat.CSV, event_zone=event_zone, notes=notes)
    return refuse_text(text)


def read_json(content: Any, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes) -> ParsedProgramme:
    """Read JSON of the format that its keys show. Raise UnreadableFile for any other."""
    if is_kotlinconf(content):
        return read_kotlinconf(content, event_zone=event_zone, notes=notes)
    if is_sessionize(content):
        return read_sessionize(content, event_zone=event_zone, notes=notes)
    return read_frab_json(content, event_zone=event_zone, notes=notes)


def refuse_oversized(programme: ParsedProgramme) -> None:
    """Raise UnreadableFile for more sessions, speakers or appearances than a programme may have."""
    if len(programme.sessions) > MAX_SESSIONS:
        raise UnreadableFile(_("This file has more than %(most)s sessions.") % {"most": MAX_SESSIONS})
    speakers = [person for parsed_session in programme.sessions for person in parsed_session.speakers or ()]
    if len(speakers) > MAX_APPEARANCES:
        raise UnreadableFile(
            _("The sessions of this file list more than %(most)s speakers in total.")
            % {"most": MAX_APPEARANCES}
        )
    if len(set(speakers)) > MAX_SPEAKERS:
        raise UnreadableFile(_("This file has more than %(most)s speakers.") % {"most": MAX_SPEAKERS})


def read_schedule_in_child(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None) -> ParsedProgramme:
    """Read as `read_schedule_with_html` in a child process. Raise FileTooDemanding beyond its limits."""
    return parse_in_child(read_schedule_with_html, data, event_zone=event_zone)


def read_schedule_with_html(data: bytes, *, event_zone: zoneinfo.ZoneInfo | None) -> ParsedProgramme:
    """Read as `read_schedule`; texts carry the HTML that is stored with them.

    Sanitizing costs more than parsing, so it is done here, in the child process, and not while the import
    holds its lock.
    """
    programme = read_schedule(data, event_zone=event_zone)
    speakers_with_html: dict[ParsedSpeaker, ParsedSpeaker] = {}
    return replace(
        programme,
        sessions=tuple(
            attach_session_html(parsed_session, speakers_with_html) for parsed_session in programme.sessions
        ),
    )


def attach_session_html(
    parsed_session: ParsedSession, speakers_with_html: dict[ParsedSpeaker, ParsedSpeaker]
) -> ParsedSession:
    """Return the session with HTML; `speakers_with_html` caches the speakers already converted."""
    for person in parsed_session.speakers or ():
        if person not in speakers_with_html:
            speakers_with_html[person] = replace(
                person, biography=person.biography and attach_html(person.biography)
            )
    return replace(
        parsed_session,
        abstract=parsed_session.abstract and attach_html(parsed_session.abstract),
        description=parsed_session.description and attach_html(parsed_session.description),
        speakers=parsed_session.speakers
        and tuple(speakers_with_html[person] for person in parsed_session.speakers),
    )
