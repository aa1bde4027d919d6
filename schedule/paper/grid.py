"""The grid of each day: rooms across, time down; on several sheets when rooms are many."""

import datetime
import functools
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_time, say_weekday
from convention.typeset import Document, Fitted, Page, Weight, fill, shape, wrap

from .booklet import capitalized, edition
from .content import Item, Programme
from .key import draw_key, height_of_key
from .plan import GUTTER, HEAD, MARGIN, PAPERS, SIZES, Cell, Needs, Paper, Sheet, plan_day
from .setting import A4, HAIRLINE, INK, PALE, Text, set_lines, set_qr, set_text, width_of, words_of

PADDING = 3.5
BAND = 2.4
SMALL = 0.8
APART, NEAR = 9.0, 14.0
NEVER, WIDEST = 100_000.0, 160.0
EVENT_NAME, ROOM_NAME = 13.5, 3 * 1.2 * 9.5 + 0.1


def draw_grids(programme: Programme, file: BinaryIO, papers: Sequence[Paper] = PAPERS["auto"]) -> None:
    """The sheets of each day; what has no time is listed on the last one."""
    language = translation.get_language() or "fr"
    with Document(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for day, of_day in programme.days:
            items = [named_room(item) for item in of_day]
            rooms = [
                room
                for room in [*programme.rooms, _("No room yet")]
                if any(item.room == room for item in items)
            ]
            sheets = plan_day(items, rooms, NEEDS, papers)
            for number, sheet in enumerate(sheets, start=1):
                draw_sheet(document, programme, sheet, (day, number, len(sheets)))
        if programme.untimed or document.page_count == 0:
            draw_untimed(document, programme)


def named_room(item: Item) -> Item:
    """The session with a column to stand in."""
    return item if item.room else replace(item, room=_("No room yet"))


def cell_texts(item: Item, width: float, size: float) -> list[tuple[Text, str]]:
    """Hours, title and speakers: what a cell must hold."""
    inner = width - 2 * PADDING - BAND
    hours = item.hours if not item.is_cancelled else f"{item.hours} · {_('Cancelled').upper()}"
    texts = [
        (set_text(hours, Weight.REGULAR, width=inner, size=size * SMALL), PALE),
        (set_text(item.title, Weight.SEMIBOLD, width=inner, size=size, leading=1.14), INK),
    ]
    if item.speakers:
        names = ", ".join(item.speakers)
        texts.append((set_text(names, Weight.REGULAR, width=inner, size=size * 0.88), PALE))
    return texts


def cuts_a_word(title: str, width: float, size: float) -> bool:
    """Whether a word is wider than the column and would not be in the widest one."""
    longest = longest_word(title)
    return longest * size > width and longest * SIZES[-1] <= WIDEST


@functools.lru_cache(maxsize=4096)
def longest_word(title: str) -> float:
    """The width of the widest word, in em."""
    return max(width_of(word, Weight.SEMIBOLD) for word in words_of(title))


def height_of(item: Item, width: float, size: float) -> float:
    """The points that a session's cell needs; more than any sheet has where wider columns spare cut words."""
    if cuts_a_word(item.title, width - 2 * PADDING - BAND, size):
        return NEVER
    return sum(text.height for text, _color in cell_texts(item, width, size)) + 2 * PADDING


NEEDS = Needs(height_of, height_of_key)


def draw_sheet(
    document: Document, programme: Programme, sheet: Sheet, place: tuple[datetime.date, int, int]
) -> None:
    """One page."""
    page = document.page(sheet.paper.width, sheet.paper.height)
    draw_head(page, programme, place)
    draw_times(page, sheet)
    draw_rooms(page, sheet)
    for cell in sheet.cells:
        draw_cell(page, sheet, cell)
    draw_key(page, [cell.item for cell in sheet.cells], sheet.bottom)


def draw_head(page: Page, programme: Programme, place: tuple[datetime.date, int, int]) -> None:
    """Day and event at the top with the way to the live page; version and sheet at the foot."""
    day, number, count = place
    page.color(INK)
    page.text(shape(capitalized(say_weekday(day)), Weight.BOLD), MARGIN, MARGIN + 17, 19)
    name = fill(
        programme.title, Weight.REGULAR, width=page.width - 2 * MARGIN - 50, height=EVENT_NAME, size=11
    )
    page.color(PALE)
    set_lines(programme.title, Weight.REGULAR, name, leading=1.2).draw(page, MARGIN, MARGIN + 23)
    if programme.called_off:
        page.color(INK)
        line = shape(programme.called_off, Weight.BOLD)
        page.text(line, page.width - MARGIN - 52, MARGIN + 14, 10.5, align="right")
    set_qr(page, programme.address, x=page.width - MARGIN - 40, y=MARGIN - 8, side=40)
    page.color(PALE)
    foot = page.height - MARGIN + 4
    page.text(shape(edition(programme), Weight.REGULAR), MARGIN, foot, 7)
    page.text(shape(programme.address, Weight.REGULAR), page.width / 2, foot, 7, align="center")
    label = _("Sheet %(number)s of %(count)s") % {"number": number, "count": count}
    page.text(shape(label, Weight.SEMIBOLD), page.width - MARGIN, foot, 7, align="right")


def top(sheet: Sheet, index: int) -> float:
    """Where a moment stands on the page."""
    return MARGIN + HEAD + sheet.tops[index]


def draw_times(page: Page, sheet: Sheet) -> None:
    """The clock at the left: each start, and an end where no start is near."""
    for index in range(len(sheet.moments)):
        y = top(sheet, index)
        page.rule((MARGIN + GUTTER - 4, y), (page.width - MARGIN, y), color="#e6e9ec", stroke=0.4)
    starts = {cell.first for cell in sheet.cells}
    for index in told_moments(sheet.tops, starts):
        weight, color = (Weight.SEMIBOLD, INK) if index in starts else (Weight.REGULAR, PALE)
        page.color(color)
        page.text(shape(say_time(sheet.moments[index]), weight), MARGIN, top(sheet, index) + 6, 7.5)


def told_moments(tops: Sequence[float], starts: Set[int]) -> list[int]:
    """The moments that the clock names; a start that would touch the one above is left to its cell."""
    told: list[int] = []
    for index in sorted(starts):
        if not told or tops[index] - tops[told[-1]] >= APART:
            told.append(index)
    taken = sorted(starts)
    for index in range(len(tops)):
        if all(abs(tops[index] - tops[other]) >= NEAR for other in taken):
            taken.append(index)
            told.append(index)
    return sorted(told)


def draw_rooms(page: Page, sheet: Sheet) -> None:
    """The columns' heads, all of one size, and their lines."""
    width = sheet.column - 2 * PADDING
    size = min(fill(room, Weight.BOLD, width=width, height=ROOM_NAME, size=9.5).size for room in sheet.rooms)
    for index, room in enumerate(sheet.rooms):
        x = MARGIN + GUTTER + index * sheet.column
        lines = tuple(wrap(room, Weight.BOLD, width=width, size=size))
        text = set_lines(room, Weight.BOLD, Fitted(lines, size, fits=True), leading=1.12)
        page.color(INK)
        text.draw(page, x + PADDING, MARGIN + HEAD - 4 - text.height)
        page.rule((x, MARGIN + HEAD - 2), (x, sheet.bottom), color=HAIRLINE, stroke=0.5)


def draw_cell(page: Page, sheet: Sheet, cell: Cell) -> None:
    """A session: a pale ground, its track's band, hours, title and speakers."""
    width = sheet.column / cell.lanes
    x = MARGIN + GUTTER + cell.column * sheet.column + cell.lane * width
    y, bottom = top(sheet, cell.first), top(sheet, cell.last)
    page.color("#f2f4f6")
    page.rectangle(x + 1, y + 0.7, width - 2, bottom - y - 1.4)
    page.color(cell.item.color or PALE)
    page.rectangle(x + 1, y + 0.7, BAND, bottom - y - 1.4)
    at = y + PADDING
    for text, color in cell_texts(cell.item, width, sheet.size):
        page.color(color)
        at = text.draw(page, x + BAND + PADDING, at)


def draw_untimed(document: Document, programme: Programme) -> None:
    """What has no time yet, or a word that there is nothing yet."""
    width, height = A4
    page = document.page(width, height)
    y = MARGIN
    title = _("Time to be announced") if programme.untimed else _("The programme is not published yet.")
    page.color(INK)
    for words, size in ((programme.called_off, 12), (title, 19)):
        if words:
            y = set_text(words, Weight.BOLD, width=width - 2 * MARGIN, size=size).draw(page, MARGIN, y) + 12
    for item in programme.untimed:
        text = set_text(item.title, Weight.SEMIBOLD, width=width - 2 * MARGIN, size=9.5)
        if y + text.height > height - MARGIN:
            page, y = document.page(width, height), MARGIN
            page.color(INK)
        y = text.draw(page, MARGIN, y) + 5
