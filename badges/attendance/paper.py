"""The attendance on paper: A4 across, everyone by name, each door they entered, and who did not come."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.dates import say_days, say_moment, say_time
from convention.events.called_off import printed_title
from convention.typeset import Document, Line, Page, Weight, shape, wrap

from .headcount import Visit, doors_of, tally, visits

if TYPE_CHECKING:
    from convention.events.models import Event

WIDTH, HEIGHT = 841.89, 595.28
MARGIN = 42.0
TOP, BOTTOM = 92.0, HEIGHT - 46
SIZE, LEADING, GAP = 9.0, 11.5, 4.5
MOST_LINES = 4
GREY, HAIR = "#5c6670", "#c8ced4"


@dataclass(frozen=True)
class Column:
    """Where a column stands and how wide it is, in points."""

    x: float
    width: float


COLUMNS = [
    Column(42, 160),
    Column(210, 150),
    Column(368, 80),
    Column(456, 130),
    Column(594, 122),
    Column(724, 76),
]


def draw_attendance(event: "Event") -> bytes:
    """The whole list as a PDF."""
    file = io.BytesIO()
    title = _("Attendance · %(event)s") % {"event": event.title}
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = Sheet(document, event)
        for visit in visits(event):
            sheet.row(visit)
        if not sheet.latest:
            sheet.page.text(
                shape(_("Nobody is registered yet."), Weight.REGULAR), MARGIN, TOP + LEADING, SIZE
            )
    return file.getvalue()


class Sheet:
    """Pages filled from top to bottom, each with its head and folio."""

    def __init__(self, document: Document, event: "Event") -> None:
        self.document = document
        self.event = event
        self.title = printed_title(event)
        self.zone = event.zone
        self.doors = doors_of(event)
        self.made = say_moment(timezone.now(), self.zone)
        self.summary = summary(event)
        self.latest = ""
        self.page = self.begin()

    def begin(self) -> Page:
        """A new page with its head and the columns' names."""
        page = self.document.page(WIDTH, HEIGHT)
        title = wrap(self.title, Weight.BOLD, width=580, size=15)[0]
        page.text(title, MARGIN, 50, 15)
        page.color(GREY)
        page.text(shape(self.summary, Weight.REGULAR), MARGIN, 66, SIZE)
        page.text(shape(self.made, Weight.REGULAR), WIDTH - MARGIN, 50, SIZE, align="right")
        folio = shape(str(self.document.page_count), Weight.REGULAR)
        page.text(folio, WIDTH - MARGIN, HEIGHT - 26, SIZE, align="right")
        names = (_("Name"), _("Company"), _("Ticket"), _("Checkpoint"), _("Arrival"), _("Departure"))
        for column, name in zip(COLUMNS, names, strict=True):
            page.text(shape(name, Weight.BOLD), column.x, TOP - 8, 8)
        page.color("#000000")
        page.rule((MARGIN, TOP - 2), (WIDTH - MARGIN, TOP - 2), color="#000000", stroke=0.8)
        self.y = TOP
        self.is_first = True
        return page

    def row(self, visit: Visit) -> None:
        """One visit; the person is named with the first of theirs, and again on a new page."""
        cells = self.cells(visit)
        height = max(len(lines) for lines in cells) * LEADING + GAP
        if self.y + height > BOTTOM:
            self.page = self.begin()
        named = self.is_first or visit.reference != self.latest
        if named and not self.is_first:
            self.page.rule((MARGIN, self.y), (WIDTH - MARGIN, self.y), color=HAIR, stroke=0.4)
        for number, (column, lines) in enumerate(zip(COLUMNS, cells, strict=True)):
            if number > 2 or named:
                self.column(column, lines)
        self.y += height
        self.is_first, self.latest = False, visit.reference

    def column(self, column: Column, lines: list[Line]) -> None:
        """One cell's lines."""
        for number, line in enumerate(lines):
            self.page.text(line, column.x, self.y + 10 + number * LEADING, SIZE)

    def cells(self, visit: Visit) -> list[list[Line]]:
        """What stands in each column, wrapped."""
        name = f"{visit.last_name} {visit.first_name}".strip() or visit.reference
        left = say_time(visit.last_out, self.zone) if visit.last_out else ""
        if visit.is_inside:
            left = visit.state
        arrived = say_moment(visit.first_in, self.zone) if visit.first_in else visit.state
        texts = [name, visit.company, visit.ticket, visit.door, arrived, left]
        weights = [Weight.BOLD, *[Weight.REGULAR] * 5]
        return [
            shortened(text, weight, column.width)
            for text, weight, column in zip(texts, weights, COLUMNS, strict=True)
        ]


def shortened(text: str, weight: Weight, width: float) -> list[Line]:
    """A cell's lines; very long texts end in an ellipsis rather than fill the page."""
    lines = wrap(text, weight, width=width, size=SIZE)
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[: MOST_LINES - 1], wrap("…", weight, width=width, size=SIZE)[0]]


def summary(event: "Event") -> str:
    """The event in a line."""
    whole = tally(event).whole
    return _("%(days)s · registered: %(registered)d, came: %(came)d, did not come: %(absent)d") % {
        "days": say_days(event.starts_at, event.ends_at, event.zone),
        "registered": whole.registered,
        "came": whole.came,
        "absent": whole.absent,
    }
