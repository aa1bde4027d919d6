"""Lists beside the grids: titles that do not fit into cells, many tracks, and sessions without a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.typeset import FontWeight, PdfDocument, PdfPage, shape_line

from ..printed_programme import PrintedProgramme, PrintedSession, describe_edition
from ..text_layout import (
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    draw_qr_symbol,
    lay_out_heading,
    lay_out_text,
    shorten_text,
)
from .cells import CellTexts
from .sizes import GridPage

COLUMN_EM, COLUMN_GAP_EM = 27.0, 2.0


@dataclass
class ListFlow:
    """Texts in columns over pages; entries are not divided unless they are taller than a column.

    Each page has version, date and the QR code of the live page.
    """

    document: PdfDocument
    grid_page: GridPage
    heading: str
    programme: PrintedProgramme
    page: PdfPage | None = None
    column: int = 0
    y: float = 0.0
    top: float = 0.0

    @property
    def column_count(self) -> int:
        width = self.grid_page.width - 2 * self.grid_page.margin
        return max(1, int(width / ((COLUMN_EM + COLUMN_GAP_EM) * self.grid_page.type_size)))

    @property
    def column_width(self) -> float:
        width, gap = (
            self.grid_page.width - 2 * self.grid_page.margin,
            COLUMN_GAP_EM * self.grid_page.type_size,
        )
        return (width - gap * (self.column_count - 1)) / self.column_count

    @property
    def bottom(self) -> float:
        return self.grid_page.height - self.grid_page.margin - self.grid_page.foot_height

    def begin_page(self) -> None:
        """Begin a page with the heading, the QR code, version and date."""
        grid_page = self.grid_page
        page = self.page = self.document.begin_page(grid_page.width, grid_page.height)
        self.column, margin = 0, grid_page.margin
        size, side = 1.6 * grid_page.type_size, 4.6 * grid_page.type_size
        width = grid_page.width - 2 * margin - side - size
        page.set_color(INK_COLOR)
        shown = shorten_text(self.heading, FontWeight.BOLD, width=width, size=size, max_lines=3)
        y = lay_out_heading(shown, width=width, size=size).draw(page, margin, margin)
        left = grid_page.width - margin - side
        draw_qr_symbol(page, self.programme.agenda_url, x=left, y=margin, side=side)
        page.add_link((left, margin, side, side), self.programme.agenda_url)
        self.y = self.top = max(y, margin + side) + size * 0.5
        draw_page_foot(page, grid_page, self.programme)

    def next_column(self) -> None:
        self.column += 1
        self.y = self.top
        if self.column >= self.column_count:
            self.begin_page()

    def draw_entry(self, texts: CellTexts) -> None:
        """Draw the texts of one entry below each other, in this column or the next."""
        if self.page is None:
            self.begin_page()
        if self.y + sum(text.height for text, _color in texts) > self.bottom and self.y > self.top:
            self.next_column()
        for text, color in texts:
            self._draw_lines(text, color)
        self.y += 0.5 * self.grid_page.type_size

    def _draw_lines(self, text: TextBlock, color: str) -> None:
        if self.y + text.height > self.bottom and self.y > self.top:
            self.next_column()
        assert self.page is not None
        x = self.grid_page.margin + self.column * (
            self.column_width + COLUMN_GAP_EM * self.grid_page.type_size
        )
        self.page.set_color(color)
        self.y = text.draw(self.page, x, self.y)


def draw_page_foot(page: PdfPage, grid_page: GridPage, programme: PrintedProgramme, label: str = "") -> None:
    """Draw version and date, the address of the live page, and a label at the right."""
    size, y = grid_page.type_size, grid_page.height - grid_page.margin
    width = grid_page.width - 2 * grid_page.margin
    edition = shorten_text(describe_edition(programme), FontWeight.REGULAR, width=width / 2, size=size)
    left, right = shape_line(edition, FontWeight.REGULAR), shape_line(label, FontWeight.REGULAR)
    page.set_color(PALE_INK_COLOR)
    page.text(left, grid_page.margin, y, size)
    page.text(right, grid_page.width - grid_page.margin, y, size, align="right")
    available = width - (left.width + right.width + 2) * size
    address = shorten_text(programme.agenda_url, FontWeight.REGULAR, width=available, size=size)
    middle = grid_page.margin + (left.width + 1) * size + available / 2
    page.text(shape_line(address, FontWeight.REGULAR), middle, y, size, align="center")


def draw_title_list(flow: ListFlow, sessions: Iterable[PrintedSession], numbers: dict[int, int]) -> None:
    """Draw the numbered sessions in full: hours, room, title and speakers."""
    by_number = {numbers[item.session_id]: item for item in sessions if item.session_id in numbers}
    for number in sorted(by_number):
        flow.draw_entry(lay_out_entry(flow, by_number[number], f"({number}) "))


def lay_out_entry(flow: ListFlow, session: PrintedSession, prefix: str = "") -> CellTexts:
    size, width = flow.grid_page.type_size, flow.column_width
    facts = " · ".join(filter(None, (session.hours_label, session.room, session.track)))
    title = f"{_('Cancelled').upper()} {session.title}" if session.is_cancelled else session.title
    texts = [
        (
            lay_out_text(f"{prefix}{facts}".strip(), FontWeight.REGULAR, width=width, size=size),
            PALE_INK_COLOR,
        ),
        (lay_out_text(title, FontWeight.SEMIBOLD, width=width, size=size), INK_COLOR),
    ]
    if session.speakers:
        names = ", ".join(session.speakers)
        texts.append((lay_out_text(names, FontWeight.REGULAR, width=width, size=size), PALE_INK_COLOR))
    return [(text, color) for text, color in texts if text.full_text]


def draw_track_list(flow: ListFlow, track_codes: dict[str, str]) -> None:
    """Draw the legend of tracks that are too many for the foot of a grid."""
    size = flow.grid_page.type_size
    lines: Sequence[str] = [f"{code} {track}" for track, code in track_codes.items()]
    heading = lay_out_text(_("Tracks"), FontWeight.BOLD, width=flow.column_width, size=size)
    flow.draw_entry([(heading, INK_COLOR)])
    for line in lines:
        text = lay_out_text(line, FontWeight.REGULAR, width=flow.column_width, size=size)
        flow.draw_entry([(text, INK_COLOR)])
