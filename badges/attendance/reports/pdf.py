"""Draw the attendance list as PDF: A4 landscape, sorted by name."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.events.cancellations import format_printed_title
from convention.text.dates import format_date_range, format_datetime, format_time
from convention.text.punctuation import format_last_name_first
from convention.typeset import FontWeight, PdfDocument, PdfPage, TextLine, shape_line, wrap_text

from .headcount import AttendanceRow, count_attendance, iterate_attendance

if TYPE_CHECKING:
    from convention.events.models import Event

# A4 landscape in points. All sizes below are points, from the top left corner.
PAGE_WIDTH, PAGE_HEIGHT = 841.89, 595.28
PAGE_MARGIN = 42.0
ROWS_TOP, ROWS_BOTTOM = 92.0, PAGE_HEIGHT - 46
TEXT_SIZE, LINE_HEIGHT, ROW_GAP = 9.0, 11.5, 4.5
# Bounds the height of a row, so that one with a very long company fits on a page.
MAX_CELL_LINES = 4
MUTED_COLOR, RULE_COLOR = "#5c6670", "#c8ced4"


@dataclass(frozen=True)
class AttendanceColumn:
    """Position and width of a column, in points."""

    x: float
    width: float


ATTENDANCE_COLUMNS = [
    AttendanceColumn(42, 160),
    AttendanceColumn(210, 150),
    AttendanceColumn(368, 80),
    AttendanceColumn(456, 130),
    AttendanceColumn(594, 122),
    AttendanceColumn(724, 76),
]


def draw_attendance(event: "Event") -> bytes:
    file = io.BytesIO()
    title = _("Attendance · %(event)s") % {"event": event.title}
    with PdfDocument(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = AttendancePages(document, event)
        for row in iterate_attendance(event):
            sheet.draw_row(row)
        if not sheet.last_reference:
            sheet.page.text(
                shape_line(_("No registrations yet."), FontWeight.REGULAR),
                PAGE_MARGIN,
                ROWS_TOP + LINE_HEIGHT,
                TEXT_SIZE,
            )
    return file.getvalue()


class AttendancePages:
    """Pages filled from top to bottom, each with a header and a page number."""

    def __init__(self, document: PdfDocument, event: "Event") -> None:
        self.document = document
        self.event = event
        self.title = format_printed_title(event)
        self.zone = event.zone
        # A printed list stays in use, so each page shows when it was printed.
        self.printed_at = format_datetime(timezone.now(), self.zone)
        self.summary = describe_totals(event)
        self.last_reference = ""
        self.page = self.start_page()

    def start_page(self) -> PdfPage:
        """Begin a page with its header and the column titles."""
        page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        title = wrap_text(self.title, FontWeight.BOLD, width=580, size=15)[0]
        page.text(title, PAGE_MARGIN, 50, 15)
        page.set_color(MUTED_COLOR)
        page.text(shape_line(self.summary, FontWeight.REGULAR), PAGE_MARGIN, 66, TEXT_SIZE)
        page.text(
            shape_line(self.printed_at, FontWeight.REGULAR),
            PAGE_WIDTH - PAGE_MARGIN,
            50,
            TEXT_SIZE,
            align="right",
        )
        folio = shape_line(str(self.document.page_count), FontWeight.REGULAR)
        page.text(folio, PAGE_WIDTH - PAGE_MARGIN, PAGE_HEIGHT - 26, TEXT_SIZE, align="right")
        names = (_("Name"), _("Company"), _("Ticket"), _("Checkpoint"), _("Arrival"), _("Departure"))
        for column, name in zip(ATTENDANCE_COLUMNS, names, strict=True):
            page.text(shape_line(name, FontWeight.BOLD), column.x, ROWS_TOP - 8, 8)
        page.set_color("#000000")
        page.draw_rule(
            (PAGE_MARGIN, ROWS_TOP - 2), (PAGE_WIDTH - PAGE_MARGIN, ROWS_TOP - 2), color="#000000", stroke=0.8
        )
        self.y = ROWS_TOP
        self.is_first = True
        return page

    def draw_row(self, attendance_row: AttendanceRow) -> None:
        """Draw one row; the name is printed on the attendee's first row and again at the top of a page."""
        cells = self.wrap_cells(attendance_row)
        height = max(len(lines) for lines in cells) * LINE_HEIGHT + ROW_GAP
        if self.y + height > ROWS_BOTTOM:
            self.page = self.start_page()
        shows_name = self.is_first or attendance_row.reference != self.last_reference
        if shows_name and not self.is_first:
            self.page.draw_rule(
                (PAGE_MARGIN, self.y), (PAGE_WIDTH - PAGE_MARGIN, self.y), color=RULE_COLOR, stroke=0.4
            )
        for number, (column, lines) in enumerate(zip(ATTENDANCE_COLUMNS, cells, strict=True)):
            # Name, company and ticket are the same in all rows of an attendee and are printed once.
            if number > 2 or shows_name:
                self.draw_cell(column, lines)
        self.y += height
        self.is_first, self.last_reference = False, attendance_row.reference

    def draw_cell(self, column: AttendanceColumn, lines: list[TextLine]) -> None:
        for number, line in enumerate(lines):
            self.page.text(line, column.x, self.y + 10 + number * LINE_HEIGHT, TEXT_SIZE)

    def wrap_cells(self, attendance_row: AttendanceRow) -> list[list[TextLine]]:
        name = format_last_name_first(attendance_row.first_name, attendance_row.last_name)
        name = name or attendance_row.reference
        departure = format_time(attendance_row.last_left_at, self.zone) if attendance_row.last_left_at else ""
        if attendance_row.is_inside:
            departure = attendance_row.state
        arrival = (
            format_datetime(attendance_row.first_entered_at, self.zone)
            if attendance_row.first_entered_at
            else attendance_row.state
        )
        texts = [
            name,
            attendance_row.company,
            attendance_row.ticket,
            attendance_row.checkpoint_name,
            arrival,
            departure,
        ]
        weights = [FontWeight.BOLD, *[FontWeight.REGULAR] * 5]
        return [
            wrap_cell(text, weight, column.width)
            for text, weight, column in zip(texts, weights, ATTENDANCE_COLUMNS, strict=True)
        ]


def wrap_cell(text: str, weight: FontWeight, width: float) -> list[TextLine]:
    """Wrap a cell's text; one with too many lines ends in an ellipsis."""
    lines = wrap_text(text, weight, width=width, size=TEXT_SIZE)
    if len(lines) <= MAX_CELL_LINES:
        return lines
    return [*lines[: MAX_CELL_LINES - 1], wrap_text("…", weight, width=width, size=TEXT_SIZE)[0]]


def describe_totals(event: "Event") -> str:
    totals = count_attendance(event).total
    return _("%(days)s · registered: %(registered)d, arrived: %(came)d, absent: %(absent)d") % {
        "days": format_date_range(event.starts_at, event.ends_at, event.zone),
        "registered": totals.registered_count,
        "came": totals.arrived_count,
        "absent": totals.absent_count,
    }
