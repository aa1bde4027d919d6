"""Draw pocket cards: for each day one sheet of A4, folded in eight, with hours, titles and rooms."""

import datetime
from collections.abc import Iterator
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.typeset import FoldedDocument, FontWeight, PdfPage
from convention.typeset.folded import CARD_PAGES, list_card_sides

from .print_options import PrintOptions
from .printed_programme import PrintedProgramme, PrintedSession, describe_edition
from .text_layout import (
    A4,
    HAIRLINE_COLOR,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    capitalize_first,
    draw_qr_symbol,
    lay_out_heading,
    lay_out_text,
    shorten_text,
)

PANEL_WIDTH, PANEL_HEIGHT = A4[1] / 4, A4[0] / 2
MARGIN, TYPE_SIZE, COVER_QR_SIDE = 13.0, 9.0, 84.0
INNER_WIDTH = PANEL_WIDTH - 2 * MARGIN
MAX_TITLE_LINES = 3
type PanelEntry = list[tuple[TextBlock, str]]


def draw_pocket_cards(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw a card for each day, or several for a full one; return the number of sheets."""
    language = translation.get_language() or "fr"
    sheet_count = 0
    with FoldedDocument(
        file,
        sheet=(A4[1], A4[0]),
        list_sides=list_card_sides,
        title=programme.title,
        language=language,
        changed_at=programme.changed_at,
    ) as document:
        days: list[tuple[datetime.date | None, list[PrintedSession]]] = [*programme.days]
        for day, sessions in days or [(None, [])]:
            cards = list(split_into_cards(sessions))
            for number, panels in enumerate(cards, start=1):
                draw_card_cover(
                    document.begin_page(PANEL_WIDTH, PANEL_HEIGHT), programme, day, (number, len(cards))
                )
                for entries in panels:
                    draw_panel(document.begin_page(PANEL_WIDTH, PANEL_HEIGHT), entries)
                for _number in range(CARD_PAGES - 1 - len(panels)):
                    draw_note_panel(document.begin_page(PANEL_WIDTH, PANEL_HEIGHT))
                sheet_count += 1
    return sheet_count


def split_into_cards(sessions: list[PrintedSession]) -> Iterator[list[list[PanelEntry]]]:
    """Yield the panels of each card behind its cover."""
    panels: list[list[PanelEntry]] = [[]]
    remaining_height, hour = PANEL_HEIGHT - 2 * MARGIN, ""
    for session in sessions:
        entry = lay_out_panel_entry(session, "" if session.start_label == hour else session.start_label)
        height = measure_entry(entry)
        if height > remaining_height and panels[-1]:
            panels.append([])
            remaining_height = PANEL_HEIGHT - 2 * MARGIN
            # A panel begins with its hour.
            entry = lay_out_panel_entry(session, session.start_label)
            height = measure_entry(entry)
        hour = session.start_label
        panels[-1].append(entry)
        remaining_height -= height
    for start in range(0, len(panels), CARD_PAGES - 1):
        yield panels[start : start + CARD_PAGES - 1]


def lay_out_panel_entry(session: PrintedSession, hour: str) -> PanelEntry:
    """Set hour, title and room; long titles are shortened, since the card is an overview."""
    title = f"{_('Cancelled').upper()} {session.title}" if session.is_cancelled else session.title
    title = shorten_text(
        title, FontWeight.SEMIBOLD, width=INNER_WIDTH, size=TYPE_SIZE, max_lines=MAX_TITLE_LINES
    )
    room = shorten_text(session.room, FontWeight.REGULAR, width=INNER_WIDTH, size=TYPE_SIZE)
    lines = (
        (hour, FontWeight.BOLD, 11.0, INK_COLOR),
        (title, FontWeight.SEMIBOLD, TYPE_SIZE, INK_COLOR),
        (room, FontWeight.REGULAR, TYPE_SIZE, PALE_INK_COLOR),
    )
    return [
        (lay_out_text(text, weight, width=INNER_WIDTH, size=size, leading=1.16), color)
        for text, weight, size, color in lines
        if text
    ]


def measure_entry(entry: PanelEntry) -> float:
    return sum(text.height for text, _color in entry) + 3


def draw_panel(page: PdfPage, entries: list[PanelEntry]) -> None:
    y = MARGIN
    for entry in entries:
        for text, color in entry:
            page.set_color(color)
            y = text.draw(page, MARGIN, y)
        y += 3


def draw_note_panel(page: PdfPage) -> None:
    """Draw lines to write on."""
    page.set_color(PALE_INK_COLOR)
    lay_out_text(_("Notes"), FontWeight.SEMIBOLD, width=INNER_WIDTH, size=TYPE_SIZE).draw(
        page, MARGIN, MARGIN
    )
    for row in range(2, 15):
        y = MARGIN + row * 18.0
        page.draw_rule((MARGIN, y), (PANEL_WIDTH - MARGIN, y), color=HAIRLINE_COLOR, stroke=0.5)


def draw_card_cover(
    page: PdfPage, programme: PrintedProgramme, day: datetime.date | None, card: tuple[int, int]
) -> None:
    """Draw event, day, edition and the QR code of the live page."""
    number, count = card
    label = capitalize_first(format_date_with_weekday(day)) if day else ""
    if count > 1:
        label = f"{label} ({number}/{count})"
    page.set_color(programme.accent_color)
    page.fill_rectangle(0, 0, PANEL_WIDTH, 8)
    name = shorten_text(programme.title, FontWeight.BOLD, width=INNER_WIDTH, size=14, max_lines=4)
    texts = [
        (lay_out_heading(name, width=INNER_WIDTH, size=14), INK_COLOR),
        (lay_out_text(label, FontWeight.SEMIBOLD, width=INNER_WIDTH, size=12), INK_COLOR),
        (
            lay_out_text(
                programme.cancellation_notice or ("" if day else _("The programme is not published yet.")),
                FontWeight.BOLD,
                width=INNER_WIDTH,
                size=TYPE_SIZE,
            ),
            INK_COLOR,
        ),
    ]
    y = MARGIN + 12
    for text, color in texts:
        if text.full_text:
            page.set_color(color)
            y = text.draw(page, MARGIN, y) + 4
    side = COVER_QR_SIDE
    draw_qr_symbol(page, programme.agenda_url, x=MARGIN, y=PANEL_HEIGHT - MARGIN - side - 26, side=side)
    page.set_color(PALE_INK_COLOR)
    edition = shorten_text(
        describe_edition(programme), FontWeight.REGULAR, width=INNER_WIDTH, size=TYPE_SIZE, max_lines=2
    )
    lay_out_text(edition, FontWeight.REGULAR, width=INNER_WIDTH, size=TYPE_SIZE).draw(
        page, MARGIN, PANEL_HEIGHT - MARGIN - 22
    )
