"""The booklet: cover, contents, each day's sessions with their abstracts, speakers' index, logos; A5 pages.

A5 reads like a programme in the hand and prints two to a sheet of A4 with any printer's booklet mode.
"""

import datetime
import io
from collections import defaultdict
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_moment, say_weekday
from convention.search import fold
from convention.typeset import Box, Document, Page, Weight, fit, shape

from .content import Item, Programme
from .flow import COLUMN, FOOT, HEIGHT, SIDE, WIDTH, Flow
from .logos import draw_back_page
from .setting import INK, PALE, Text, set_lines, set_qr, set_text

HOURS = 70.0
TEXT = COLUMN - HOURS


def draw_booklet(programme: Programme, file: BinaryIO) -> None:
    """Write the booklet. It is set twice: the first time tells the page of each thing."""
    pages = _set(programme, io.BytesIO(), {})
    _set(programme, file, pages)


def _set(programme: Programme, file: BinaryIO, pages: dict[str, int]) -> dict[str, int]:
    language = translation.get_language() or "fr"
    with Document(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        draw_cover(document.page(WIDTH, HEIGHT), programme)
        flow = Flow(document, programme.title, edition(programme))
        draw_contents(flow, programme, pages)
        for day, items in programme.days:
            draw_day(flow, day, items)
        if programme.untimed:
            draw_chapter(flow, "untimed", _("Time to be announced"), programme.untimed)
        draw_index(flow, programme, pages)
        draw_back_page(flow, programme.logos)
    return flow.found


def edition(programme: Programme) -> str:
    """Which version this print is, and of when."""
    changed = say_moment(programme.changed_at)
    if programme.version:
        return _("Version %(version)s, %(changed)s") % {"version": programme.version, "changed": changed}
    return _("As of %(changed)s") % {"changed": changed}


def draw_cover(page: Page, programme: Programme) -> None:
    """Name, dates, place, and the way to the live page."""
    page.color(programme.accent)
    page.rectangle(0, 0, WIDTH, 14)
    page.rectangle(SIDE, 92, 46, 5)
    name = fit(programme.title, Weight.BOLD, Box(COLUMN, 6), size=34, floor=17)
    page.color(INK)
    y = set_lines(programme.title, Weight.BOLD, name, leading=1.12).draw(page, SIDE, 112) + 14
    for text, size, color in ((programme.dates, 14, INK), (programme.place, 11, PALE)):
        page.color(color)
        y = set_text(text, Weight.REGULAR, width=COLUMN, size=size).draw(page, SIDE, y) + 4
    page.color(INK)
    if programme.called_off:
        set_text(programme.called_off, Weight.BOLD, width=COLUMN, size=13).draw(page, SIDE, y + 12)
    page.text(shape(_("Programme"), Weight.SEMIBOLD), SIDE, 66, 13)
    set_qr(page, programme.address, x=SIDE, y=HEIGHT - 150, side=84)
    page.link((SIDE, HEIGHT - 150, 84, 84), programme.address)
    page.color(PALE)
    beside = SIDE + 98
    lines = [_("The programme as it stands now:"), programme.address, edition(programme)]
    y = HEIGHT - 148
    for line in lines:
        y = set_text(line, Weight.REGULAR, width=COLUMN - 98, size=8.5).draw(page, beside, y) + 3


def draw_contents(flow: Flow, programme: Programme, pages: dict[str, int]) -> None:
    """Each day with its page."""
    flow.section = _("Contents")
    flow.turn()
    heading(flow, _("Contents"))
    if not programme.items:
        flow.stack([(body(_("The programme is not published yet."), COLUMN), INK)], x=SIDE)
    for paragraph in programme.summary.split("\n"):
        if paragraph.strip():
            flow.paragraph(body(paragraph, COLUMN), INK, x=SIDE)
            flow.y += 4
    flow.y += 10
    entries = [(say_weekday(day), f"day-{day}") for day, _items in programme.days]
    entries += [(_("Time to be announced"), "untimed")] if programme.untimed else []
    entries += [(_("Speakers"), "speakers")] if any(item.speakers for item in programme.items) else []
    for label, place in entries:
        line(flow, capitalized(label), place, pages)


def line(flow: Flow, label: str, place: str, pages: dict[str, int]) -> None:
    """One entry of the contents."""
    page = flow.room_for(20)
    page.color(INK)
    page.text(shape(label, Weight.SEMIBOLD), SIDE, flow.y + 11, 11)
    page.text(shape(str(pages.get(place, "")), Weight.REGULAR), WIDTH - SIDE, flow.y + 11, 11, align="right")
    page.jump((SIDE, flow.y, COLUMN, 16), place)
    flow.y += 20


def heading(flow: Flow, text: str) -> None:
    """A chapter's heading."""
    flow.stack([(set_text(text, Weight.BOLD, width=COLUMN, size=19), INK)], x=SIDE)
    flow.y += 12


def body(text: str, width: float) -> Text:
    """Running text."""
    return set_text(text, Weight.REGULAR, width=width, size=9, leading=1.36)


def capitalized(text: str) -> str:
    """With a capital, as a heading begins."""
    return text[:1].upper() + text[1:]


def draw_day(flow: Flow, day: datetime.date, items: list[Item]) -> None:
    """A day begins on a page of its own."""
    draw_chapter(flow, f"day-{day}", capitalized(say_weekday(day)), items)


def draw_chapter(flow: Flow, place: str, title: str, items: list[Item]) -> None:
    """A heading and its sessions."""
    flow.section = title
    flow.turn()
    flow.name(place)
    flow.document.bookmark(title, place)
    heading(flow, title)
    for item in items:
        draw_session(flow, item)


def draw_session(flow: Flow, item: Item) -> None:
    """Hours at the side; title, speakers and place stay with the first lines of the text."""
    head = session_head(item)
    paragraphs = [body(part, TEXT) for part in item.paragraphs]
    first = min(2, len(paragraphs[0].lines)) * paragraphs[0].leading if paragraphs else 0
    flow.room_for(min(FOOT - 60, sum(text.height for text, _color in head) + 3 + first))
    flow.name(f"session-{item.key}")
    page = flow.page
    assert page is not None
    page.color(INK)
    set_text(item.hours, Weight.SEMIBOLD, width=HOURS - 12, size=7.5).draw(page, SIDE, flow.y + 1.5)
    if item.color:
        page.color(item.color)
        page.rectangle(SIDE + HOURS - 8, flow.y + 1, 2.2, head[0][0].height)
    flow.stack(head, x=SIDE + HOURS)
    flow.y += 3
    for paragraph in paragraphs:
        flow.paragraph(paragraph, INK, x=SIDE + HOURS)
        flow.y += 2
    flow.y += 10


def session_head(item: Item) -> list[tuple[Text, str]]:
    """Title, subtitle, speakers, place: each with its colour."""
    head = [(set_text(item.title, Weight.BOLD, width=TEXT, size=11), INK)]
    if item.is_cancelled:
        head.insert(0, (set_text(_("Cancelled").upper(), Weight.SEMIBOLD, width=TEXT, size=8), INK))
    if item.subtitle:
        head.append((set_text(item.subtitle, Weight.REGULAR, width=TEXT, size=9.5), INK))
    if item.speakers:
        head.append((set_text(", ".join(item.speakers), Weight.SEMIBOLD, width=TEXT, size=8.5), INK))
    facts = " · ".join(fact for fact in (item.room, item.track, item.language) if fact)
    if facts:
        head.append((set_text(facts, Weight.REGULAR, width=TEXT, size=8), PALE))
    return head


def draw_index(flow: Flow, programme: Programme, pages: dict[str, int]) -> None:
    """Every speaker with the pages of their sessions."""
    appearances: dict[str, list[Item]] = defaultdict(list)
    for item in programme.items:
        for speaker in item.speakers:
            appearances[speaker].append(item)
    if not appearances:
        return
    flow.section = _("Speakers")
    flow.turn()
    flow.name("speakers")
    flow.document.bookmark(_("Speakers"), "speakers")
    heading(flow, _("Speakers"))
    for speaker in sorted(appearances, key=sort_key):
        draw_speaker(flow, speaker, appearances[speaker], pages)


def sort_key(name: str) -> str:
    """By last word, accents aside."""
    folded = fold(name)
    return f"{folded.split(' ')[-1]} {folded}"


def draw_speaker(flow: Flow, speaker: str, items: list[Item], pages: dict[str, int]) -> None:
    """A name, and at the right the pages, each a link."""
    numbers = sorted({pages.get(f"session-{item.key}", 0) for item in items})
    text = set_text(speaker, Weight.REGULAR, width=COLUMN - 90, size=9)
    figures = set_text(", ".join(map(str, numbers)), Weight.REGULAR, width=84, size=9)
    page = flow.room_for(max(text.height, figures.height) + 2)
    page.color(INK)
    text.draw(page, SIDE, flow.y)
    y = flow.y
    for row in figures.lines:
        page.text(row, WIDTH - SIDE, y + 9 * 0.95, 9, align="right")
        y += figures.leading
    page.jump((WIDTH - SIDE - 84, flow.y, 84, figures.height), f"session-{items[0].key}")
    flow.y += max(text.height, figures.height) + 2
