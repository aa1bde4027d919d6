"""Lay out running text on pages: headers, page numbers, and lines that must not be separated."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from convention.typeset import FontWeight, PdfDocument, PdfPage, TextBox, fit_text, shape_line

from .text_layout import A5, HAIRLINE_COLOR, PALE_INK_COLOR, TextBlock

PAGE_WIDTH, PAGE_HEIGHT = A5
SIDE_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 34.0, 50.0, 44.0
COLUMN_WIDTH = PAGE_WIDTH - 2 * SIDE_MARGIN
FOOT_TOP = PAGE_HEIGHT - BOTTOM_MARGIN


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

    @property
    def page_number(self) -> int:
        """Return the current page's number; the cover is 1."""
        return self.document.page_count

    def begin_page(self) -> PdfPage:
        """Begin a page with its running head and page number."""
        page = self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        page.set_color(PALE_INK_COLOR)
        section = shape_line(self.section_title, FontWeight.SEMIBOLD)
        page.text(section, PAGE_WIDTH - SIDE_MARGIN, 30, 7.5, align="right")
        head = fit_text(
            self.running_head,
            FontWeight.REGULAR,
            TextBox(COLUMN_WIDTH - section.width * 7.5 - 12),
            max_size=7.5,
            min_size=5.5,
        )
        # A title too long even for the smallest size is left out: it would run into the section's.
        if head.fits_box:
            page.text(head.lines[0], SIDE_MARGIN, 30, head.size)
        page.draw_rule((SIDE_MARGIN, 36), (PAGE_WIDTH - SIDE_MARGIN, 36), color=HAIRLINE_COLOR, stroke=0.5)
        page.text(shape_line(self.footer_note, FontWeight.REGULAR), SIDE_MARGIN, PAGE_HEIGHT - 22, 6.5)
        page.text(
            shape_line(str(self.page_number), FontWeight.SEMIBOLD),
            PAGE_WIDTH - SIDE_MARGIN,
            PAGE_HEIGHT - 22,
            8,
            align="right",
        )
        self.y = TOP_MARGIN
        return page

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
        lines = list(text.lines)
        while lines:
            page = self.ensure_space(min(2, len(lines)) * text.leading)
            # The remaining height is a difference of floats: exactly three lines may come out as 2.9999.
            fits = max(1, int((FOOT_TOP - self.y) / text.leading + 1e-6))
            # A single line on the next page gets a second one from this page.
            if len(lines) - fits == 1 and fits > 2:
                fits -= 1
            page.set_color(color)
            for line in lines[:fits]:
                page.text(line, x, self.y + text.size * 0.95, text.size)
                self.y += text.leading
            lines = lines[fits:]
            if lines:
                self.begin_page()
