"""Lay out running text on pages: headers, page numbers, and lines that must not be separated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from convention.text.dates import EN_DASH
from convention.typeset import FontWeight, PdfDocument, PdfPage, shape_line

from .text_layout import A5, HAIRLINE_COLOR, PALE_INK_COLOR, TextBlock, shorten_text

PAGE_WIDTH, PAGE_HEIGHT = A5
SIDE_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 34.0, 50.0, 44.0
COLUMN_WIDTH = PAGE_WIDTH - 2 * SIDE_MARGIN
FOOT_TOP = PAGE_HEIGHT - BOTTOM_MARGIN
# The smallest type for reading in the hand.
HEAD_SIZE = 9.0
MIN_NAME_WIDTH = 70.0


class PageInsert(NamedTuple):
    """Pages that interrupt the text: the number of the first one, and how to draw them."""

    first_number: int
    page_count: int
    draw: "Callable[[PageFlow], None]"


@dataclass
class PageFlow:
    """The position of the next text; `page_numbers` are those of the anchors."""

    document: PdfDocument
    running_head: str
    footer_note: str
    section_title: str = ""
    y: float = FOOT_TOP
    page: PdfPage | None = None
    page_numbers: dict[str, int] = field(default_factory=dict)
    # The first and last label on the page, such as hours or names: its running head, as in a dictionary.
    first_label: str = ""
    last_label: str = ""
    head_title: str = ""
    # Pages that are still to be inserted.
    insert: PageInsert | None = None

    @property
    def page_number(self) -> int:
        """Return the current page's number; the cover is 1."""
        return self.document.page_count

    def begin_page(self) -> PdfPage:
        """Finish the page, and begin one with its page number; pages due before it come first."""
        self.finish_page()
        if self.insert and self.insert.first_number == self.page_number + 1:
            self.draw_insert()
        page = self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        self.head_title, self.first_label, self.last_label = self.section_title, "", ""
        page.set_color(PALE_INK_COLOR)
        page.draw_rule((SIDE_MARGIN, 36), (PAGE_WIDTH - SIDE_MARGIN, 36), color=HAIRLINE_COLOR, stroke=0.5)
        note = shorten_text(self.footer_note, FontWeight.REGULAR, width=COLUMN_WIDTH - 30, size=HEAD_SIZE)
        page.text(shape_line(note, FontWeight.REGULAR), SIDE_MARGIN, PAGE_HEIGHT - 22, HEAD_SIZE)
        number = shape_line(str(self.page_number), FontWeight.SEMIBOLD)
        page.text(number, PAGE_WIDTH - SIDE_MARGIN, PAGE_HEIGHT - 22, HEAD_SIZE, align="right")
        self.y = TOP_MARGIN
        return page

    def draw_insert(self) -> None:
        """Draw the pages to insert now, unless they were drawn before."""
        insert, self.insert = self.insert, None
        if insert is not None:
            title = self.section_title
            insert.draw(self)
            self.finish_page()
            self.section_title = title

    def finish_page(self) -> None:
        """Draw the running head: the title of the section with the first and last label on the page."""
        page, self.page = self.page, None
        if page is None:
            return
        labels = list(dict.fromkeys(filter(None, (self.first_label, self.last_label))))
        text = " · ".join(filter(None, (self.head_title, f" {EN_DASH} ".join(labels))))
        head = shorten_text(text, FontWeight.SEMIBOLD, width=COLUMN_WIDTH, size=HEAD_SIZE)
        line = shape_line(head, FontWeight.SEMIBOLD)
        page.set_color(PALE_INK_COLOR)
        page.text(line, PAGE_WIDTH - SIDE_MARGIN, 30, HEAD_SIZE, align="right")
        left = COLUMN_WIDTH - line.width * HEAD_SIZE - 12
        name = shorten_text(self.running_head, FontWeight.REGULAR, width=max(left, 1), size=HEAD_SIZE)
        # A name cut to a few letters is useless.
        if left > MIN_NAME_WIDTH:
            page.text(shape_line(name, FontWeight.REGULAR), SIDE_MARGIN, 30, HEAD_SIZE)

    def add_label(self, label: str) -> None:
        """Add a label of this page, for its running head."""
        self.first_label = self.first_label or label
        self.last_label = label

    def ensure_space(self, height: float) -> PdfPage:
        """Return the current page if it has that many points left, else a new one."""
        if self.page is None or self.y + height > FOOT_TOP:
            return self.begin_page()
        return self.page

    def add_anchor(self, name: str) -> None:
        """Remember the page of this anchor, for links and the index."""
        self.page_numbers[name] = self.page_number
        self.document.add_destination(name, max(0, self.y - 6))

    def stack_texts(self, texts: Iterable[tuple[TextBlock, str]], *, x: float) -> None:
        """Draw texts in their colours below each other."""
        for text, color in texts:
            page = self.ensure_space(text.height)
            page.set_color(color)
            self.y = text.draw(page, x, self.y)

    def draw_paragraph(self, text: TextBlock, color: str, *, x: float) -> None:
        """Draw lines over pages, without a single line at the foot or the head of a page."""
        lines = list(text.line_texts)
        while lines:
            page = self.ensure_space(min(2, len(lines)) * text.leading)
            # The remaining height is a difference of floats: exactly three lines may come out as 2.9999.
            fits = max(1, int((FOOT_TOP - self.y) / text.leading + 1e-6))
            # A single line on the next page gets a second one from this page.
            if len(lines) - fits == 1 and fits > 2:
                fits -= 1
            page.set_color(color)
            page.begin_tag(text.role)
            for line in lines[:fits]:
                if page.is_drawn:
                    page.text(shape_line(line, text.weight), x, self.y + text.size * 0.95, text.size)
                self.y += text.leading
            page.end_tag()
            lines = lines[fits:]
            if lines:
                self.begin_page()
