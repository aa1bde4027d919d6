"""Sheets of A4 for documents with a table: running foot, columns, and what stays together."""

from dataclasses import dataclass, field

from convention.typeset import Box, Document, Page, Weight, fit, shape
from schedule.paper.setting import A4, HAIRLINE, INK, PALE, set_text

WIDTH, HEIGHT = A4
SIDE = 54.0
TOP, FOOT = 54.0, HEIGHT - 62.0
RIGHT = 320.0
TABLE_WIDTH = WIDTH - 2 * SIDE
COLUMNS = (SIDE, SIDE + 292, SIDE + 366, SIDE + 404, WIDTH - SIDE)
"""Where columns stand: the first by its left edge, the others by their right."""
DESCRIPTION = 240.0
SIZE = 9.0
BETWEEN = 5.0


@dataclass
class Sheets:
    """Where the next thing goes; `pages` is how many there will be, 0 while they are counted."""

    document: Document
    foot: str
    title: str
    pages: int
    y: float = TOP
    head: list[str] = field(default_factory=list)
    page: Page | None = None

    def turn(self) -> Page:
        """Begin a page, with its foot, and with the table's head where one goes on."""
        page = self.page = self.document.page(WIDTH, HEIGHT)
        page.rule((SIDE, HEIGHT - 46), (WIDTH - SIDE, HEIGHT - 46), color=HAIRLINE, stroke=0.5)
        page.color(PALE)
        number = shape(f"{self.document.page_count}/{self.pages}", Weight.REGULAR)
        page.text(number, WIDTH - SIDE, HEIGHT - 32, 7.5, align="right")
        foot = fit(self.foot, Weight.REGULAR, Box(TABLE_WIDTH - 40, 2), size=7.5, floor=5)
        for index, line in enumerate(foot.lines[:2]):
            page.text(line, SIDE, HEIGHT - 32 + index * 9, foot.size)
        self.y = TOP
        if self.document.page_count > 1:
            page.text(shape(self.title, Weight.SEMIBOLD), SIDE, TOP - 14, 8)
            self.draw_head()
        return page

    def room_for(self, height: float) -> Page:
        """The page that has so many points left, a new one where needed."""
        if self.page is None or self.y + height > FOOT:
            return self.turn()
        return self.page

    def paragraph(
        self, text: str, weight: Weight, size: float, *, width: float, x: float = SIDE, pale: bool = False
    ) -> None:
        """Set a text from here downwards."""
        if not text:
            return
        said = set_text(text, weight, width=width, size=size, leading=1.3)
        page = self.room_for(said.height)
        page.color(PALE if pale else INK)
        self.y = said.draw(page, x, self.y)

    def begin_table(self, head: list[str]) -> None:
        """Draw the head, here and on each page until the table ends."""
        self.head = head
        self.room_for(60)
        self.draw_head()

    def draw_head(self) -> None:
        """The names of the columns over a line."""
        if not self.head or self.page is None:
            return
        self.page.color(PALE)
        self.cells(self.head, self.y + 8, 7.5, Weight.SEMIBOLD)
        self.page.rule((SIDE, self.y + 14), (WIDTH - SIDE, self.y + 14), color=INK, stroke=0.8)
        self.y += 14 + BETWEEN

    def cells(self, texts: list[str], baseline: float, size: float, weight: Weight) -> None:
        """The first at the left, the others at the right of their column."""
        assert self.page is not None
        for index, text in enumerate(texts):
            align = "right" if index else "left"
            self.page.text(shape(text, weight), COLUMNS[index], baseline, size, align=align)

    def row(self, texts: list[str]) -> None:
        """One row; a long description stays together as far as a page holds it."""
        said = set_text(texts[0], Weight.REGULAR, width=DESCRIPTION, size=SIZE, leading=1.28)
        page = self.room_for(min(said.height, FOOT - TOP - 40) + BETWEEN)
        page.color(INK)
        self.cells(["", *texts[1:]], self.y + SIZE * 0.95, SIZE, Weight.REGULAR)
        self.y = said.draw(page, COLUMNS[0], self.y) + BETWEEN
        page.rule((SIDE, self.y - 1), (WIDTH - SIDE, self.y - 1), color=HAIRLINE, stroke=0.4)
        self.y += BETWEEN - 1

    def end_table(self) -> None:
        """Pages that follow need no head."""
        self.head = []

    def total(self, label: str, amount: str, weight: Weight) -> None:
        """One sum at the right."""
        page = self.room_for(16)
        page.color(INK)
        size = 11 if weight is Weight.BOLD else SIZE
        page.text(shape(label, weight), COLUMNS[3], self.y + size, size, align="right")
        page.text(shape(amount, weight), COLUMNS[4], self.y + size, size, align="right")
        self.y += 16
