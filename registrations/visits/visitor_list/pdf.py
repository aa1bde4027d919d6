"""Draw a visitor list as PDF: landscape A4, version and hash on every page."""

import io
from collections.abc import Callable, Collection, Iterable, Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from convention.events.cancellations import format_printed_title
from convention.text.dates import format_datetime, format_datetime_range
from convention.typeset import FontWeight, PdfDocument, PdfPage, shape_line
from registrations.visits.models import VisitorList
from schedule.paper.text_layout import (
    A4,
    HAIRLINE_COLOR,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    lay_out_text,
    measure_word_width,
    split_unbreakable_words,
)

from .contents import ListContent
from .table import format_rows, list_headings

PAGE_HEIGHT, PAGE_WIDTH = A4
SIDE_MARGIN, TOP_MARGIN, BOTTOM_EDGE = 40.0, 40.0, PAGE_HEIGHT - 52.0
COLUMN_GAP, ROW_PADDING = 10.0, 4.5
FOOTER_SIZE, HEADING_SCALE = 9.0, 0.8
# Pairs of font size in points and limit in em: the first size is used that cuts no word up to the limit.
# A gate reads names at arm's length, so large sizes come first.
ROW_SIZES = ((13.0, 14.0), (12.0, 14.0), (11.0, 14.0), (11.5, 9.0), (10.5, 9.0), (9.5, 8.0))
# Longer texts are wrapped instead of widening their column.
MAX_COLUMN_EMS = 22.0


def draw_list(content: ListContent, visitor_list: VisitorList, former_keys: Collection[int] = ()) -> bytes:
    """Return the list as a PDF in the active language; `former_keys` as in `format_rows`."""
    file = io.BytesIO()
    title = _("Visitors: %(event)s") % {"event": visitor_list.visit.event.title}
    with PdfDocument(file, title=title, language=translation.get_language() or "fr") as document:
        rows = [[str(number), *row] for number, row in enumerate(format_rows(content, former_keys), start=1)]
        pages = _ListDocument(document, visitor_list, ["", *list_headings(content, former_keys)], rows)
        for row in rows:
            pages.draw_row(row)
    return file.getvalue()


def fit_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, list[float]]:
    """Return the font size and the column widths in points that fit the texts.

    The largest size of `ROW_SIZES` at which no word is cut; spare width goes to the columns that need it.
    """
    columns = [(heading, texts) for heading, *texts in zip(header, *rows, strict=True)]
    available = PAGE_WIDTH - 2 * SIDE_MARGIN - COLUMN_GAP * len(columns)
    for size, limit in ROW_SIZES:
        min_widths = [
            size
            * max(
                HEADING_SCALE * measure_longest_word(heading),
                measure_widest(measure_longest_word, texts, limit),
            )
            for heading, texts in columns
        ]
        # Breaks with `size` and `min_widths` of this step; after the last step they stay in use, too.
        if sum(min_widths) <= available:
            break
    spare = available - sum(min_widths)
    # Too many columns for any size: all shrink alike, and long words are cut.
    if spare < 0:
        return size, [min_width * available / sum(min_widths) + COLUMN_GAP for min_width in min_widths]
    extra_widths = [
        max(0.0, size * measure_widest(measure_line, texts, MAX_COLUMN_EMS) - min_width)
        for (_heading, texts), min_width in zip(columns, min_widths, strict=True)
    ]
    # Columns whose texts would wrap get the spare width first, in proportion to what they lack.
    share = min(1.0, spare / max(sum(extra_widths), 1.0))
    # What remains is spread over all columns but the row number, which gains nothing from it.
    rest = (spare - share * sum(extra_widths)) / (len(columns) - 1)
    widths = [
        min_width + COLUMN_GAP + share * extra_width
        for min_width, extra_width in zip(min_widths, extra_widths, strict=True)
    ]
    return size, [widths[0], *(width + rest for width in widths[1:])]


def measure_longest_word(text: str) -> float:
    """Return the width of the widest unbreakable word, in em of the bold face."""
    return max(
        (measure_word_width(word, FontWeight.BOLD) for word in split_unbreakable_words(text)), default=0.0
    )


