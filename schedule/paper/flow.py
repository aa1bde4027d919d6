"""Running text on pages: heads, folios, and what stays together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from convention.typeset import Box, Document, Page, Weight, fit, shape

from .setting import A5, HAIRLINE, PALE, Text

WIDTH, HEIGHT = A5
SIDE, TOP, BOTTOM = 34.0, 50.0, 44.0
COLUMN = WIDTH - 2 * SIDE
FOOT = HEIGHT - BOTTOM


@dataclass
class Flow:
    """Where the next thing goes. `found` remembers the page of each named place."""

    document: Document
    head: str
    note: str
    section: str = ""
    y: float = FOOT
    page: Page | None = None
    found: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The current page's number; the cover is 1."""
        return self.document.page_count

    def turn(self) -> Page:
        """Begin a page with its running head and folio."""
        page = self.page = self.document.page(WIDTH, HEIGHT)
        page.color(PALE)
        section = shape(self.section, Weight.SEMIBOLD)
        page.text(section, WIDTH - SIDE, 30, 7.5, align="right")
        head = fit(self.head, Weight.REGULAR, Box(COLUMN - section.width * 7.5 - 12), size=7.5, floor=5.5)
        if head.fits:
            page.text(head.lines[0], SIDE, 30, head.size)
        page.rule((SIDE, 36), (WIDTH - SIDE, 36), color=HAIRLINE, stroke=0.5)
        page.text(shape(self.note, Weight.REGULAR), SIDE, HEIGHT - 22, 6.5)
        page.text(shape(str(self.number), Weight.SEMIBOLD), WIDTH - SIDE, HEIGHT - 22, 8, align="right")
        self.y = TOP
        return page

    def room_for(self, height: float) -> Page:
        """The page that has so many points left, a new one where needed."""
        if self.page is None or self.y + height > FOOT:
            return self.turn()
        return self.page

    def name(self, place: str) -> None:
        """Remember where this place is; links and the index use it."""
        self.found[place] = self.number
        self.document.mark(place, max(0, self.y - 6))

    def stack(self, texts: Iterable[tuple[Text, str]], *, x: float) -> None:
        """Set texts in their colours beneath each other, on one page as far as one page holds them."""
        for text, color in texts:
            page = self.room_for(text.height)
            page.color(color)
            self.y = text.draw(page, x, self.y)

    def paragraph(self, text: Text, color: str, *, x: float) -> None:
        """Set lines over pages: never one line alone at the foot or at the head of a page."""
        lines = list(text.lines)
        while lines:
            page = self.room_for(min(2, len(lines)) * text.leading)
            fits = max(1, int((FOOT - self.y) / text.leading + 1e-6))
            if len(lines) - fits == 1 and fits > 2:
                fits -= 1
            page.color(color)
            for line in lines[:fits]:
                page.text(line, x, self.y + text.size * 0.95, text.size)
                self.y += text.leading
            lines = lines[fits:]
            if lines:
                self.turn()
