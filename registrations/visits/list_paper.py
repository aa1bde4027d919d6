"""The visitor list on paper: A4 across, one row for each visitor, version and hash on every page."""

import io
from collections.abc import Callable, Iterable, Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_moment, say_span
from convention.events.called_off import printed_title
from convention.typeset import Document, Page, Weight, shape
from schedule.paper.setting import A4, HAIRLINE, INK, PALE, Text, set_text, width_of, words_of

from .contents import Content
from .list_words import cells, headings
from .models import VisitorList

HEIGHT, WIDTH = A4
SIDE, TOP, FOOT = 40.0, 40.0, HEIGHT - 52.0
GAP, AIR = 10.0, 4.5
SMALL, HEADING = 9.0, 0.8
SIZES = ((13.0, 14.0), (12.0, 14.0), (11.0, 14.0), (11.5, 9.0), (10.5, 9.0), (9.5, 8.0))
"""Names are read at arm's length: the first size at which no word is cut that is narrower than so many em."""
ROOMY = 22.0
"""In em: a longer text gets no wider column."""


def draw_list(content: Content, visitor_list: VisitorList) -> bytes:
    """The whole list in the language of the moment."""
    file = io.BytesIO()
    title = _("Visitors: %(event)s") % {"event": visitor_list.visit.event.title}
    with Document(file, title=title, language=translation.get_language() or "fr") as document:
        rows = [[str(number), *row] for number, row in enumerate(cells(content), start=1)]
        sheet = _Sheet(document, visitor_list, ["", *headings(content)], rows)
        for row in rows:
            sheet.row(row)
    return file.getvalue()


def set_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, list[float]]:
    """The size of the rows and the room of each column in points, as wide as what stands in it asks for."""
    columns = [(heading, texts) for heading, *texts in zip(header, *rows, strict=True)]
    room = WIDTH - 2 * SIDE - GAP * len(columns)
    for size, limit in SIZES:
        least = [
            size * max(HEADING * longest(heading), most(longest, texts, limit)) for heading, texts in columns
        ]
        if sum(least) <= room:
            break
    left = room - sum(least)
    if left < 0:  # more columns than any size has room for: words are cut
        return size, [wide * room / sum(least) + GAP for wide in least]
    wishes = [
        max(0.0, size * most(whole, texts, ROOMY) - wide)
        for (_heading, texts), wide in zip(columns, least, strict=True)
    ]
    share = min(1.0, left / max(sum(wishes), 1.0))
    rest = (left - share * sum(wishes)) / (len(columns) - 1)
    widths = [wide + GAP + share * wish for wide, wish in zip(least, wishes, strict=True)]
    return size, [widths[0], *(width + rest for width in widths[1:])]


def longest(text: str) -> float:
    """The width of the widest word, in em of the bold face."""
    return max((width_of(word, Weight.BOLD) for word in words_of(text)), default=0.0)


def whole(text: str) -> float:
    """The width on one line, in em."""
    return width_of(text, Weight.BOLD)


def most(measure: Callable[[str], float], texts: Iterable[str], limit: float) -> float:
    """The largest of some texts, up to a limit."""
    return min(limit, max(map(measure, texts), default=0.0))


class _Sheet:
    """Where the next row goes."""

    def __init__(
        self, document: Document, visitor_list: VisitorList, header: list[str], rows: list[list[str]]
    ) -> None:
        self.document, self.list, self.header = document, visitor_list, header
        self.size, self.widths = set_columns(header, rows)
        self.folio, self.head = 0, printed_title(visitor_list.visit.event)
        self.page: Page
        self._turn()

    def _turn(self) -> None:
        """A new page with its heading, its foot and the names of the columns."""
        self.page, self.y = self.document.page(WIDTH, HEIGHT), TOP
        self.folio += 1
        event, row = self.list.visit.event, self.list
        about = _("Visitor list, version %(number)d, visitors: %(count)d, made on %(moment)s") % {
            "number": row.number, "count": row.count, "moment": say_moment(row.made_at, event.zone),
        }  # fmt: skip
        for text, weight, size, color in (
            (self.head, Weight.BOLD, 18, INK),
            (say_span(event.starts_at, event.ends_at, event.zone), Weight.SEMIBOLD, 12, INK),
            (about, Weight.REGULAR, 10.5, PALE),
        ):
            self.page.color(color)
            set_ = set_text(text, weight, width=WIDTH - 2 * SIDE, size=size)
            self.y = set_.draw(self.page, SIDE, self.y) + 3
        self._foot()
        self.y += 10
        self._cells(self._set(self.header, HEADING * self.size, Weight.SEMIBOLD), INK, 0.9)

    def _foot(self) -> None:
        self.page.color(PALE)
        said = _("Confidential: destroy this paper after the visit. SHA-256 %(hash)s") % {
            "hash": self.list.hash
        }
        self.page.text(shape(said, Weight.REGULAR), SIDE, HEIGHT - 30, SMALL)
        self.page.text(shape(str(self.folio), Weight.REGULAR), WIDTH - SIDE, HEIGHT - 30, 10, align="right")

    def row(self, texts: list[str]) -> None:
        """One visitor; never parted by the end of a page."""
        lines = self._set(texts, self.size, Weight.REGULAR)
        if self.y + max(text.height for text in lines) + 2 * AIR > FOOT:
            self._turn()
        self._cells(lines, HAIRLINE, 0.5)

    def _set(self, texts: list[str], size: float, weight: Weight) -> list[Text]:
        """Each cell in its column; the last name, by which a gate looks, is bold."""
        weights = [weight, Weight.BOLD, *[weight] * (len(texts) - 2)]
        cells = zip(texts, weights, self.widths, strict=True)
        return [set_text(text, weight, width=width - GAP, size=size) for text, weight, width in cells]

    def _cells(self, texts: list[Text], color: str, stroke: float) -> None:
        x, ends = SIDE, [self.y]
        self.page.color(INK)
        for text, width in zip(texts, self.widths, strict=True):
            ends.append(text.draw(self.page, x, self.y))
            x += width
        self.y = max(ends) + AIR
        self.page.rule((SIDE, self.y), (WIDTH - SIDE, self.y), color=color, stroke=stroke)
        self.y += AIR
