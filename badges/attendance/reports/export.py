"""Export the attendance list as .csv, .xlsx or .pdf."""

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.tables.files import write_csv, write_xlsx

from .headcount import AttendanceRow, iterate_attendance
from .pdf import draw_attendance

if TYPE_CHECKING:
    from convention.events.models import Event


class UnknownAttendanceFormat(ConventionError):
    """The file name ends in none of the known formats."""

    kind = "unknown-format"


def export_attendance(*, event: "Event", file_name: str) -> bytes:
    """Return the file's content in the format that `file_name` ends in. Raise UnknownAttendanceFormat."""
    ending = PurePath(file_name).suffix.lower()
    if ending not in FILE_FORMATS:
        raise UnknownAttendanceFormat(
            _("“%(name)s” must end in .csv, .xlsx or .pdf: the extension sets the format.")
            % {"name": file_name}
        )
    return FILE_FORMATS[ending](event)


def export_csv(event: "Event") -> bytes:
    """Return one line for each checkpoint an attendee entered, and one for each absent registration."""
    return write_csv(
        attendance_header(), (format_attendance_row(event, row) for row in iterate_attendance(event))
    )


def export_xlsx(event: "Event") -> bytes:
    """Return the same rows as a workbook, with times as numbers that a spreadsheet can calculate with."""
    return write_xlsx(
        attendance_header(),
        (format_attendance_row(event, row) for row in iterate_attendance(event)),
        title=_("Attendance"),
    )


FILE_FORMATS: dict[str, "Callable[[Event], bytes]"] = {
    ".csv": export_csv,
    ".xlsx": export_xlsx,
    ".pdf": draw_attendance,
}


def attendance_header() -> list[str]:
    return [
        _("Last name"), _("First name"), _("Company"), _("Ticket"), _("Checkpoint"), _("Arrival"),
        _("Departure"), _("Minutes inside"), _("Entries"), _("Status"), _("Reference"),
    ]  # fmt: skip


def format_attendance_row(event: "Event", row: AttendanceRow) -> list[object]:
    """Return the cells of one row; times in the event's time zone."""
    zone = event.zone
    moments = [moment and moment.astimezone(zone) for moment in (row.first_entered_at, row.last_left_at)]
    return [
        row.last_name, row.first_name, row.company, row.ticket, row.checkpoint_name,
        *(moment or "" for moment in moments),
        # Without an exit no stay is complete, and 0 minutes would be wrong.
        row.seconds_inside // 60 if row.last_left_at else "",
        row.entries, row.state, row.reference,
    ]  # fmt: skip
