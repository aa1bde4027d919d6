"""Grids in the middle of a booklet: the rooms of a day on two facing pages, with one time axis.

Cells contain page numbers of the booklet, where each title is printed in full, instead of list numbers.
"""

import datetime
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from convention.text.dates import format_date_with_weekday
from convention.typeset import FontWeight

from ..page_flow import SIDE_MARGIN, PageFlow
from ..printed_programme import PrintedProgramme, PrintedSession
from ..text_layout import A5, INK_COLOR, PALE_INK_COLOR, capitalize_first, lay_out_heading, lay_out_text
from .day_axis import build_axis
from .draw_grids import SheetContext, draw_sheet_content
from .plan import DayPlan, GridJob, GridLabels, GridSheet, list_used_rooms, plan_split
from .sizes import MIN_TYPE_SIZES, GridPage
from .track_legend import code_tracks

SPREAD_PAGE = GridPage(*A5, MIN_TYPE_SIZES["hand"])
# As many columns as fit on an A5 page, each about seven em wide.
MAX_PAGE_COLUMNS = 5
# More spreads would outgrow the middle of the booklet; then each day gets one, or none at all.
MAX_SPREADS = 12
HEADING_TOP, HEADING_SIZE = 42.0, 13.0


@dataclass(frozen=True)
class GridSpread:
    """The left and the right page of a day, or of some of its rooms; None is a page for notes."""

    day: datetime.date
    sessions: list[PrintedSession]
    plan: DayPlan
    track_codes: dict[str, str]
    sheets: tuple[GridSheet, GridSheet | None]
    # The day has more rooms, which no spread shows.
    is_partial: bool = False


def plan_spreads(programme: PrintedProgramme) -> list[GridSpread]:
    """Return the spreads of all days in order; if they are too many, those of the first rooms."""
    by_day = [plan_day_spreads(programme, day, sessions) for day, sessions in programme.days]
    if sum(map(len, by_day)) > MAX_SPREADS:
        by_day = [[replace(spreads[0], is_partial=len(spreads) > 1)] for spreads in by_day]
    return [spread for spreads in by_day for spread in spreads] if len(by_day) <= MAX_SPREADS else []


def plan_day_spreads(
    programme: PrintedProgramme, day: datetime.date, sessions: list[PrintedSession]
) -> list[GridSpread]:
    """Divide the rooms of a day among pages; the day of a single room is divided by time."""
    codes = code_tracks(sessions)
    labels = GridLabels(_("All rooms"), _("No room yet"))
    used_rooms = {session.room for session in sessions}
    rooms = [room for room in programme.room_names if room in used_rooms]
    job = GridJob(sessions, rooms, ("a5",), SPREAD_PAGE.type_size, labels, codes)
    axis = build_axis(sessions, labels.all_rooms)
    count = len(list_used_rooms(job, axis))
    page_count = 2 * -(-count // (2 * MAX_PAGE_COLUMNS))
    split = (1, 2) if count == 1 else (-(-count // page_count), 1)
    plan = plan_split(job, axis, SPREAD_PAGE, split, sheet_cost=0.0)
    sheets: list[GridSheet | None] = [*plan.sheets, *([None] * (len(plan.sheets) % 2))]
    return [
        GridSpread(day, sessions, plan, codes, (left, right))
        for left, right in zip(sheets[::2], sheets[1::2], strict=True)
        if left
    ]


def draw_spreads(
    flow: PageFlow, programme: PrintedProgramme, spreads: list[GridSpread], pages: dict[str, int]
) -> None:
    """Draw two pages for each spread; `pages` has the page numbers of sessions, by anchor."""
    days: set[datetime.date] = set()
    for spread in spreads:
        numbers = {item.session_id: pages.get(f"session-{item.session_id}", 0) for item in spread.sessions}
        colors = {item.track: item.track_color for item in spread.sessions if item.track}
        plan = replace(spread.plan, numbers=numbers)
        # Without a legend, readers could not know what the letters mean.
        codes = spread.track_codes if spread.plan.sheets[0].legend_height else {}
        context = SheetContext(programme, spread.day, plan, codes, colors)
        for sheet in spread.sheets:
            flow.section_title = (
                _("Notes") if sheet is None else capitalize_first(format_date_with_weekday(spread.day))
            )
            page = flow.begin_page()
            if spread.day not in days:
                days.add(spread.day)
                flow.add_anchor(f"grid-{spread.day}")
            if sheet is None or not page.is_drawn:
                continue
            draw_spread_heading(flow, spread)
            draw_sheet_content(page, context, sheet)


def draw_spread_heading(flow: PageFlow, spread: GridSpread) -> None:
    """Draw the day, and what the numbers mean if there are any."""
    page = flow.page
    assert page is not None
    width = SPREAD_PAGE.width - 2 * SIDE_MARGIN
    page.set_color(INK_COLOR)
    heading = lay_out_heading(flow.section_title, width=width, size=HEADING_SIZE)
    y = heading.draw(page, SIDE_MARGIN, HEADING_TOP)
    hints = [
        _("Numbers in brackets are pages.") if spread.plan.numbers else "",
        _("The other rooms are on the pages of the day.") if spread.is_partial else "",
    ]
    page.set_color(PALE_INK_COLOR)
    hint = " ".join(filter(None, hints))
    lay_out_text(hint, FontWeight.REGULAR, width=width, size=SPREAD_PAGE.type_size).draw(page, SIDE_MARGIN, y)
