"""Draw door signs: a room's name and its sessions of one day, readable from some steps away.

A day is printed on one sheet while its titles are at least `TITLE_SIZES[-1]` tall, else on several.
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import EN_DASH, NO_BREAK_SPACE, format_date_with_weekday, format_time
from convention.typeset import FontWeight, PdfDocument, PdfPage, TaggedDocument, TextBox, fit_text, shape_line

from .logos import draw_sign_logos
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
    lay_out_fitted_text,
    lay_out_heading,
    lay_out_text,
    shorten_text,
)

SIGN_WIDTH, SIGN_HEIGHT = A4
SIDE_MARGIN = 42.0
COLUMN_WIDTH = SIGN_WIDTH - 2 * SIDE_MARGIN
FOOT_TOP = SIGN_HEIGHT - 78
# The QR code of the foot, beside at most three lines.
QR_SIDE, FOOT_LINES = 52.0, 3
# In points, the largest first; 14 is readable from some steps away. Longer lists take more sheets.
TITLE_SIZES = (30.0, 27.0, 24.0, 22.0, 20.0, 18.5, 17.0, 15.5, 14.0)
HOURS_WIDTH_EM, HOURS_HEIGHT_EM = 5.2, 2.15
SMALL_SIZE_RATIO = 0.7
# Nothing on a sign is smaller: it is read at one metre.
MIN_SIZE = FOOT_SIZE = 14.0
SPACE_ABOVE_EM, SPACE_BELOW_EM = 0.4, 0.35
HEAD_LINE_GAP = 6.0
type SessionTexts = list[tuple[TextBlock, str]]


def draw_door_signs(programme: PrintedProgramme, _options: PrintOptions, file: BinaryIO) -> int:
    """Draw a sign for each room and day."""
    language = translation.get_language() or "fr"
    with TaggedDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for day, room, printed_sessions in list_changed_signs(programme):
            draw_sign(document, programme, (day, room), printed_sessions)
        if document.page_count == 0:
            page = document.begin_page(SIGN_WIDTH, SIGN_HEIGHT)
            empty, unchanged = _("The programme is not published yet."), _("No sign has changed.")
            note = unchanged if programme.comparison else empty
            lay_out_heading(note, width=COLUMN_WIDTH, size=24).draw(page, SIDE_MARGIN, 100)
            draw_sign_foot(page, programme, COLUMN_WIDTH - QR_SIDE - 12)
    return document.page_count


def list_changed_signs(
    programme: PrintedProgramme,
) -> Iterator[tuple[datetime.date, str, list[PrintedSession]]]:
    """Yield the signs that differ from those of the version to replace; all signs without a version."""
    changed = programme.comparison.changed_rooms if programme.comparison else None
    for day, room, printed_sessions in list_door_signs(programme):
        if changed is None or (day, printed_sessions[0].room) in changed:
            yield day, room, printed_sessions


def list_door_signs(programme: PrintedProgramme) -> Iterator[tuple[datetime.date, str, list[PrintedSession]]]:
    """Yield the signs day by day, room by room."""
    for day, printed_sessions in programme.days:
        # Sessions without a room get a sheet too: every title is printed.
        for room in [*programme.room_names, ""]:
            room_sessions = [
                printed_session for printed_session in printed_sessions if printed_session.room == room
            ]
            if room_sessions:
                yield day, room or _("No room yet"), room_sessions


def draw_sign(
    document: PdfDocument,
    programme: PrintedProgramme,
    place: tuple[datetime.date, str],
    printed_sessions: list[PrintedSession],
) -> None:
    """Draw one sign on one or more sheets."""
    day, room = place
    head = lay_out_head(room, capitalize_first(format_date_with_weekday(day)), programme.cancellation_notice)
    size, sheets = choose_title_size(printed_sessions, FOOT_TOP - get_sessions_top(head))
    for number, room_sessions in enumerate(sheets, start=1):
        # The number of sheets is known only after the sessions are split.
        if len(sheets) > 1:
            label = f"{capitalize_first(format_date_with_weekday(day))} ({number}/{len(sheets)})"
            head = lay_out_head(room, label, programme.cancellation_notice)
        page = document.begin_page(SIGN_WIDTH, SIGN_HEIGHT)
        if number == 1:
            name = f"sign-{document.page_count}"
            document.add_destination(name, 0)
            document.add_bookmark(f"{room} · {format_date_with_weekday(day)}", name)
        y = draw_sign_head(page, programme.accent_color, head)
        for printed_session in room_sessions:
            y = draw_sign_session(page, printed_session, size, y)
        logos_width = draw_sign_logos(
            document, page, programme.logos, (SIGN_WIDTH - SIDE_MARGIN, SIGN_HEIGHT - 20)
        )
        draw_sign_foot(page, programme, COLUMN_WIDTH - QR_SIDE - 12 - logos_width)


def choose_title_size(
    printed_sessions: Sequence[PrintedSession], available_height: float
) -> tuple[float, list[list[PrintedSession]]]:
    """Return the title size and the sessions of each sheet: few sheets first, then large letters."""
    # The smallest letters need the fewest sheets.
    fewest = len(split_into_sheets(printed_sessions, TITLE_SIZES[-1], available_height))
    size = next(
        size
        for size in TITLE_SIZES
        if len(split_into_sheets(printed_sessions, size, available_height)) == fewest
    )
    return size, split_into_sheets(printed_sessions, size, available_height)


def split_into_sheets(
    printed_sessions: Sequence[PrintedSession], size: float, available_height: float
) -> list[list[PrintedSession]]:
    """Split the sessions into sheets, each as full as `available_height` allows."""
    sheets: list[list[PrintedSession]] = []
    left = 0.0
    for printed_session in printed_sessions:
        height = measure_session_height(printed_session, size)
        if not sheets or height > left:
            sheets.append([])
            left = available_height
        sheets[-1].append(printed_session)
        left -= height
    return sheets


def lay_out_head(room_name: str, day_label: str, cancellation_notice: str) -> list[TextBlock]:
    """Set the room's name, the day, and the notice of a cancelled event."""
    name = fit_text(room_name, FontWeight.BOLD, TextBox(COLUMN_WIDTH, 3), max_size=58, min_size=28)
    texts = [
        lay_out_fitted_text(room_name, FontWeight.BOLD, name, leading=1.08),
        lay_out_text(day_label, FontWeight.SEMIBOLD, width=COLUMN_WIDTH, size=24),
    ]
    if cancellation_notice:
        texts.append(lay_out_text(cancellation_notice, FontWeight.BOLD, width=COLUMN_WIDTH, size=20))
    return texts


