"""Draw run sheets for rooms, chairs and speakers, and the director's book; A4, with internal facts."""

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.text.normalize import search_text
from convention.typeset import FontWeight, PdfDocument, TaggedDocument, shape_line

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

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN, HOURS_WIDTH, BOX_SIDE, QR_SIDE = 40.0, 96.0, 11.0, 48.0
TEXT_LEFT = MARGIN + HOURS_WIDTH
TEXT_WIDTH = PAGE_WIDTH - MARGIN - TEXT_LEFT - BOX_SIDE - 10
FOOT_TOP = PAGE_HEIGHT - 48
TYPE_SIZE, SMALL_SIZE = 11.0, 9.5
type RunSheet = tuple[str, Sequence[PrintedSession]]


def draw_room_sheets(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw a sheet for each room and day, for its crew."""
    return draw_run_sheets(programme, file, list_room_sheets(programme))


def draw_chair_sheets(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw a sheet for each chair, with all their sessions."""
    return draw_run_sheets(programme, file, list_person_sheets(programme, lambda item: item.chairs))


def draw_speaker_sheets(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw a sheet for each speaker, with all their sessions."""
    return draw_run_sheets(programme, file, list_person_sheets(programme, lambda item: item.speakers))


def draw_directors_book(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw everything by day and hour."""
    sheets = [(capitalize_first(format_date_with_weekday(day)), sessions) for day, sessions in programme.days]
    if programme.untimed_sessions:
        sheets.append((_("Time to be announced"), programme.untimed_sessions))
    return draw_run_sheets(programme, file, sheets)


def list_room_sheets(programme: PrintedProgramme) -> Iterator[RunSheet]:
    for day, sessions in programme.days:
        for room in [*programme.room_names, ""]:
            # Sessions for everybody are on the sheet of each room, so that its crew sees the breaks.
            room_items = [item for item in sessions if item.room == room or (room and item.is_in_all_rooms)]
            if any(item.room == room for item in room_items):
                name = room or _("No room yet")
                yield f"{name} · {format_date_with_weekday(day)}", room_items


def list_person_sheets(
    programme: PrintedProgramme, get_names: Callable[[PrintedSession], Iterable[str]]
) -> Iterator[RunSheet]:
    timed = [item for _day, sessions in programme.days for item in sessions]
    names = {name for item in timed for name in get_names(item)}
    for name in sorted(names, key=search_text):
        yield name, [item for item in timed if name in get_names(item)]


def draw_run_sheets(programme: PrintedProgramme, file: BinaryIO, sheets: Iterable[RunSheet]) -> int:
    """Draw each sheet on pages of its own; return the number of pages."""
    language = translation.get_language() or "fr"
    with TaggedDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for number, (title, sessions) in enumerate(sheets):
            flow = RunSheetFlow(document, programme, title)
            document.add_destination(f"sheet-{number}", 0)
            document.add_bookmark(title, f"sheet-{number}")
            for day, entries in itertools.groupby(sessions, key=lambda item: item.day):
                flow.draw_day(day)
                for entry in entries:
                    flow.draw_session(entry)
        if document.page_count == 0:
            # A PDF without a page is invalid.
            RunSheetFlow(document, programme, _("There is nothing to print for this choice."))
    return document.page_count


class RunSheetFlow:
    """The position on the current page of one run sheet."""

    def __init__(self, document: PdfDocument, programme: PrintedProgramme, title: str) -> None:
        self.document = document
        self.programme = programme
        self.title = title
        self.part = 0
        self.top = MARGIN
        self.begin_page()

    def begin_page(self) -> None:
        """Begin a page with title, edition and a note that it is internal."""
        self.part += 1
        page = self.page = self.document.begin_page(PAGE_WIDTH, PAGE_HEIGHT)
        width = PAGE_WIDTH - 2 * MARGIN
        head_width = width - QR_SIDE - 12
        title = self.title if self.part == 1 else f"{self.title} ({self.part})"
        page.set_color(INK_COLOR)
        block = lay_out_heading(title, width=head_width, size=20)
        self.y = block.draw(page, MARGIN, MARGIN) + 8
        if self.programme.cancellation_notice:
            notice = self.programme.cancellation_notice
            self.y = (
                lay_out_text(notice, FontWeight.BOLD, width=head_width, size=13).draw(page, MARGIN, self.y)
                + 6
            )
        address = self.programme.agenda_url
        draw_qr_symbol(page, address, x=PAGE_WIDTH - MARGIN - QR_SIDE, y=MARGIN, side=QR_SIDE)
        page.add_link((PAGE_WIDTH - MARGIN - QR_SIDE, MARGIN, QR_SIDE, QR_SIDE), address)
        self.y = self.top = max(self.y, MARGIN + QR_SIDE + 8)
        page.set_color(PALE_INK_COLOR)
        foot = f"{describe_edition(self.programme)} · {_('internal')} · {self.programme.title}"
        shown = shorten_text(foot, FontWeight.REGULAR, width=width, size=SMALL_SIZE)
        page.text(shape_line(shown, FontWeight.REGULAR), MARGIN, PAGE_HEIGHT - 26, SMALL_SIZE)

    def ensure_space(self, height: float) -> None:
        if self.y + height > FOOT_TOP and self.y > self.top:
            self.begin_page()

    def draw_day(self, day: datetime.date | None) -> None:
        """Draw the day, unless the title names it."""
        label = format_date_with_weekday(day) if day else _("Time to be announced")
        if label.casefold() in self.title.casefold():
            return
        self.ensure_space(60)
        self.page.set_color(INK_COLOR)
        block = lay_out_heading(capitalize_first(label), width=PAGE_WIDTH - 2 * MARGIN, size=13, level=2)
        self.y = block.draw(self.page, MARGIN, self.y) + 4

    def draw_session(self, session: PrintedSession) -> None:
        """Draw hours, title, place and internal facts, with a box to tick; a session stays on one page."""
        texts = self.lay_out_session(session)
        self.ensure_space(sum(text.height for text, _color in texts) + 10)
        page, top = self.page, self.y + 4
        page.draw_rule((MARGIN, self.y), (PAGE_WIDTH - MARGIN, self.y), color=HAIRLINE_COLOR, stroke=0.6)
        page.set_color(INK_COLOR)
        hours = lay_out_text(session.hours_label, FontWeight.BOLD, width=HOURS_WIDTH - 8, size=TYPE_SIZE)
        below_hours = hours.draw(page, MARGIN, top)
        page.draw_frame(
            PAGE_WIDTH - MARGIN - BOX_SIDE, top + 1, BOX_SIDE, BOX_SIDE, color=INK_COLOR, stroke=0.8
        )
        self.y = top
        for text, color in texts:
            if self.y + text.height > FOOT_TOP:
                self.begin_page()
            self.page.set_color(color)
            self.y = text.draw(self.page, TEXT_LEFT, self.y)
        self.y = max(self.y, below_hours) + 5

    def lay_out_session(self, session: PrintedSession) -> list[tuple[TextBlock, str]]:
        note = self.programme.notes.get(session.session_id)
        cancelled = _("Cancelled").upper() if session.is_cancelled else ""
        place = " · ".join(filter(None, (session.room, session.track, session.language)))
        lines = [
            (cancelled, FontWeight.BOLD, TYPE_SIZE, INK_COLOR),
            (session.title, FontWeight.SEMIBOLD, TYPE_SIZE, INK_COLOR),
            (place, FontWeight.REGULAR, SMALL_SIZE, INK_COLOR),
        ]
        people = [person.describe() for person in note.people] if note else []
        facts = note.describe() if note else []
        lines += [(line, FontWeight.REGULAR, SMALL_SIZE, INK_COLOR) for line in people]
        lines += [(line, FontWeight.REGULAR, SMALL_SIZE, PALE_INK_COLOR) for line in facts]
        return [
            (lay_out_text(text, weight, width=TEXT_WIDTH, size=size), color)
            for text, weight, size, color in lines
            if text
        ]
