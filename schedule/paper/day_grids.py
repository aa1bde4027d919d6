"""Draw the grid of each day: rooms across, time down; on several sheets if there are many rooms."""

import datetime
import functools
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday, format_time
from convention.typeset import FittedText, FontWeight, PdfDocument, PdfPage, fill_area, shape_line, wrap_text

from .booklet import capitalize_first, describe_edition
from .grid_layout import (
    FONT_SIZES,
    HEAD_HEIGHT,
    PAGE_MARGIN,
    PAPERS_BY_NAME,
    TIME_GUTTER,
    GridCell,
    GridSheet,
    HeightMeasures,
    plan_day_sheets,
)
from .print_options import PrintOptions
from .printed_programme import PrintedProgramme, PrintedSession
from .text_layout import (
    A4,
    HAIRLINE_COLOR,
    INK_COLOR,
    PALE_INK_COLOR,
    TextBlock,
    draw_qr_symbol,
    lay_out_fitted_text,
    lay_out_text,
    measure_word_width,
    split_unbreakable_words,
)
from .track_legend import draw_track_legend, measure_legend_height

CELL_PADDING = 3.5
BAND_WIDTH = 2.4
HOURS_SIZE_RATIO = 0.8
# Points between labels of 7.5 points: closer ones would touch. An end needs more, since it matters less.
MIN_START_GAP, MIN_END_GAP = 9.0, 14.0
IMPOSSIBLE_HEIGHT, WIDEST_COLUMN = 100_000.0, 160.0
# A room's name has three lines of 9.5 points before it shrinks; 0.1 allows for rounding.
EVENT_NAME_HEIGHT, ROOM_NAME_HEIGHT = 13.5, 3 * 1.2 * 9.5 + 0.1


def draw_day_grids(programme: PrintedProgramme, options: PrintOptions, file: BinaryIO) -> int:
    """Draw the sheets of each day; sessions without a time are listed on the last one."""
    papers = PAPERS_BY_NAME[options.paper]
    language = translation.get_language() or "fr"
    with PdfDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for day, day_sessions in programme.days:
            printed_sessions = [name_missing_room(printed_session) for printed_session in day_sessions]
            rooms = [
                room
                for room in [*programme.room_names, _("No room yet")]
                if any(printed_session.room == room for printed_session in printed_sessions)
            ]
            sheets = plan_day_sheets(printed_sessions, rooms, HEIGHT_MEASURES, papers)
            for number, sheet in enumerate(sheets, start=1):
                draw_grid_sheet(document, programme, sheet, (day, number, len(sheets)))
        # A PDF without a page is invalid.
        if programme.untimed_sessions or document.page_count == 0:
            draw_untimed_sessions(document, programme)
    return document.page_count


def name_missing_room(printed_session: PrintedSession) -> PrintedSession:
    """Return the session with a column name, even if it has no room."""
    return printed_session if printed_session.room else replace(printed_session, room=_("No room yet"))


def lay_out_cell(printed_session: PrintedSession, width: float, size: float) -> list[tuple[TextBlock, str]]:
    """Set the texts of a cell: hours, title and speakers."""
    inner = width - 2 * CELL_PADDING - BAND_WIDTH
    hours = (
        printed_session.hours_label
        if not printed_session.is_cancelled
        else f"{printed_session.hours_label} · {_('Cancelled').upper()}"
    )
    texts = [
        (lay_out_text(hours, FontWeight.REGULAR, width=inner, size=size * HOURS_SIZE_RATIO), PALE_INK_COLOR),
        (
            lay_out_text(printed_session.title, FontWeight.SEMIBOLD, width=inner, size=size, leading=1.14),
            INK_COLOR,
        ),
    ]
    if printed_session.speakers:
        names = ", ".join(printed_session.speakers)
        texts.append((lay_out_text(names, FontWeight.REGULAR, width=inner, size=size * 0.88), PALE_INK_COLOR))
    return texts


def cuts_word(title: str, width: float, size: float) -> bool:
    """Return whether a word is wider than this column, and would fit the widest one.

    A word too wide for any column is cut anyway, so more sheets would not help.
    """
    longest = measure_longest_word(title)
    return longest * size > width and longest * FONT_SIZES[-1] <= WIDEST_COLUMN


