"""Compute what each format preserves of an event's sessions: how our own export would read back."""

import json
import uuid
from dataclasses import dataclass, field, replace

from convention.events.models import Event
from schedule.exchange.import_notes import ImportNotes
from schedule.exchange.load_programme import list_parsed_speakers, load_programme, to_parsed_session
from schedule.exchange.parsed_programme import (
    TABLE_FORMATS,
    ParsedHeader,
    ParsedProgramme,
    ParsedSession,
    ScheduleFormat,
)
from schedule.exchange.readers.session_table import read_session_table
from schedule.exchange.readers.sessionize import read_sessionize
from schedule.models import ProgrammeAudience, Session

from .fit_format import fit_programme, flatten_html, strip_known_parts
from .own_pages import add_own_pages
from .session_table import write_session_csv, write_session_xlsx
from .sessionize import write_sessionize

NEAREST_WRITTEN_FORMATS = {
    ScheduleFormat.FRAB_JSON_2: ScheduleFormat.FRAB_JSON,
    ScheduleFormat.KOTLINCONF: ScheduleFormat.SESSIONIZE,
}
# Formats with one field for abstract and description.
SINGLE_TEXT_FORMATS = frozenset([ScheduleFormat.ICALENDAR, ScheduleFormat.SESSIONIZE])


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The event's sessions as our export in one format would read back.

    An import changes a field only where the file differs from this. So importing our own export changes
    nothing, whatever a format leaves out or writes differently.
    """

    format: ScheduleFormat
    header: ParsedHeader
    sessions_by_guid: dict[uuid.UUID | None, ParsedSession] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        return self.format in TABLE_FORMATS

    def __call__(self, session: Session) -> ParsedSession:
        """Return the session as read back from our own export; as it is, if the export leaves it out."""
        found = self.sessions_by_guid.get(session.guid)
        return found or to_parsed_session(session, list_parsed_speakers(session))

    def strip_known_text(self, name: str, value: object, own_session: ParsedSession) -> object:
        """Return the value to store for a field that differs, without text that the format repeats."""
        if self.format not in SINGLE_TEXT_FORMATS or name != "description" or not isinstance(value, str):
            return value
        text = strip_known_parts(value, own_session)
        return own_session.description if text == flatten_html(own_session.description or "") else text


def build_round_trip(file_format: ScheduleFormat, event: Event) -> RoundTrip:
    exported = build_exported_programme(event, file_format, audience=ProgrammeAudience.MEMBERS)
    programme = read_back(exported)
    return RoundTrip(
        file_format,
        programme.header,
        {parsed_session.guid: parsed_session for parsed_session in programme.sessions},
    )


def read_back(programme: ParsedProgramme) -> ParsedProgramme:
    """Return a programme as its file reads back; unchanged if `fit_programme` gives that already."""
    notes = ImportNotes()
    if programme.format is ScheduleFormat.SESSIONIZE:
        content = json.loads(write_sessionize(programme))
        read_again = read_sessionize(content, event_zone=None, notes=notes)
    elif programme.format in TABLE_FORMATS:
        write = write_session_csv if programme.format is ScheduleFormat.CSV else write_session_xlsx
        read_again = read_session_table(
            write(programme), file_format=programme.format, event_zone=None, notes=notes
        )
    else:
        return programme
    return replace(read_again, header=programme.header)


def build_exported_programme(
    event: Event, file_format: ScheduleFormat, *, audience: ProgrammeAudience
) -> ParsedProgramme:
    """Return exactly what an export in that format contains for an audience."""
    # A format that is only read is compared with the nearest one that is written.
    file_format = NEAREST_WRITTEN_FORMATS.get(file_format, file_format)
    programme = load_programme(event, file_format, audience=audience)
    # In a table, the address of a page is a field that people edit.
    return fit_programme(programme if file_format in TABLE_FORMATS else add_own_pages(programme, event))
