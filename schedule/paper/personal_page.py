"""Draw the agenda of one person: on one page as long as type of nine points allows it."""

import datetime
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.typeset import FontWeight, PdfDocument, PdfPage, TaggedDocument

from .printed_programme import PrintedProgramme, PrintedSession, describe_edition
from .text_layout import (
    A4,
    A5,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    capitalize_first,
    draw_qr_symbol,
    lay_out_heading,
    lay_out_text,
)

MARGIN, QR_SIDE = 34.0, 56.0
type PageChoice = tuple[tuple[float, float], float]
A5_CHOICES: Final[tuple[PageChoice, ...]] = ((A5, 12.0), (A5, 11.0), (A5, 10.0), (A5, 9.0))
# Paper and type size by name of the paper, the best first; "" prefers A5, for the pocket, to A4.
PAGE_CHOICES: Final[dict[str, tuple[PageChoice, ...]]] = {
    "": (*A5_CHOICES, (A4, 10.0), (A4, 9.0)),
    "a5": A5_CHOICES,
    "a4": tuple((A4, size) for size in (14.0, 12.0, 11.0, 10.0, 9.0)),
}
HOURS_EM = 8.2
type PageBlock = list[tuple[TextBlock, str, float]]  # texts with colour and distance from the margin


def draw_personal_page(programme: PrintedProgramme, file: BinaryIO) -> int:
    """Draw a programme that contains the sessions of one person; return the number of pages."""
    return draw_personal_pages([programme], file, title=programme.title, changed_at=programme.changed_at)


def draw_personal_pages(
    agendas: Iterable[PrintedProgramme],
    file: BinaryIO,
    *,
    title: str,
    changed_at: datetime.datetime,
    paper: str = "",
) -> int:
    """Draw the agendas of many people, each from a new page; return the number of pages.

    The paper is "a5", "a4", or "" to choose the one that fits.
    """
    language = translation.get_language() or "fr"
    with TaggedDocument(file, title=title, language=language, changed_at=changed_at) as document:
        for agenda in agendas:
            draw_agenda(document, agenda, PAGE_CHOICES[paper])
    return document.page_count


def draw_agenda(document: PdfDocument, programme: PrintedProgramme, choices: Sequence[PageChoice]) -> None:
    """Draw one agenda on as few pages as its type allows, with a bookmark."""
    paper, size = choose_page(programme, choices)
    page, y = begin_personal_page(document, programme, paper, size)
    name = f"agenda-{document.page_count}"
    document.add_destination(name, 0)
    document.add_bookmark(programme.title, name)
    for block in lay_out_days(programme, paper[0] - 2 * MARGIN, size):
        if y + measure_block(block) > paper[1] - MARGIN and y > MARGIN:
            page, y = document.begin_page(*paper), MARGIN
        y = draw_page_block(page, block, y)


def choose_page(programme: PrintedProgramme, choices: Sequence[PageChoice]) -> PageChoice:
    """Return the first paper and type in which all fits on one page, else the last."""
    for paper, size in choices:
        blocks = lay_out_days(programme, paper[0] - 2 * MARGIN, size)
        head = lay_out_head(programme, paper[0] - 2 * MARGIN, size)
        if measure_block(head) + sum(map(measure_block, blocks)) <= paper[1] - 2 * MARGIN:
            return paper, size
    return choices[-1]


def begin_personal_page(
    document: PdfDocument, programme: PrintedProgramme, paper: tuple[float, float], size: float
) -> tuple[PdfPage, float]:
    page = document.begin_page(*paper)
    x = paper[0] - MARGIN - QR_SIDE
    draw_qr_symbol(page, programme.agenda_url, x=x, y=MARGIN, side=QR_SIDE)
    page.add_link((x, MARGIN, QR_SIDE, QR_SIDE), programme.agenda_url)
    return page, draw_page_block(page, lay_out_head(programme, paper[0] - 2 * MARGIN, size), MARGIN)


def lay_out_head(programme: PrintedProgramme, width: float, size: float) -> PageBlock:
    """Set title, dates, venue and edition beside the QR code; at least as tall as it is."""
    inner = width - QR_SIDE - 12
    texts: PageBlock = [(lay_out_heading(programme.title, width=inner, size=1.4 * size), INK_COLOR, 0)]
    for text in (programme.dates_label, programme.venue_name, describe_edition(programme)):
        if text:
            texts.append((lay_out_text(text, FontWeight.REGULAR, width=inner, size=size), PALE_INK_COLOR, 0))
    if programme.cancellation_notice:
        notice = lay_out_text(programme.cancellation_notice, FontWeight.BOLD, width=inner, size=size)
        texts.append((notice, INK_COLOR, 0))
    if programme.head_note:
        note = lay_out_text(programme.head_note, FontWeight.SEMIBOLD, width=inner, size=size)
        texts.append((note, INK_COLOR, 0))
    missing = QR_SIDE - sum(text.height for text, _color, _x in texts)
    if missing > 0:
        # An empty line of that height.
        texts.append((TextBlock("", ("",), FontWeight.REGULAR, size, missing), INK_COLOR, 0))
    return texts


def lay_out_days(programme: PrintedProgramme, width: float, size: float) -> list[PageBlock]:
    """Return a block for each day's heading with its first session, and for each other session."""
    days: list[tuple[datetime.date | None, list[PrintedSession]]] = [*programme.days]
    if programme.untimed_sessions:
        days.append((None, programme.untimed_sessions))
    blocks: list[PageBlock] = []
    for day, sessions in days:
        label = capitalize_first(format_date_with_weekday(day)) if day else _("Time to be announced")
        heading = lay_out_heading(label, width=width, size=1.15 * size, level=2)
        for index, session in enumerate(sessions):
            block = lay_out_personal_session(session, width, size)
            # An empty line above the day.
            space = TextBlock("", ("",), FontWeight.REGULAR, size, 0.6 * size)
            blocks.append([(space, INK_COLOR, 0), (heading, INK_COLOR, 0), *block] if index == 0 else block)
    return blocks


def lay_out_personal_session(session: PrintedSession, width: float, size: float) -> PageBlock:
    left = HOURS_EM * size
    place = " · ".join(filter(None, (session.room, ", ".join(session.speakers))))
    cancelled = _("Cancelled").upper() if session.is_cancelled else ""
    lines = (
        (session.hours_label, FontWeight.SEMIBOLD, INK_COLOR, 0.0),
        (cancelled, FontWeight.SEMIBOLD, INK_COLOR, left),
        (session.title, FontWeight.BOLD, INK_COLOR, left),
        (session.subtitle, FontWeight.REGULAR, INK_COLOR, left),
        (place, FontWeight.REGULAR, PALE_INK_COLOR, left),
    )
    return [
        (lay_out_text(text, weight, width=width - x, size=size), color, x)
        for text, weight, color, x in lines
        if text
    ]


def measure_block(block: PageBlock) -> float:
    """Return the height; hours are beside the title and take no height of their own."""
    return sum(text.height for text, _color, x in block if not is_beside(block, text, x)) + 5


def is_beside(block: PageBlock, text: TextBlock, x: float) -> bool:
    """Return whether a text is to the left of the next one."""
    index = next(i for i, (other, _color, _x) in enumerate(block) if other is text)
    return x == 0 and index + 1 < len(block) and block[index + 1][2] > 0


def draw_page_block(page: PdfPage, block: PageBlock, y: float) -> float:
    for text, color, x in block:
        page.set_color(color)
        below = text.draw(page, MARGIN + x, y)
        y = y if is_beside(block, text, x) else below
    return y + 5