def measure_line(text: str) -> float:
    """Return the width of the text on one line, in em."""
    return measure_word_width(text, FontWeight.BOLD)


def measure_widest(measure: Callable[[str], float], texts: Iterable[str], limit: float) -> float:
    """Return the largest measure of the texts, at most `limit`."""
    return min(limit, max(map(measure, texts), default=0.0))


class _ListDocument:
    """Pages of a list, filled from top to bottom."""

    def __init__(
        self, document: PdfDocument, visitor_list: VisitorList, header: list[str], rows: list[list[str]]
    ) -> None:
        self.document, self.visitor_list, self.header = document, visitor_list, header
        self.size, self.widths = fit_columns(header, rows)
        self.page_number, self.title = 0, format_printed_title(visitor_list.visit.event)
        self.page: PdfPage
        self._start_page()

    def _start_page(self) -> None:
        """Start a page with its title, footer and column headings."""
        self.page, self.y = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT), TOP_MARGIN
        self.page_number += 1
        event, row = self.visitor_list.visit.event, self.visitor_list
        subtitle = _("Visitor list, version %(number)d, visitors: %(count)d, created on %(moment)s") % {
            "number": row.number, "count": row.count, "moment": format_datetime(row.created_at, event.zone),
        }  # fmt: skip
        for text, weight, size, color in (
            (self.title, FontWeight.BOLD, 18, INK_COLOR),
            (
                format_datetime_range(event.starts_at, event.ends_at, event.zone),
                FontWeight.SEMIBOLD,
                12,
                INK_COLOR,
            ),
            (subtitle, FontWeight.REGULAR, 10.5, PALE_INK_COLOR),
        ):
            self.page.set_color(color)
            block = lay_out_text(text, weight, width=PAGE_WIDTH - 2 * SIDE_MARGIN, size=size)
            self.y = block.draw(self.page, SIDE_MARGIN, self.y) + 3
        self._draw_footer()
        self.y += 10
        self._draw_cells(
            self._lay_out_cells(self.header, HEADING_SCALE * self.size, FontWeight.SEMIBOLD), INK_COLOR, 0.9
        )

    def _draw_footer(self) -> None:
        self.page.set_color(PALE_INK_COLOR)
        notice = _("Confidential: destroy this paper after the visit. Checksum: %(hash)s") % {
            "hash": self.visitor_list.hash
        }
        self.page.text(shape_line(notice, FontWeight.REGULAR), SIDE_MARGIN, PAGE_HEIGHT - 30, FOOTER_SIZE)
        self.page.text(
            shape_line(str(self.page_number), FontWeight.REGULAR),
            PAGE_WIDTH - SIDE_MARGIN,
            PAGE_HEIGHT - 30,
            10,
            align="right",
        )

    def draw_row(self, texts: list[str]) -> None:
        """Draw one visitor; a row is never split between pages."""
        lines = self._lay_out_cells(texts, self.size, FontWeight.REGULAR)
        if self.y + max(text.height for text in lines) + 2 * ROW_PADDING > BOTTOM_EDGE:
            self._start_page()
        self._draw_cells(lines, HAIRLINE_COLOR, 0.5)

    def _lay_out_cells(self, texts: list[str], size: float, weight: FontWeight) -> list[TextBlock]:
        """Set each cell in its column; the last name, which a gate searches by, is bold."""
        weights = [weight, FontWeight.BOLD, *[weight] * (len(texts) - 2)]
        cells = zip(texts, weights, self.widths, strict=True)
        return [
            lay_out_text(text, weight, width=width - COLUMN_GAP, size=size) for text, weight, width in cells
        ]

    def _draw_cells(self, texts: list[TextBlock], color: str, stroke: float) -> None:
        x, ends = SIDE_MARGIN, [self.y]
        self.page.set_color(INK_COLOR)
        for text, width in zip(texts, self.widths, strict=True):
            ends.append(text.draw(self.page, x, self.y))
            x += width
        self.y = max(ends) + ROW_PADDING
        self.page.draw_rule(
            (SIDE_MARGIN, self.y), (PAGE_WIDTH - SIDE_MARGIN, self.y), color=color, stroke=stroke
        )
        self.y += ROW_PADDING