@functools.lru_cache(maxsize=4096)
def measure_longest_word(title: str) -> float:
    """Return the width of the widest word, in em."""
    return max(measure_word_width(word, FontWeight.SEMIBOLD) for word in split_unbreakable_words(title))


def measure_cell_height(printed_session: PrintedSession, width: float, size: float) -> float:
    """Return the height of a session's cell in points.

    It exceeds every sheet if a wider column would avoid cutting words, which makes the layout try that.
    """
    if cuts_word(printed_session.title, width - 2 * CELL_PADDING - BAND_WIDTH, size):
        # A title cut inside a word is worse than another sheet.
        return IMPOSSIBLE_HEIGHT
    return sum(text.height for text, _color in lay_out_cell(printed_session, width, size)) + 2 * CELL_PADDING


# Handed to grid_layout.py, which draws nothing and measures no text.
HEIGHT_MEASURES = HeightMeasures(measure_cell_height, measure_legend_height)


def draw_grid_sheet(
    document: PdfDocument,
    programme: PrintedProgramme,
    sheet: GridSheet,
    sheet_position: tuple[datetime.date, int, int],
) -> None:
    page = document.begin_page(sheet.paper.width, sheet.paper.height)
    draw_sheet_head(page, programme, sheet_position)
    draw_time_labels(page, sheet)
    draw_room_heads(page, sheet)
    for cell in sheet.cells:
        draw_grid_cell(page, sheet, cell)
    draw_track_legend(page, [cell.printed_session for cell in sheet.cells], sheet.bottom)


def draw_sheet_head(
    page: PdfPage, programme: PrintedProgramme, sheet_position: tuple[datetime.date, int, int]
) -> None:
    """Draw header and footer: day, event and the agenda's address; version and sheet number."""
    day, number, count = sheet_position
    page.set_color(INK_COLOR)
    page.text(
        shape_line(capitalize_first(format_date_with_weekday(day)), FontWeight.BOLD),
        PAGE_MARGIN,
        PAGE_MARGIN + 17,
        19,
    )
    name = fill_area(
        programme.title,
        FontWeight.REGULAR,
        width=page.width - 2 * PAGE_MARGIN - 50,
        height=EVENT_NAME_HEIGHT,
        max_size=11,
    )
    page.set_color(PALE_INK_COLOR)
    lay_out_fitted_text(programme.title, FontWeight.REGULAR, name, leading=1.2).draw(
        page, PAGE_MARGIN, PAGE_MARGIN + 23
    )
    if programme.cancellation_notice:
        page.set_color(INK_COLOR)
        line = shape_line(programme.cancellation_notice, FontWeight.BOLD)
        page.text(line, page.width - PAGE_MARGIN - 52, PAGE_MARGIN + 14, 10.5, align="right")
    draw_qr_symbol(page, programme.agenda_url, x=page.width - PAGE_MARGIN - 40, y=PAGE_MARGIN - 8, side=40)
    page.set_color(PALE_INK_COLOR)
    foot = page.height - PAGE_MARGIN + 4
    page.text(shape_line(describe_edition(programme), FontWeight.REGULAR), PAGE_MARGIN, foot, 7)
    page.text(shape_line(programme.agenda_url, FontWeight.REGULAR), page.width / 2, foot, 7, align="center")
    label = _("Sheet %(number)s of %(count)s") % {"number": number, "count": count}
    page.text(shape_line(label, FontWeight.SEMIBOLD), page.width - PAGE_MARGIN, foot, 7, align="right")


def get_moment_top(sheet: GridSheet, index: int) -> float:
    """Return the position of a moment on the page."""
    return PAGE_MARGIN + HEAD_HEIGHT + sheet.moment_tops[index]


def draw_time_labels(page: PdfPage, sheet: GridSheet) -> None:
    """Draw the times at the left: each start, and an end if no start is near."""
    for index in range(len(sheet.moments)):
        y = get_moment_top(sheet, index)
        page.draw_rule(
            (PAGE_MARGIN + TIME_GUTTER - 4, y), (page.width - PAGE_MARGIN, y), color="#e6e9ec", stroke=0.4
        )
    starts = {cell.first_line for cell in sheet.cells}
    for index in choose_labelled_moments(sheet.moment_tops, starts):
        weight, color = (
            (FontWeight.SEMIBOLD, INK_COLOR) if index in starts else (FontWeight.REGULAR, PALE_INK_COLOR)
        )
        page.set_color(color)
        page.text(
            shape_line(format_time(sheet.moments[index]), weight),
            PAGE_MARGIN,
            get_moment_top(sheet, index) + 6,
            7.5,
        )


