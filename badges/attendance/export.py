"""The attendance as a file: who came, when and where, and who did not."""

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.tables import write_csv, write_xlsx

from .headcount import Visit, visits
from .paper import draw_attendance

if TYPE_CHECKING:
    from convention.events.models import Event


class UnknownFormat(ConventionError):
    """The file's ending names none of the formats."""

    kind = "unknown-format"


def export(*, event: "Event", name: str) -> bytes:
    """The file of that name, in the format that its ending names. Raises UnknownFormat."""
    ending = PurePath(name).suffix.lower()
    if ending not in FORMATS:
        raise UnknownFormat(
            _("“%(name)s” must end in .csv, .xlsx or .pdf: its ending names the format.") % {"name": name}
        )
    return FORMATS[ending](event)


def to_csv(event: "Event") -> bytes:
    """A line for each door that someone entered, one for each who is absent."""
    return write_csv(header(), (line(event, visit) for visit in visits(event)))


def to_xlsx(event: "Event") -> bytes:
    """The same as a workbook, with times that a spreadsheet can reckon with."""
    return write_xlsx(header(), (line(event, visit) for visit in visits(event)), title=_("Attendance"))


FORMATS: dict[str, "Callable[[Event], bytes]"] = {
    ".csv": to_csv,
    ".xlsx": to_xlsx,
    ".pdf": draw_attendance,
}


def header() -> list[str]:
    """What the columns are."""
    return [
        _("Last name"), _("First name"), _("Company"), _("Ticket"), _("Checkpoint"), _("Arrival"),
        _("Departure"), _("Minutes inside"), _("Entries"), _("State"), _("Reference"),
    ]  # fmt: skip


def line(event: "Event", visit: Visit) -> list[object]:
    """One visit as a row; times by the event's clock."""
    zone = event.zone
    moments = [moment and moment.astimezone(zone) for moment in (visit.first_in, visit.last_out)]
    return [
        visit.last_name, visit.first_name, visit.company, visit.ticket, visit.door,
        *(moment or "" for moment in moments),
        visit.seconds_inside // 60 if visit.last_out else "",
        visit.entries, visit.state, visit.reference,
    ]  # fmt: skip
