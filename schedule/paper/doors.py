"""Door signs: a room's name, and its sessions of one day, to be read from some steps away."""

import datetime
from collections.abc import Iterator
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_weekday
from convention.typeset import Box, Document, Page, Weight, fit, shape

from .booklet import capitalized, edition
from .content import Item, Programme
from .setting import A4, HAIRLINE, INK, PALE, Text, set_lines, set_qr, set_text

WIDTH, HEIGHT = A4
SIDE = 42.0
COLUMN = WIDTH - 2 * SIDE
FOOT = HEIGHT - 62
HOURS = 112.0


def draw_doors(programme: Programme, file: BinaryIO) -> None:
    """A sign for each room and day, on as many sheets as it takes."""
    language = translation.get_language() or "fr"
    with Document(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for day, room, items in signs(programme):
            draw_sign(document, programme, (day, room), items)
        if document.page_count == 0:
            page = document.page(WIDTH, HEIGHT)
            page.text(shape(_("The programme is not published yet."), Weight.REGULAR), SIDE, 100, 24)


def signs(programme: Programme) -> Iterator[tuple[datetime.date, str, list[Item]]]:
    """Day by day, room by room."""
    for day, items in programme.days:
        for room in [*programme.rooms, ""]:
            mine = [item for item in items if item.room == room]
            if mine:
                yield day, room or _("No room yet"), mine


def draw_sign(
    document: Document, programme: Programme, place: tuple[datetime.date, str], items: list[Item]
) -> None:
    """The sheets of one sign."""
    sheet = 1
    page, y = begin_sheet(document, programme, place, sheet)
    for item in items:
        texts = session_texts(item)
        height = sum(text.height for text, _color in texts) + 24
        if y + height > FOOT and sheet_has_content(y):
            sheet += 1
            page, y = begin_sheet(document, programme, place, sheet)
        y = draw_session(page, item, texts, y)


def sheet_has_content(y: float) -> bool:
    """Whether a new sheet would leave more room than this one still has."""
    return y > HEIGHT / 3


def begin_sheet(
    document: Document, programme: Programme, place: tuple[datetime.date, str], sheet: int
) -> tuple[Page, float]:
    """Head and foot of a sheet; returns the page and where sessions begin."""
    day, room = place
    page = document.page(WIDTH, HEIGHT)
    page.color(programme.accent)
    page.rectangle(0, 0, WIDTH, 18)
    name = fit(room, Weight.BOLD, Box(COLUMN, 3), size=58, floor=28)
    page.color(INK)
    y = set_lines(room, Weight.BOLD, name, leading=1.08).draw(page, SIDE, 40) + 6
    label = capitalized(say_weekday(day)) + (f" ({sheet})" if sheet > 1 else "")
    y = set_text(label, Weight.SEMIBOLD, width=COLUMN, size=24).draw(page, SIDE, y) + 12
    page.rule((SIDE, y), (WIDTH - SIDE, y), color=INK, stroke=1.2)
    set_qr(page, programme.address, x=SIDE, y=HEIGHT - 52, side=38)
    page.color(PALE)
    foot = f"{programme.title} · {edition(programme)}"
    lines = set_text(foot, Weight.REGULAR, width=COLUMN - 50, size=9)
    lines.draw(page, SIDE + 50, HEIGHT - 20 - min(lines.height, 32))
    return page, y + 14


def session_texts(item: Item) -> list[tuple[Text, str]]:
    """Title and speakers at sizes that are read at arm's length."""
    width = COLUMN - HOURS
    texts = [(set_text(item.title, Weight.SEMIBOLD, width=width, size=24, leading=1.12), INK)]
    if item.is_cancelled:
        texts.insert(0, (set_text(_("Cancelled").upper(), Weight.BOLD, width=width, size=16), INK))
    if item.speakers:
        texts.append((set_text(", ".join(item.speakers), Weight.REGULAR, width=width, size=15), PALE))
    return texts


def draw_session(page: Page, item: Item, texts: list[tuple[Text, str]], y: float) -> float:
    """One session; returns the y below."""
    page.color(INK)
    page.text(shape(item.start, Weight.BOLD), SIDE, y + 24 * 0.95, 26)
    until = Text(item.hours, (item.hours,), Weight.REGULAR, 11, 14)
    page.color(PALE)
    until.draw(page, SIDE, y + 32)
    start = y
    for text, color in texts:
        page.color(color)
        y = text.draw(page, SIDE + HOURS, y)
    y = max(y, start + 46) + 9
    page.rule((SIDE, y), (WIDTH - SIDE, y), color=HAIRLINE, stroke=0.6)
    return y + 13