def choose_labelled_moments(tops: Sequence[float], starts: Set[int]) -> list[int]:
    """Return the moments to label: starts first, then ends that are far from all of them.

    A start too close to the one above has no label; its cell names the hours.
    """
    labelled: list[int] = []
    for index in sorted(starts):
        if not labelled or tops[index] - tops[labelled[-1]] >= MIN_START_GAP:
            labelled.append(index)
    occupied = sorted(starts)
    for index in range(len(tops)):
        if all(abs(tops[index] - tops[other]) >= MIN_END_GAP for other in occupied):
            occupied.append(index)
            labelled.append(index)
    return sorted(labelled)


def draw_room_heads(page: PdfPage, sheet: GridSheet) -> None:
    """Draw the names of the rooms, all of one size, and the column lines."""
    width = sheet.column_width - 2 * CELL_PADDING
    size = min(
        fill_area(room, FontWeight.BOLD, width=width, height=ROOM_NAME_HEIGHT, max_size=9.5).size
        for room in sheet.rooms
    )
    for index, room in enumerate(sheet.rooms):
        x = PAGE_MARGIN + TIME_GUTTER + index * sheet.column_width
        # Wrapped again at the common size, which may be smaller than the name alone would need.
        lines = tuple(wrap_text(room, FontWeight.BOLD, width=width, size=size))
        text = lay_out_fitted_text(
            room, FontWeight.BOLD, FittedText(lines, size, fits_box=True), leading=1.12
        )
        page.set_color(INK_COLOR)
        text.draw(page, x + CELL_PADDING, PAGE_MARGIN + HEAD_HEIGHT - 4 - text.height)
        page.draw_rule(
            (x, PAGE_MARGIN + HEAD_HEIGHT - 2), (x, sheet.bottom), color=HAIRLINE_COLOR, stroke=0.5
        )


def draw_grid_cell(page: PdfPage, sheet: GridSheet, cell: GridCell) -> None:
    """Draw a session: pale background, the track's band, hours, title and speakers."""
    width = sheet.column_width / cell.lane_count
    x = PAGE_MARGIN + TIME_GUTTER + cell.column_index * sheet.column_width + cell.lane_index * width
    y, bottom = get_moment_top(sheet, cell.first_line), get_moment_top(sheet, cell.last_line)
    page.set_color("#f2f4f6")
    page.fill_rectangle(x + 1, y + 0.7, width - 2, bottom - y - 1.4)
    page.set_color(cell.printed_session.track_color or PALE_INK_COLOR)
    page.fill_rectangle(x + 1, y + 0.7, BAND_WIDTH, bottom - y - 1.4)
    text_y = y + CELL_PADDING
    for text, color in lay_out_cell(cell.printed_session, width, sheet.font_size):
        page.set_color(color)
        text_y = text.draw(page, x + BAND_WIDTH + CELL_PADDING, text_y)


def draw_untimed_sessions(document: PdfDocument, programme: PrintedProgramme) -> None:
    """List sessions without a time, or say that there are none yet."""
    width, height = A4
    page = document.begin_page(width, height)
    y = PAGE_MARGIN
    title = (
        _("Time to be announced") if programme.untimed_sessions else _("The programme is not published yet.")
    )
    page.set_color(INK_COLOR)
    for words, size in ((programme.cancellation_notice, 12), (title, 19)):
        if words:
            y = (
                lay_out_text(words, FontWeight.BOLD, width=width - 2 * PAGE_MARGIN, size=size).draw(
                    page, PAGE_MARGIN, y
                )
                + 12
            )
    for printed_session in programme.untimed_sessions:
        text = lay_out_text(
            printed_session.title, FontWeight.SEMIBOLD, width=width - 2 * PAGE_MARGIN, size=9.5
        )
        if y + text.height > height - PAGE_MARGIN:
            page, y = document.begin_page(width, height), PAGE_MARGIN
            page.set_color(INK_COLOR)
        y = text.draw(page, PAGE_MARGIN, y) + 5
