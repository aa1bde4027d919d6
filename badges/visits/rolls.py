"""Lists on paper: A4 upright, a box to tick, large names, a head and a folio on each page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.dates import say_moment
from convention.events.called_off import printed_title
from convention.typeset import Document, Weight, shape
from schedule.paper.setting import A4, HAIRLINE, INK, PALE, Text, set_text

if TYPE_CHECKING:
    from convention.events.models import Event

WIDTH, HEIGHT = A4
SIDE, FOOT = 42.0, HEIGHT - 52.0
BOX = 15.0
NAME, SMALL = 14.0, 10.0


@dataclass(frozen=True)
class Column:
    """A heading, and its share of the line in points."""

    heading: str
    width: float


@dataclass(frozen=True, kw_only=True)
class Roll:
    """A list: its title, what stands beneath it, and its rows; the first cell of each is a name."""

    title: str
    about: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    empty: str


def draw_roll(event: "Event", roll: Roll) -> bytes:
    """The list as a PDF, in the language of the moment."""
    file = io.BytesIO()
    title = f"{roll.title} · {event.title}"
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = _Sheet(document, event, roll)
        for row in roll.rows:
            sheet.row(row)
        if not roll.rows:
            sheet.say(roll.empty)
    return file.getvalue()


class _Sheet:
    """Pages filled from top to bottom."""

    def __init__(self, document: Document, event: "Event", roll: Roll) -> None:
        self.document, self.roll = document, roll
        self.made, self.head = say_moment(timezone.now(), event.zone), printed_title(event)
        self._begin()

    def _begin(self) -> None:
        self.page = self.document.page(WIDTH, HEIGHT)
        self.y = 40.0
        self._line(self.head, Weight.SEMIBOLD, 11)
        self._line(self.roll.title, Weight.BOLD, 22)
        for text in self.roll.about:
            self._line(text, Weight.REGULAR, 12)
        self.page.color(PALE)
        as_of = _("As of %(moment)s") % {"moment": self.made}
        self.page.text(shape(as_of, Weight.REGULAR), SIDE, HEIGHT - 28, 9)
        folio = shape(str(self.document.page_count), Weight.REGULAR)
        self.page.text(folio, WIDTH - SIDE, HEIGHT - 28, 9, align="right")
        self.y += 16
        x = SIDE + BOX + 10
        for column in self.roll.columns:
            self.page.text(shape(column.heading, Weight.SEMIBOLD), x, self.y, 9)
            x += column.width
        self.page.rule((SIDE, self.y + 6), (WIDTH - SIDE, self.y + 6), color=INK, stroke=0.9)
        self.y += 12

    def _line(self, text: str, weight: Weight, size: float) -> None:
        self.page.color(INK)
        self.y = set_text(text, weight, width=WIDTH - 2 * SIDE, size=size).draw(self.page, SIDE, self.y) + 3

    def say(self, text: str) -> None:
        """A sentence in place of rows."""
        self._line(text, Weight.REGULAR, 12)

    def row(self, cells: Sequence[str]) -> None:
        """A box to tick and one line of the list, whole on one page."""
        texts = [self._cell(number, text) for number, text in enumerate(cells)]
        height = max(BOX, *(text.height for text in texts)) + 8
        if self.y + height > FOOT:
            self._begin()
        self.page.frame(SIDE, self.y + 2, BOX, BOX, color=INK, stroke=0.9)
        x = SIDE + BOX + 10
        self.page.color(INK)
        for column, text in zip(self.roll.columns, texts, strict=True):
            text.draw(self.page, x, self.y + (2 if text.size == NAME else 5))
            x += column.width
        self.y += height
        self.page.rule((SIDE, self.y - 3), (WIDTH - SIDE, self.y - 3), color=HAIRLINE, stroke=0.4)

    def _cell(self, number: int, text: str) -> Text:
        weight, size = (Weight.BOLD, NAME) if number == 0 else (Weight.REGULAR, SMALL)
        return set_text(text, weight, width=self.roll.columns[number].width - 10, size=size)
