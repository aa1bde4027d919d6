"""Draw the grids of all days, for the hand (A4, A3) or for a wall (up to A0)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday, format_time
from convention.typeset import FontWeight, PdfDocument, PdfPage, TaggedDocument, shape_line

from ..print_options import PrintOptions
from ..printed_programme import PrintedProgramme, PrintedSession
from ..text_layout import (
    HAIRLINE_COLOR,
    INK_COLOR,
    PALE_INK_COLOR,
    capitalize_first,
    draw_qr_symbol,
    lay_out_heading,
    lay_out_text,
    shorten_text,
)
from .cells import (
    BAND_EM,
    PADDING_EM,
    CellBox,
    CellTexts,
    fit_cell_texts,
    fit_shortened_title,
    lay_out_group,
    measure_height,
)
from .columns import ColumnBlock
from .plan import DayPlan, GridJob, GridLabels, GridSheet, plan_day
from .sizes import MIN_TYPE_SIZES, GridPage, make_pages
from .title_list import ListFlow, draw_page_foot, draw_title_list, draw_track_list, lay_out_entry
from .track_legend import code_tracks, draw_track_legend

CELL_COLOR, GRID_LINE_COLOR = "#f2f4f6", "#e6e9ec"
SPAN_COLOR = "#e4e8ec"
# Minutes between labels, the smallest that leaves space between them.
AXIS_STEPS = (15, 30, 60, 120, 240)


@dataclass(frozen=True)
class SheetContext:
    """All that the sheets of one day share."""

    programme: PrintedProgramme
    day: datetime.date
    plan: DayPlan
    track_codes: dict[str, str]
    colors: dict[str, str]


@dataclass(frozen=True)
class DrawnBlock:
    """A block with its horizontal place and the colour of its background."""

    block: ColumnBlock
    x: float
    width: float
    color: str
    is_span: bool = False


def draw_day_grids(programme: PrintedProgramme, options: PrintOptions, file: BinaryIO) -> int:
    """Draw the sheets of each day, then lists; return the number of pages."""
    papers = ("a4", "a3") if options.paper == "auto" else (options.paper,)
    size = MIN_TYPE_SIZES[options.distance or "hand"]
    language = translation.get_language() or "fr"
    with TaggedDocument(
        file, title=programme.title, language=language, changed_at=programme.changed_at
    ) as document:
        for day, sessions in programme.days:
            draw_day(document, programme, (day, sessions), papers, size)
        # A PDF without a page is invalid.
        if programme.untimed_sessions or document.page_count == 0:
            draw_untimed_sessions(document, programme, make_pages(papers[0], size)[-1])
    return document.page_count


def draw_day(
    document: PdfDocument,
    programme: PrintedProgramme,
    day_sessions: tuple[datetime.date, list[PrintedSession]],
    papers: Sequence[str],
    size: float,
) -> None:
    day, sessions = day_sessions
    codes = code_tracks(sessions)
    labels = GridLabels(_("All rooms"), _("No room yet"))
    used_rooms = {session.room for session in sessions}
    rooms = [room for room in programme.room_names if room in used_rooms]
    plan = plan_day(GridJob(sessions, rooms, papers, size, labels, codes))
    colors = {session.track: session.track_color for session in sessions if session.track}
    context = SheetContext(programme, day, plan, codes, colors)
    for number, sheet in enumerate(plan.sheets, start=1):
        draw_grid_sheet(document, context, sheet, number)
    name = capitalize_first(format_date_with_weekday(day))
    heading = f"{programme.title} · {_('%(day)s: titles in full') % {'day': name}}"
    flow = ListFlow(document, plan.sheets[0].page, heading, programme)
    if codes and not plan.sheets[0].legend_height:
        draw_track_list(flow, codes)
    draw_title_list(flow, sessions, plan.numbers)


def draw_grid_sheet(document: PdfDocument, context: SheetContext, sheet: GridSheet, number: int) -> None:
    page = document.begin_page(sheet.page.width, sheet.page.height)
    if number == 1:
        name = capitalize_first(format_date_with_weekday(context.day))
        document.add_destination(f"day-{context.day}", 0)
        document.add_bookmark(name, f"day-{context.day}")
    draw_sheet_head(page, context, sheet)
    draw_sheet_content(page, context, sheet)
    label = _("Sheet %(number)s of %(count)s") % {"number": number, "count": len(context.plan.sheets)}
    draw_page_foot(page, sheet.page, context.programme, label)


def draw_sheet_content(page: PdfPage, context: SheetContext, sheet: GridSheet) -> None:
    """Draw the time axis and all sessions: those in all rooms, then room by room, in reading order."""
    draw_time_axis(page, context.plan, sheet)
    draw_column_lines(page, sheet)
    for block in sheet.spans:
        drawn = DrawnBlock(block, sheet.page.grid_left, sheet.page.grid_width, SPAN_COLOR, is_span=True)
        draw_block(page, context, sheet, drawn)
    for index, column in enumerate(sheet.columns):
        x = sheet.page.grid_left + index * sheet.column_width
        draw_room_head(page, sheet, sheet.room_labels[index], x)
        for block in column:
            width = sheet.column_width / block.lane_count
            drawn = DrawnBlock(block, x + block.lane_index * width, width, CELL_COLOR)
            draw_block(page, context, sheet, drawn)
    if sheet.legend_height:
        draw_track_legend(page, context.track_codes, context.colors, sheet.page, sheet.bottom)


def draw_sheet_head(page: PdfPage, context: SheetContext, sheet: GridSheet) -> None:
    """Draw day, event, notice of cancellation, and the QR code of the agenda's address."""
    grid_page, programme = sheet.page, context.programme
    size, x = grid_page.type_size, grid_page.margin
    side = 4.6 * size
    width = grid_page.width - 2 * grid_page.margin - side - size
    page.set_color(INK_COLOR)
    day = capitalize_first(format_date_with_weekday(context.day))
    text = shorten_text(day, FontWeight.BOLD, width=width, size=2 * size)
    y = lay_out_heading(text, width=width, size=2 * size).draw(page, x, grid_page.margin)
    page.set_color(PALE_INK_COLOR)
    name = shorten_text(programme.title, FontWeight.REGULAR, width=width, size=1.2 * size)
    y = lay_out_text(name, FontWeight.REGULAR, width=width, size=1.2 * size).draw(page, x, y)
    if programme.cancellation_notice:
        page.set_color(INK_COLOR)
        notice = shorten_text(programme.cancellation_notice, FontWeight.BOLD, width=width, size=1.2 * size)
        lay_out_text(notice, FontWeight.BOLD, width=width, size=1.2 * size).draw(page, x, y)
    left = grid_page.width - grid_page.margin - side
    draw_qr_symbol(page, programme.agenda_url, x=left, y=grid_page.margin, side=side)
    page.add_link((left, grid_page.margin, side, side), programme.agenda_url)


