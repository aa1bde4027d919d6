"""Impose pages on larger sheets, in the order that makes a booklet when they are folded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from .document import PageArea, PdfPage
from .surface import Point
from .tagged import TaggedDocument, TaggedPage

# A booklet of more pages is too thick to fold at once: it is folded in several parts.
MAX_FOLDED_PAGES = 80
PART_PAGES = 40
# A sheet folded in eight, with a cut in its middle.
CARD_PAGES = 8


@dataclass(frozen=True)
class PlacedPage:
    """The number of a page, from 1, and its place on the side of a sheet."""

    number: int
    column: int
    row: int = 0
    is_upside_down: bool = False


# Returns the sides of the sheets for that many pages.
type ListSides = Callable[[int], Iterator[list[PlacedPage]]]


class FoldedPage(TaggedPage):
    """A page that is drawn on a sheet later; links would lie in the wrong place."""

    def add_link(self, area: PageArea, address: str) -> None:
        """Do nothing: the sheet is for paper."""

    def add_jump(self, area: PageArea, name: str, label: str) -> None:
        """Do nothing: the sheet is for paper."""


class FoldedDocument(TaggedDocument):
    """A PDF whose pages are put on larger sheets, as a booklet unless `list_sides` says otherwise.

    `page_count` counts the pages. Tags are in the order of the pages, not in that of the sheets.
    """

    def __init__(
        self, file: BinaryIO, *, sheet: Point, list_sides: ListSides | None = None, **options: Any
    ) -> None:
        super().__init__(file, **options)
        self._sheet = sheet
        self._list_sides = list_sides or list_booklet_sides
        self._pages: list[FoldedPage] = []

    def begin_page(self, width: float, height: float) -> PdfPage:
        """Begin a page of the booklet."""
        self.page_count += 1
        page = FoldedPage(self._canvas, width, height, number=self.page_count, parent_keys=self._parent_keys)
        self._pages.append(page)
        return page

    def add_destination(self, name: str, y: float) -> None:
        """Do nothing: the sheet is for paper."""

    def add_bookmark(self, title: str, name: str) -> None:
        """Do nothing: the sheet is for paper."""

    def close(self) -> None:
        """Put the pages on sheets, and write the file."""
        sheet_width, sheet_height = self._sheet
        for side in self._list_sides(len(self._pages)):
            sheet = super().begin_page(sheet_width, sheet_height)
            self.page_count -= 1
            assert isinstance(sheet, TaggedPage)
            for position in side:
                if position.number <= len(self._pages):
                    place_page(sheet, self._pages[position.number - 1], position, side)
        super().close()


def place_page(sheet: TaggedPage, page: TaggedPage, position: PlacedPage, side: Sequence[PlacedPage]) -> None:
    """Draw a page in its place; all pages of a side together are centred on the sheet."""
    columns, rows = 1 + max(other.column for other in side), 1 + max(other.row for other in side)
    x = (sheet.width - columns * page.width) / 2 + position.column * page.width
    y = (sheet.height + rows * page.height) / 2 - (position.row + 1) * page.height
    matrix = f"1 0 0 1 {x:.2f} {y:.2f}"
    if position.is_upside_down:
        matrix = f"-1 0 0 -1 {x + page.width:.2f} {y + page.height:.2f}"
    sheet.operators.append(f"q {matrix} cm")
    sheet.copy_content(page)
    sheet.operators.append("Q")


def list_card_sides(page_count: int) -> Iterator[list[PlacedPage]]:
    """Yield the one printed side of each sheet that is folded in eight.

    It is cut in the middle, between the two rows, folded lengthwise and pushed together into a booklet.
    """
    for start in range(0, page_count, CARD_PAGES):
        top = [PlacedPage(start + n, column, 0, is_upside_down=True) for column, n in enumerate((5, 4, 3, 2))]
        bottom = [PlacedPage(start + n, column, 1) for column, n in enumerate((6, 7, 8, 1))]
        yield top + bottom


def find_center_page(page_count: int) -> int:
    """Return the left one of the two pages in the middle of a booklet, which lie on one sheet.

    Of a booklet that is folded in several parts, it is in the middle one.
    """
    if page_count <= MAX_FOLDED_PAGES:
        return page_count // 2
    start = page_count // 2 // PART_PAGES * PART_PAGES
    return start + min(PART_PAGES, page_count - start) // 2


def list_booklet_sides(page_count: int) -> Iterator[list[PlacedPage]]:
    """Yield the sides of the sheets, front and back alternately, with their left and right page."""
    part = page_count if page_count <= MAX_FOLDED_PAGES else PART_PAGES
    for start in range(0, page_count, max(1, part)):
        count = -(-min(part, page_count - start) // 4) * 4
        for sheet in range(count // 4):
            first, last = 1 + 2 * sheet, count - 2 * sheet
            yield [PlacedPage(start + last, 0), PlacedPage(start + first, 1)]
            yield [PlacedPage(start + first + 1, 0), PlacedPage(start + last - 1, 1)]
