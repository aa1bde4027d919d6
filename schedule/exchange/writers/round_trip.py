"""Compute what each format preserves of an event's sessions: how our own export would read back."""

import uuid
from dataclasses import dataclass, field

from convention.events.models import Event
from schedule.exchange.load_programme import load_programme, to_parsed_session
from schedule.exchange.parsed_programme import ParsedHeader, ParsedProgramme, ParsedSession, ScheduleFormat
from schedule.models import Session

from .fit_format import fit_programme, flatten_html, strip_known_parts
from .own_pages import add_own_pages


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The event's sessions as our export in one format would read back.

    An import changes a field only where the file differs from this. So importing our own export changes
    nothing, whatever a format leaves out or writes differently.
    """

    format: ScheduleFormat
    header: ParsedHeader
    sessions_by_guid: dict[uuid.UUID | None, ParsedSession] = field(default_factory=dict)

    def __call__(self, session: Session) -> ParsedSession:
        """Return the session as read back from our own export; as it is, if the export leaves it out."""
        return self.sessions_by_guid.get(session.guid) or to_parsed_session(session)

    def strip_known_text(self, name: str, value: object, own_session: ParsedSession) -> object:
        """Return the value to store for a field that differs, without text that a calendar repeats."""
        if self.format is not ScheduleFormat.ICALENDAR or name != "description" or not isinstance(value, str):
            return value
        text = strip_known_parts(value, own_session)
        return own_session.description if text == flatten_html(own_session.description or "") else text


def build_round_trip(file_format: ScheduleFormat, event: Event) -> RoundTrip:
    programme = build_exported_programme(event, file_format)
    return RoundTrip(
        file_format,
        programme.header,
        {parsed_session.guid: parsed_session for parsed_session in programme.sessions},
    )


def build_exported_programme(event: Event, file_format: ScheduleFormat) -> ParsedProgramme:
    """Return exactly what an export in that format contains."""
    # Version 2 is read but not written; what version 1 preserves is the nearest.
    file_format = ScheduleFormat.FRAB_JSON if file_format is ScheduleFormat.FRAB_JSON_2 else file_format
    return fit_programme(add_own_pages(load_programme(event, file_format), event))
