"""Write an event's programme as a file that other programs read."""

from collections.abc import Callable

from convention.events.models import Event

from .programme import Format, Programme
from .writers.carried import written_programme
from .writers.frab_json import write_frab_json
from .writers.frab_xml import write_frab_xml
from .writers.icalendar import write_icalendar
from .writers.own_pages import in_language_asked

WRITERS: dict[Format, Callable[[Programme], bytes]] = {
    Format.FRAB_XML: write_frab_xml,
    Format.FRAB_JSON: write_frab_json,
    Format.ICALENDAR: write_icalendar,
}


def export_schedule(*, event: Event, fmt: Format) -> bytes:
    """The file: the same bytes for the same revision of the programme.

    A calendar, which people read, is in the language of the moment.
    """
    programme = written_programme(event, fmt)
    return WRITERS[fmt](in_language_asked(programme, event) if fmt is Format.ICALENDAR else programme)
