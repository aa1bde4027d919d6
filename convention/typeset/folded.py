"""Pages put on larger sheets in the order in which folding them makes a booklet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from .document import PageArea, PdfDocument, PdfPage
from .surface import Point

# A booklet of more pages is too thick to fold at once: it is folded in several parts.
MAX_FOLDED_PAGES = 80
PART_PAGES = 40


@dataclass(frozen=True)
class PlacedPage:
    """The number of a page, from 1, and its column on the side of a sheet."""

    number: int
    column: int


class FoldedPage(PdfPage):
    """A page that is drawn on a sheet later; links would lie in the wrong place."""

    def add_link(self, area: PageArea, address: str) -> None:
        """Do nothing: the sheet is for paper."""

    def add_jump(self, area: PageArea, name: str) -> None:
        """Do nothing: the sheet is for paper."""


class FoldedDocument(PdfDocument):
    """A PDF whose pages come two by two on sheets of twice their size, to be folded in the middle.

    `page_count` counts the pages; blank ones follow until it is a multiple of four.
    """

    def __init__(self, file: BinaryIO, *, sheet: Point, **options: Any) -> None:
        super().__init__(file, **options)
        self._sheet = sheet
        self._pages: list[FoldedPage] = []

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Begin a page of the booklet."""
        page = FoldedPage(self._canvas, width, height)
        self._pages.append(page)
        self.page_count += 1
        return page

    def add_destination(self, name: str, y: float) -> None:
        """Do nothing: the sheet is for paper."""

    def add_bookmark(self, title: str, name: str) -> None:
        """Do nothing: the sheet is for paper."""

    def close(self) -> None:
        """Put the pages on sheets, and write the file."""
        sheet_width, sheet_height = self._sheet
        for side in list_sides(len(self._pages)):
            sheet = super().begin_page(sheet_width, sheet_height)
            self.page_count -= 1
            for placed in side:
                if placed.number <= len(self._pages):
                    place_page(sheet, self._pages[placed.number - 1], placed.column)
        super().close()


def place_page(sheet: PdfPage, page: PdfPage, column: int) -> None:
    """Draw a page on the left or right half of a sheet, its spine in the middle."""
    x = sheet.width / 2 - page.width if column == 0 else sheet.width / 2
    y = (sheet.height - page.height) / 2
    sheet.operators += [f"q 1 0 0 1 {x:.2f} {y:.2f} cm", *page.operators, "Q"]
    sheet.forms += page.forms


def list_sides(page_count: int) -> Iterator[list[PlacedPage]]:
    """Yield the sides of the sheets, front and back in turns, with their left and right page."""
    part = page_count if page_count <= MAX_FOLDED_PAGES else PART_PAGES
    for start in range(0, page_count, max(1, part)):
        count = -(-min(part, page_count - start) // 4) * 4
        for sheet in range(count // 4):
            first, last = 1 + 2 * sheet, count - 2 * sheet
            yield [PlacedPage(start + last, 0), PlacedPage(start + first, 1)]
            yield [PlacedPage(start + first + 1, 0), PlacedPage(start + last - 1, 1)]