def draw_time_axis(page: PdfPage, plan: DayPlan, sheet: GridSheet) -> None:
    """Draw a line and a label at equal steps of time, the same on all sheets of the day."""
    size, (start, end) = sheet.page.type_size, sheet.band
    right = sheet.page.width - sheet.page.margin
    step = next(
        minutes for minutes in AXIS_STEPS if minutes * sheet.scale >= 2 * size or minutes == AXIS_STEPS[-1]
    )
    page.set_color(INK_COLOR)
    minutes = -(-start // step) * step
    while minutes <= end:
        y = sheet.get_y(minutes)
        page.draw_rule(
            (sheet.page.grid_left - 0.5 * size, y), (right, y), color=GRID_LINE_COLOR, stroke=0.05 * size
        )
        # The last label would be below the grid.
        if minutes < end:
            label = shape_line(format_time(plan.axis.get_moment(minutes)), FontWeight.SEMIBOLD)
            page.text(label, sheet.page.margin, y + 0.95 * size, size)
        minutes += step


def draw_column_lines(page: PdfPage, sheet: GridSheet) -> None:
    size = sheet.page.type_size
    for index in range(len(sheet.rooms)):
        x = sheet.page.grid_left + index * sheet.column_width
        page.draw_rule(
            (x, sheet.top - 0.2 * size), (x, sheet.bottom), color=HAIRLINE_COLOR, stroke=0.06 * size
        )


def draw_room_head(page: PdfPage, sheet: GridSheet, label: str, x: float) -> None:
    """Draw the name of a room above its column, in the size of the sheet."""
    size, width = sheet.page.type_size, sheet.column_width - 0.7 * sheet.page.type_size
    text = lay_out_heading(label, width=width, size=size, level=2)
    page.set_color(INK_COLOR)
    text.draw(page, x + 0.35 * size, sheet.top - 0.4 * size - text.height)


def draw_block(page: PdfPage, context: SheetContext, sheet: GridSheet, drawn: DrawnBlock) -> None:
    """Draw a block: background and track's band for its time, and its texts."""
    size, block, x, width = sheet.page.type_size, drawn.block, drawn.x, drawn.width
    top, bottom = sheet.get_y(block.start), sheet.get_y(block.end)
    inset = 0.1 * size
    height = max(inset, bottom - top - inset)
    session = block.items[0].session
    box = sheet.get_span_box(block) if drawn.is_span else sheet.get_box(block)
    texts = choose_texts(context, block, box, size)
    y = sheet.get_y(block.text_start) + PADDING_EM * size
    # The band at the left shows the time alone; the background covers the text too.
    page.set_color(drawn.color)
    background_height = max(height, y + measure_height(texts) + PADDING_EM * size / 2 - top)
    page.fill_rectangle(x + inset, top + inset / 2, width - 2 * inset, background_height)
    page.set_color(session.track_color if len(block.items) == 1 and session.track_color else PALE_INK_COLOR)
    page.fill_rectangle(x + inset, top + inset / 2, BAND_EM * size * 0.8, height)
    for text, ink in texts:
        page.set_color(ink)
        y = text.draw(page, x + (BAND_EM + PADDING_EM) * size, y)


def choose_texts(context: SheetContext, block: ColumnBlock, box: CellBox, size: float) -> CellTexts:
    """Return the texts of a block in full, or with its numbers in the list of titles."""
    numbers = context.plan.numbers
    if len(block.items) > 1:
        sessions = [item.session for item in block.items]
        return lay_out_group(sessions, [numbers[session.session_id] for session in sessions], box, size)
    session = block.items[0].session
    number = numbers.get(session.session_id)
    texts = fit_cell_texts(session, box, size, context.track_codes.get(session.track, ""))
    if texts is None and number is not None:
        return fit_shortened_title(session, number, box, size)
    return texts or []


def draw_untimed_sessions(document: PdfDocument, programme: PrintedProgramme, grid_page: GridPage) -> None:
    """List sessions without a time, or say that there are none yet."""
    heading = (
        _("Time to be announced") if programme.untimed_sessions else _("The programme is not published yet.")
    )
    if programme.cancellation_notice:
        heading = f"{programme.cancellation_notice} · {heading}"
    flow = ListFlow(document, grid_page, heading, programme)
    flow.begin_page()
    for session in programme.untimed_sessions:
        flow.draw_entry(lay_out_entry(flow, session))
