"""The visitor list on paper: A4 across, one row for each visitor, version and hash on every page."""

import io

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_moment, say_span
from convention.typeset import Document, Page, Weight, shape
from schedule.paper.setting import A4, HAIRLINE, INK, PALE, set_text

from .contents import Content
from .list_words import cells, headings
from .models import VisitorList

HEIGHT, WIDTH = A4
SIDE, TOP, FOOT = 40.0, 40.0, HEIGHT - 56.0
GAP = 8.0
NUMBERS = 24.0
"""The first column, in points."""


def draw_list(content: Content, visitor_list: VisitorList) -> bytes:
    """The whole list in the language of the moment."""
    file = io.BytesIO()
    title = _("Visitors: %(event)s") % {"event": visitor_list.visit.event.title}
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = _Sheet(document, content, visitor_list)
        for number, row in enumerate(cells(content), start=1):
            sheet.row([str(number), *row])
    return file.getvalue()


def widths_of(columns: int) -> list[float]:
    """The room of each column: a number, then names and company wider than what follows."""
    shares = [1.15, 1.0, 1.4, *[1.0] * (columns - 3)]
    room = WIDTH - 2 * SIDE - NUMBERS
    return [NUMBERS, *(room * share / sum(shares) for share in shares)]


class _Sheet:
    """Where the next row goes."""

    def __init__(self, document: Document, content: Content, visitor_list: VisitorList) -> None:
        self.document, self.list = document, visitor_list
        self.header = ["", *headings(content)]
        self.widths = widths_of(len(self.header) - 1)
        self.folio = 0
        self.page: Page
        self._turn()

    def _turn(self) -> None:
        """A new page with its heading, its foot and the names of the columns."""
        self.page, self.y = self.document.page(WIDTH, HEIGHT), TOP
        self.folio += 1
        event, row = self.list.visit.event, self.list
        when = say_span(event.starts_at, event.ends_at, event.zone)
        about = _("Visitor list, version %(number)d, %(count)d visitors, made on %(moment)s") % {
            "number": row.number, "count": row.count, "moment": say_moment(row.made_at, event.zone),
        }  # fmt: skip
        for text, weight, size, color in (
            (event.title, Weight.BOLD, 15, INK),
            (f"{when} · {about}", Weight.REGULAR, 9, PALE),
        ):
            self.page.color(color)
            set_ = set_text(text, weight, width=WIDTH - 2 * SIDE, size=size)
            self.y = set_.draw(self.page, SIDE, self.y) + 3
        self._foot()
        self.y += 8
        self._cells(self.header, Weight.SEMIBOLD, 7.5)

    def _foot(self) -> None:
        self.page.color(PALE)
        said = _("Confidential: destroy this paper after the visit. SHA-256 %(hash)s") % {
            "hash": self.list.hash
        }
        self.page.text(shape(said, Weight.REGULAR), SIDE, HEIGHT - 32, 7.5)
        self.page.text(shape(str(self.folio), Weight.REGULAR), WIDTH - SIDE, HEIGHT - 32, 9, align="right")

    def row(self, texts: list[str]) -> None:
        """One visitor; never parted by the end of a page."""
        if self.y + self._height(texts) > FOOT:
            self._turn()
        self._cells(texts, Weight.REGULAR, 9.5)

    def _height(self, texts: list[str]) -> float:
        pairs = zip(texts, self.widths, strict=True)
        return max(set_text(t, Weight.REGULAR, width=w - GAP, size=9.5).height for t, w in pairs) + 8

    def _cells(self, texts: list[str], weight: Weight, size: float) -> None:
        x, ends = SIDE, [self.y]
        self.page.color(INK)
        for text, width in zip(texts, self.widths, strict=True):
            if text:
                ends.append(set_text(text, weight, width=width - GAP, size=size).draw(self.page, x, self.y))
            x += width
        self.y = max(ends) + 4
        self.page.rule((SIDE, self.y - 1), (WIDTH - SIDE, self.y - 1), color=HAIRLINE, stroke=0.5)
