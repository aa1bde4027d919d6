"""Export an event's programme as a file for other programs."""

from collections.abc import Callable

from convention.events.models import Event
from schedule.models import ProgrammeAudience

from .parsed_programme import ParsedProgramme, ScheduleFormat
from .writers.frab_json import write_frab_json
from .writers.frab_xml import write_frab_xml
from .writers.icalendar import write_icalendar
from .writers.own_pages import localize_programme
from .writers.round_trip import build_exported_programme
from .writers.session_table import write_session_csv, write_session_xlsx
from .writers.sessionize import write_sessionize

FORMAT_WRITERS: dict[ScheduleFormat, Callable[[ParsedProgramme], bytes]] = {
    ScheduleFormat.FRAB_XML: write_frab_xml,
    ScheduleFormat.FRAB_JSON: write_frab_json,
    ScheduleFormat.ICALENDAR: write_icalendar,
    ScheduleFormat.SESSIONIZE: write_sessionize,
    ScheduleFormat.CSV: write_session_csv,
    ScheduleFormat.XLSX: write_session_xlsx,
}


def export_schedule(
    *,
    event: Event,
    file_format: ScheduleFormat,
    audience: ProgrammeAudience = ProgrammeAudience.PUBLIC,
) -> bytes:
    """Return the file: the same bytes for the same revision of the programme.

    Tables have a column that marks sessions for members only, and contain them for any audience.

    iCalendar files and tables are read by people, so their texts are in the active language.
    """
    programme = build_exported_programme(event, file_format, audience=audience)
    return FORMAT_WRITERS[file_format](
        localize_programme(programme, event) if file_format is ScheduleFormat.ICALENDAR else programme
    )
