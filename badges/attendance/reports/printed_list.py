"""Draw a list as PDF: portrait A4, boxes to tick or to sign, large names, header and number on each page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.events.cancellations import format_printed_title
from convention.text.dates import format_datetime
from convention.typeset import FontWeight, PdfDocument, shape_line
from schedule.paper.text_layout import A4, HAIRLINE_COLOR, INK_COLOR, PALE_INK_COLOR, TextBlock, lay_out_text

if TYPE_CHECKING:
    from convention.events.models import Event

PAGE_WIDTH, PAGE_HEIGHT = A4
PAGE_MARGIN, ROWS_BOTTOM = 42.0, PAGE_HEIGHT - 52.0
CHECKBOX_SIDE = 15.0
NAME_SIZE, CELL_SIZE = 14.0, 10.0
SIGNED_NAME_SIZE = 11.0
SIGNATURE_WIDTH, SIGNATURE_HEIGHT = 140.0, 26.0


@dataclass(frozen=True)
class ListColumn:
    """A column with its heading and its width in points."""

    heading: str
    width: float


@dataclass(frozen=True, kw_only=True)
class PrintedList:
    """Title, subtitles, columns and rows of a list; the first cell of a row is the name, printed large.

    With `signature_heading`, each row has a box for a signature at its end instead of one to tick.
    """

    title: str
    subtitles: Sequence[str]
    columns: Sequence[ListColumn]
    rows: Sequence[Sequence[str]]
    empty_text: str
    signature_heading: str = ""

    @property
    def text_left(self) -> float:
        """Return the x at which the first column begins, in points."""
        return PAGE_MARGIN if self.signature_heading else PAGE_MARGIN + CHECKBOX_SIDE + 10

    @property
    def name_size(self) -> float:
        return SIGNED_NAME_SIZE if self.signature_heading else NAME_SIZE


def draw_printed_list(event: "Event", printed_list: PrintedList) -> bytes:
    """Return the list as a PDF, in the active language."""
    file = io.BytesIO()
    title = f"{printed_list.title} · {event.title}"
    with PdfDocument(file, title=title, language=translation.get_language() or "fr") as document:
        sheet = _ListPages(document, event, printed_list)
        for row in printed_list.rows:
            sheet.draw_row(row)
        if not printed_list.rows:
            sheet.draw_sentence(printed_list.empty_text)
    return file.getvalue()


class _ListPages:
    """Pages of a list, filled from top to bottom."""

    def __init__(self, document: PdfDocument, event: "Event", printed_list: PrintedList) -> None:
        self.document, self.printed_list = document, printed_list
        # Once for all pages: whether the visit was cancelled costs a query.
        self.printed_at, self.event_title = (
            format_datetime(timezone.now(), event.zone),
            format_printed_title(event),
        )
        self._start_page()

    def _start_page(self) -> None:
        self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        self.y = 40.0
        self._draw_line(self.event_title, FontWeight.SEMIBOLD, 11)
        self._draw_line(self.printed_list.title, FontWeight.BOLD, 22)
        for text in self.printed_list.subtitles:
            self._draw_line(text, FontWeight.REGULAR, 12)
        self.page.set_color(PALE_INK_COLOR)
        # A printed list stays in use, so each page shows when it was printed.
        as_of = _("As of %(moment)s") % {"moment": self.printed_at}
        self.page.text(shape_line(as_of, FontWeight.REGULAR), PAGE_MARGIN, PAGE_HEIGHT - 28, 9)
        folio = shape_line(str(self.document.page_count), FontWeight.REGULAR)
        self.page.text(folio, PAGE_WIDTH - PAGE_MARGIN, PAGE_HEIGHT - 28, 9, align="right")
        self.y += 16
        x = self.printed_list.text_left
        headings = [(column.heading, column.width) for column in self.printed_list.columns]
        for heading, width in [*headings, (self.printed_list.signature_heading, SIGNATURE_WIDTH)]:
            self.page.text(shape_line(heading, FontWeight.SEMIBOLD), x, self.y, 9)
            x += width
        self.page.draw_rule(
            (PAGE_MARGIN, self.y + 6), (PAGE_WIDTH - PAGE_MARGIN, self.y + 6), color=INK_COLOR, stroke=0.9
        )
        self.y += 12

    def _draw_line(self, text: str, weight: FontWeight, size: float) -> None:
        self.page.set_color(INK_COLOR)
        self.y = (
            lay_out_text(text, weight, width=PAGE_WIDTH - 2 * PAGE_MARGIN, size=size).draw(
                self.page, PAGE_MARGIN, self.y
            )
            + 3
        )

    def draw_sentence(self, text: str) -> None:
        """Draw a sentence in place of rows."""
        self._draw_line(text, FontWeight.REGULAR, 12)

    def draw_row(self, cells: Sequence[str]) -> None:
        """Draw a box and one row; a row is never split between pages."""
        texts = [self._lay_out_cell(number, text) for number, text in enumerate(cells)]
        box_height = SIGNATURE_HEIGHT if self.printed_list.signature_heading else CHECKBOX_SIDE
        height = max(box_height, *(text.height for text in texts)) + 8
        if self.y + height > ROWS_BOTTOM:
            self._start_page()
        self._draw_box()
        x = self.printed_list.text_left
        self.page.set_color(INK_COLOR)
        for column, text in zip(self.printed_list.columns, texts, strict=True):
            text.draw(self.page, x, self.y + (2 if text.size == self.printed_list.name_size else 5))
            x += column.width
        self.y += height
        self.page.draw_rule(
            (PAGE_MARGIN, self.y - 3),
            (PAGE_WIDTH - PAGE_MARGIN, self.y - 3),
            color=HAIRLINE_COLOR,
            stroke=0.4,
        )

    def _draw_box(self) -> None:
        """Draw the box of the next row: to sign at its end, or to tick at its beginning."""
        if self.printed_list.signature_heading:
            x, size = PAGE_WIDTH - PAGE_MARGIN - SIGNATURE_WIDTH, (SIGNATURE_WIDTH, SIGNATURE_HEIGHT)
        else:
            x, size = PAGE_MARGIN, (CHECKBOX_SIDE, CHECKBOX_SIDE)
        self.page.draw_frame(x, self.y + 2, *size, color=INK_COLOR, stroke=0.9)

    def _lay_out_cell(self, number: int, text: str) -> TextBlock:
        is_name = number == 0
        weight = FontWeight.BOLD if is_name else FontWeight.REGULAR
        size = self.printed_list.name_size if is_name else CELL_SIZE
        return lay_out_text(text, weight, width=self.printed_list.columns[number].width - 10, size=size)
