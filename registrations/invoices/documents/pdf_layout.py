"""A4 pages with a table: page footer, columns and page breaks."""

from dataclasses import dataclass, field

from convention.typeset import FontWeight, PdfDocument, PdfPage, TextBox, fit_text, shape_line
from schedule.paper.text_layout import A4, HAIRLINE_COLOR, INK_COLOR, PALE_INK_COLOR, lay_out_text

PAGE_WIDTH, PAGE_HEIGHT = A4
SIDE_MARGIN = 54.0
CONTENT_TOP, CONTENT_BOTTOM = 54.0, PAGE_HEIGHT - 62.0
RIGHT_BLOCK_X = 320.0
TABLE_WIDTH = PAGE_WIDTH - 2 * SIDE_MARGIN
# Horizontal positions in points: the left edge of the first column, the right edges of the others.
COLUMN_EDGES = (
    SIDE_MARGIN,
    SIDE_MARGIN + 292,
    SIDE_MARGIN + 366,
    SIDE_MARGIN + 404,
    PAGE_WIDTH - SIDE_MARGIN,
)
DESCRIPTION_WIDTH = 240.0
TABLE_FONT_SIZE = 9.0
ROW_GAP = 5.0


@dataclass
class DocumentSheets:
    """Cursor on the pages of a document; `total_pages` is 0 during the counting pass."""

    document: PdfDocument
    footer_text: str
    title: str
    total_pages: int
    y: float = CONTENT_TOP
    table_headings: list[str] = field(default_factory=list)
    page: PdfPage | None = None

    def begin_page(self) -> PdfPage:
        """Begin a page with its footer, and with the table head if a table continues."""
        page = self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        page.draw_rule(
            (SIDE_MARGIN, PAGE_HEIGHT - 46),
            (PAGE_WIDTH - SIDE_MARGIN, PAGE_HEIGHT - 46),
            color=HAIRLINE_COLOR,
            stroke=0.5,
        )
        page.set_color(PALE_INK_COLOR)
        number = shape_line(f"{self.document.page_count}/{self.total_pages}", FontWeight.REGULAR)
        page.text(number, PAGE_WIDTH - SIDE_MARGIN, PAGE_HEIGHT - 32, 7.5, align="right")
        # The legal name and its numbers may be long: shrink before cutting.
        foot = fit_text(
            self.footer_text, FontWeight.REGULAR, TextBox(TABLE_WIDTH - 40, 2), max_size=7.5, min_size=5
        )
        for index, line in enumerate(foot.lines[:2]):
            page.text(line, SIDE_MARGIN, PAGE_HEIGHT - 32 + index * 9, foot.size)
        self.y = CONTENT_TOP
        # The first page has its own title block.
        if self.document.page_count > 1:
            page.text(shape_line(self.title, FontWeight.SEMIBOLD), SIDE_MARGIN, CONTENT_TOP - 14, 8)
            self.draw_table_head()
        return page

    def ensure_space(self, height: float) -> PdfPage:
        """Return a page with `height` points left, beginning a new one if needed."""
        if self.page is None or self.y + height > CONTENT_BOTTOM:
            return self.begin_page()
        return self.page

    def draw_paragraph(
        self,
        text: str,
        weight: FontWeight,
        size: float,
        *,
        width: float,
        x: float = SIDE_MARGIN,
        color: str = INK_COLOR,
    ) -> None:
        """Draw wrapped text at the cursor and move the cursor below it."""
        if not text:
            return
        text_block = lay_out_text(text, weight, width=width, size=size, leading=1.3)
        page = self.ensure_space(text_block.height)
        page.set_color(color)
        self.y = text_block.draw(page, x, self.y)

    def begin_table(self, head: list[str]) -> None:
        """Draw the table head now and on each page until `end_table`."""
        self.table_headings = head
        # Enough for the head and one row: a head alone at the foot of a page would be useless.
        self.ensure_space(60)
        self.draw_table_head()

    def draw_table_head(self) -> None:
        if not self.table_headings or self.page is None:
            return
        self.page.set_color(PALE_INK_COLOR)
        self.draw_cells(self.table_headings, self.y + 8, 7.5, FontWeight.SEMIBOLD)
        self.page.draw_rule(
            (SIDE_MARGIN, self.y + 14), (PAGE_WIDTH - SIDE_MARGIN, self.y + 14), color=INK_COLOR, stroke=0.8
        )
        self.y += 14 + ROW_GAP

    def draw_cells(self, texts: list[str], baseline: float, size: float, weight: FontWeight) -> None:
        """Draw the first text left-aligned, the others right-aligned in their columns."""
        assert self.page is not None
        for index, text in enumerate(texts):
            align = "right" if index else "left"
            self.page.text(shape_line(text, weight), COLUMN_EDGES[index], baseline, size, align=align)

    def draw_row(self, texts: list[str]) -> None:
        """Draw a row; its description stays on one page if it fits."""
        description = lay_out_text(
            texts[0], FontWeight.REGULAR, width=DESCRIPTION_WIDTH, size=TABLE_FONT_SIZE, leading=1.28
        )
        # A description longer than a page cannot be kept together.
        page = self.ensure_space(min(description.height, CONTENT_BOTTOM - CONTENT_TOP - 40) + ROW_GAP)
        page.set_color(INK_COLOR)
        self.draw_cells(
            ["", *texts[1:]], self.y + TABLE_FONT_SIZE * 0.95, TABLE_FONT_SIZE, FontWeight.REGULAR
        )
        self.y = description.draw(page, COLUMN_EDGES[0], self.y) + ROW_GAP
        page.draw_rule(
            (SIDE_MARGIN, self.y - 1),
            (PAGE_WIDTH - SIDE_MARGIN, self.y - 1),
            color=HAIRLINE_COLOR,
            stroke=0.4,
        )
        self.y += ROW_GAP - 1

    def end_table(self) -> None:
        self.table_headings = []

    def draw_total(self, label: str, amount: str, weight: FontWeight) -> None:
        """Draw a labelled sum in the last columns."""
        page = self.ensure_space(16)
        page.set_color(INK_COLOR)
        size = 11 if weight is FontWeight.BOLD else TABLE_FONT_SIZE
        page.text(shape_line(label, weight), COLUMN_EDGES[3], self.y + size, size, align="right")
        page.text(shape_line(amount, weight), COLUMN_EDGES[4], self.y + size, size, align="right")
        self.y += 16
