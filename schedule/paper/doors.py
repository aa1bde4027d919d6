"""Door signs: a room's name, and its sessions of one day, to be read from some steps away.

A day stands on one sheet as long as its titles are at least `SIZES[-1]` tall; a longer one takes several.
"""

import datetime
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import DASH, NO_BREAK, say_time, say_weekday
from convention.typeset import Box, Document, Page, Weight, fit, shape

from .booklet import capitalized, edition
from .content import Item, Programme
from .logos import draw_row
from .setting import A4, HAIRLINE, INK, PALE, Text, set_lines, set_qr, set_text

WIDTH, HEIGHT = A4
SIDE = 42.0
COLUMN = WIDTH - 2 * SIDE
FOOT = HEIGHT - 62
SIZES = (30.0, 27.0, 24.0, 22.0, 20.0, 18.5, 17.0, 15.5, 14.0)
HOURS, HOURS_HIGH = 4.7, 1.95
SMALL = 0.7
ABOVE, BELOW = 0.4, 0.35
APART = 6.0
type Session = list[tuple[Text, str]]


def draw_doors(programme: Programme, file: BinaryIO) -> None:
    """A sign for each room and day."""
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
    """The sheet of one sign, or its sheets."""
    day, room = place
    head = head_texts(room, capitalized(say_weekday(day)), programme.called_off)
    size, sheets = arrange(items, FOOT - below(head))
    for number, mine in enumerate(sheets, start=1):
        if len(sheets) > 1:
            label = f"{capitalized(say_weekday(day))} ({number}/{len(sheets)})"
            head = head_texts(room, label, programme.called_off)
        page = document.page(WIDTH, HEIGHT)
        taken = draw_row(document, page, programme.logos, (WIDTH - SIDE, HEIGHT - 20))
        draw_foot(page, programme, COLUMN - 50 - taken)
        y = draw_head(page, programme.accent, head)
        for item in mine:
            y = draw_session(page, item, size, y)


def arrange(items: Sequence[Item], room: float) -> tuple[float, list[list[Item]]]:
    """The size of the titles and the sessions of each sheet: few sheets first, then large letters."""
    fewest = len(paged(items, SIZES[-1], room))
    size = next(size for size in SIZES if len(paged(items, size, room)) == fewest)
    return size, paged(items, size, room)


def paged(items: Sequence[Item], size: float, room: float) -> list[list[Item]]:
    """The sessions sheet by sheet, each sheet as full as `room` allows."""
    sheets: list[list[Item]] = []
    left = 0.0
    for item in items:
        height = height_of(item, size)
        if not sheets or height > left:
            sheets.append([])
            left = room
        sheets[-1].append(item)
        left -= height
    return sheets


def head_texts(room: str, label: str, called_off: str) -> list[Text]:
    """The room's name, the day, and that nothing of it takes place where that is so."""
    name = fit(room, Weight.BOLD, Box(COLUMN, 3), size=58, floor=28)
    texts = [
        set_lines(room, Weight.BOLD, name, leading=1.08),
        set_text(label, Weight.SEMIBOLD, width=COLUMN, size=24),
    ]
    if called_off:
        texts.append(set_text(called_off, Weight.BOLD, width=COLUMN, size=20))
    return texts


def below(head: Sequence[Text]) -> float:
    """Where sessions begin."""
    return 40 + sum(text.height + APART for text in head) + 8


def draw_head(page: Page, accent: str, head: Sequence[Text]) -> float:
    """Room and day; returns the y below."""
    page.color(accent)
    page.rectangle(0, 0, WIDTH, 18)
    page.color(INK)
    y = 40.0
    for text in head:
        y = text.draw(page, SIDE, y) + APART
    y = below(head)
    page.rule((SIDE, y - 3), (WIDTH - SIDE, y - 3), color=INK, stroke=1.2)
    return y


def draw_foot(page: Page, programme: Programme, width: float) -> None:
    """The way to the live page, and which version this is, in so many points beside the logos."""
    set_qr(page, programme.address, x=SIDE, y=HEIGHT - 52, side=38)
    page.color(PALE)
    foot = f"{programme.title} · {edition(programme)}"
    lines = set_text(foot, Weight.REGULAR, width=width, size=9)
    lines.draw(page, SIDE + 50, HEIGHT - 20 - min(lines.height, 32))


def session_texts(item: Item, size: float) -> Session:
    """Title and speakers."""
    width = COLUMN - HOURS * size
    texts = [(set_text(item.title, Weight.SEMIBOLD, width=width, size=size, leading=1.12), INK)]
    if item.is_cancelled:
        label = _("Cancelled").upper()
        texts.insert(0, (set_text(label, Weight.BOLD, width=width, size=size * SMALL), INK))
    if item.speakers:
        names = ", ".join(item.speakers)
        texts.append((set_text(names, Weight.REGULAR, width=width, size=size * SMALL), PALE))
    return texts


def height_of(item: Item, size: float) -> float:
    """The points that a session takes, with the room around it."""
    texts = sum(text.height for text, _color in session_texts(item, size))
    return max(texts, HOURS_HIGH * size) + (ABOVE + BELOW) * size


def draw_session(page: Page, item: Item, size: float, y: float) -> float:
    """One session; returns the y below."""
    below_it, y = y + height_of(item, size), y + ABOVE * size
    page.color(INK)
    page.text(shape(item.start, Weight.BOLD), SIDE, y + size * 0.95, size)
    page.color(PALE)
    page.text(shape(until(item), Weight.SEMIBOLD), SIDE, y + size * 1.8, size * SMALL)
    for text, color in session_texts(item, size):
        page.color(color)
        y = text.draw(page, SIDE + HOURS * size, y)
    page.rule((SIDE, below_it), (WIDTH - SIDE, below_it), color=HAIRLINE, stroke=0.6)
    return below_it


def until(item: Item) -> str:
    """“– 10 h 15”, or nothing where only the start is known."""
    if not item.ends_at or item.hours == item.start:
        return ""
    return f"{DASH}{NO_BREAK}{say_time(item.ends_at)}"