def get_sessions_top(head: Sequence[TextBlock]) -> float:
    return 40 + sum(text.height + HEAD_LINE_GAP for text in head) + 8


def draw_sign_head(page: PdfPage, accent: str, head: Sequence[TextBlock]) -> float:
    """Draw room and day; return the y below."""
    page.set_color(accent)
    page.fill_rectangle(0, 0, SIGN_WIDTH, 18)
    page.set_color(INK_COLOR)
    y = 40.0
    for level, text in enumerate(head, start=1):
        y = replace(text, role=f"H{level}").draw(page, SIDE_MARGIN, y) + HEAD_LINE_GAP
    y = get_sessions_top(head)
    page.draw_rule((SIDE_MARGIN, y - 3), (SIGN_WIDTH - SIDE_MARGIN, y - 3), color=INK_COLOR, stroke=1.2)
    return y


def draw_sign_foot(page: PdfPage, programme: PrintedProgramme, width: float) -> None:
    """Draw the agenda's address, what the sign replaces, the version and the event, `width` points wide."""
    top = SIGN_HEIGHT - 20 - QR_SIDE
    draw_qr_symbol(page, programme.agenda_url, x=SIDE_MARGIN, y=top, side=QR_SIDE)
    page.set_color(PALE_INK_COLOR)
    replaced = describe_replacement(programme.comparison.version_label) if programme.comparison else ""
    y, left = top, FOOT_LINES
    for text in filter(None, (replaced, describe_edition(programme), programme.title)):
        if not left:
            break
        shown = shorten_text(text, FontWeight.REGULAR, width=width, size=FOOT_SIZE, max_lines=min(2, left))
        block = lay_out_text(shown, FontWeight.REGULAR, width=width, size=FOOT_SIZE)
        y = block.draw(page, SIDE_MARGIN + QR_SIDE + 12, y)
        left -= len(block.line_texts)


def describe_replacement(version_label: str) -> str:
    """Return “replaces: version 3”."""
    return _("replaces: %(version)s") % {"version": version_label}


def get_small_size(size: float) -> float:
    return max(MIN_SIZE, size * SMALL_SIZE_RATIO)


def lay_out_session(printed_session: PrintedSession, size: float) -> SessionTexts:
    width = COLUMN_WIDTH - HOURS_WIDTH_EM * size
    texts = [
        (
            lay_out_text(printed_session.title, FontWeight.SEMIBOLD, width=width, size=size, leading=1.12),
            INK_COLOR,
        )
    ]
    if printed_session.is_cancelled:
        label = _("Cancelled").upper()
        texts.insert(
            0, (lay_out_text(label, FontWeight.BOLD, width=width, size=get_small_size(size)), INK_COLOR)
        )
    if printed_session.speakers:
        names = ", ".join(printed_session.speakers)
        texts.append(
            (
                lay_out_text(names, FontWeight.REGULAR, width=width, size=get_small_size(size)),
                PALE_INK_COLOR,
            )
        )
    return texts


def measure_session_height(printed_session: PrintedSession, size: float) -> float:
    """Return the height of a session in points, including the space around it."""
    texts = sum(text.height for text, _color in lay_out_session(printed_session, size))
    return max(texts, HOURS_HEIGHT_EM * size) + (SPACE_ABOVE_EM + SPACE_BELOW_EM) * size


def draw_sign_session(page: PdfPage, printed_session: PrintedSession, size: float, y: float) -> float:
    """Draw one session; return the y below."""
    bottom, y = y + measure_session_height(printed_session, size), y + SPACE_ABOVE_EM * size
    page.set_color(INK_COLOR)
    page.begin_tag("P")
    page.text(shape_line(printed_session.start_label, FontWeight.BOLD), SIDE_MARGIN, y + size * 0.95, size)
    page.set_color(PALE_INK_COLOR)
    page.text(
        shape_line(format_end_time(printed_session), FontWeight.SEMIBOLD),
        SIDE_MARGIN,
        y + size * 1.8,
        get_small_size(size),
    )
    page.end_tag()
    for text, color in lay_out_session(printed_session, size):
        page.set_color(color)
        y = text.draw(page, SIDE_MARGIN + HOURS_WIDTH_EM * size, y)
    page.draw_rule(
        (SIDE_MARGIN, bottom), (SIGN_WIDTH - SIDE_MARGIN, bottom), color=HAIRLINE_COLOR, stroke=0.6
    )
    return bottom


def format_end_time(printed_session: PrintedSession) -> str:
    """Return “– 10 h 15”, "" where only the start is known."""
    # get_shown_end gives sessions without an end five minutes for drawing, so only the label shows that the
    # end is unknown.
    if not printed_session.ends_at or printed_session.hours_label == printed_session.start_label:
        return ""
    return f"{EN_DASH}{NO_BREAK_SPACE}{format_time(printed_session.ends_at)}"
