"""Plan the grid of a day: which rooms share a sheet and how tall each stretch of time is. Pure; in points.

Time runs down. A stretch lies between two moments at which something begins or ends, and is as tall as its
sessions' texts need; the space left is shared out by minutes, so that it looks like a clock's.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .printed_programme import PrintedSession
from .text_layout import A3, A4

PAGE_MARGIN, TIME_GUTTER, HEAD_HEIGHT, FOOT_HEIGHT = 28.0, 44.0, 74.0, 14.0
FONT_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)
MIN_COLUMN_WIDTH = 74.0
# A long break would otherwise take most of the height that is shared out by minutes.
MAX_STRETCH_MINUTES = 45
ROOM_COUNTS_TO_TRY, ROOMS_PER_TIME_SPLIT = (12, 10, 9, 8, 7, 6, 5, 4), 6


@dataclass(frozen=True)
class GridPaper:
    """A landscape sheet, and the most rooms that it shows while one sheet is enough."""

    width: float
    height: float
    max_rooms: int

    def get_column_width(self, room_count: int) -> float:
        return (self.width - 2 * PAGE_MARGIN - TIME_GUTTER) / room_count


_A4_PAPER, _A3_PAPER = GridPaper(A4[1], A4[0], 10), GridPaper(A3[1], A3[0], 15)
# Papers are tried in this order; the last one is used for days that take several sheets.
PAPERS_BY_NAME = {"auto": (_A4_PAPER, _A3_PAPER), "a4": (_A4_PAPER,), "a3": (_A3_PAPER,)}


@dataclass(frozen=True)
class HeightMeasures:
    """Functions that return the height of a cell, by width and font size, and of a sheet's legend."""

    measure_cell: Callable[[PrintedSession, float, float], float]
    measure_legend: Callable[[Sequence[PrintedSession], float], float]


@dataclass(frozen=True)
class GridCell:
    """One session on a sheet: stretches `first_line` to `last_line`, in one of the lanes of a room's
    column.
    """

    printed_session: PrintedSession
    first_line: int
    last_line: int
    column_index: int
    lane_index: int
    lane_count: int


@dataclass(frozen=True)
class GridSheet:
    """One page: rooms, moments with their distances from the top, cells, and the legend's height."""

    paper: GridPaper
    font_size: float
    rooms: tuple[str, ...]
    moments: tuple[datetime.datetime, ...]
    moment_tops: tuple[float, ...]
    cells: tuple[GridCell, ...]
    legend_height: float

    @property
    def column_width(self) -> float:
        return self.paper.get_column_width(len(self.rooms))

    @property
    def bottom(self) -> float:
        """Return where sessions end and the legend begins."""
        return self.paper.height - PAGE_MARGIN - FOOT_HEIGHT - self.legend_height


def plan_day_sheets(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    papers: Sequence[GridPaper] = PAPERS_BY_NAME["auto"],
) -> list[GridSheet]:
    """Return the sheets of a day: one of the first paper on which all fits, else several of the last."""
    for paper in papers:
        if len(rooms) <= paper.max_rooms:
            sheet = find_best_sheet(printed_sessions, rooms, measures, paper)
            if sheet:
                return [sheet]
    # Packing leaves few rooms to the last sheet, so they are spread evenly over as many sheets if that fits.
    packed = pack_rooms(printed_sessions, rooms, measures, papers[-1])
    even = [
        find_best_sheet(select_sessions_in(printed_sessions, group), group, measures, papers[-1])
        for group in balance_rooms(rooms, -(-len(rooms) // len(packed)))
    ]
    return [sheet for sheet in even if sheet] if all(even) else packed


def pack_rooms(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    paper: GridPaper,
) -> list[GridSheet]:
    """Fill sheet after sheet with as many rooms as fit; if not even four fit, split the sheet by time."""
    sheets: list[GridSheet] = []
    remaining = list(rooms)
    while remaining:
        tried = (
            find_best_sheet(
                select_sessions_in(printed_sessions, remaining[:count]), remaining[:count], measures, paper
            )
            for count in ROOM_COUNTS_TO_TRY
        )
        sheet = next((sheet for sheet in tried if sheet), None)
        if sheet:
            sheets.append(sheet)
            remaining = remaining[len(sheet.rooms) :]
        else:
            sheets += split_by_time(
                select_sessions_in(printed_sessions, remaining[:ROOMS_PER_TIME_SPLIT]),
                remaining[:ROOMS_PER_TIME_SPLIT],
                measures,
                paper,
            )
            remaining = remaining[ROOMS_PER_TIME_SPLIT:]
    return sheets


def select_sessions_in(
    printed_sessions: Sequence[PrintedSession], rooms: Sequence[str]
) -> list[PrintedSession]:
    return [printed_session for printed_session in printed_sessions if printed_session.room in rooms]


def balance_rooms(rooms: Sequence[str], max_rooms: int) -> Iterator[tuple[str, ...]]:
    """Yield groups of nearly equal size, at most `max_rooms` in each."""
    count = -(-len(rooms) // max_rooms)
    for index in range(count):
        yield tuple(rooms[len(rooms) * index // count : len(rooms) * (index + 1) // count])


def find_best_sheet(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    paper: GridPaper,
) -> GridSheet | None:
    """Return the sheet with the largest font that fits; None if even the smallest does not."""
    if paper.get_column_width(len(rooms)) < MIN_COLUMN_WIDTH or not printed_sessions:
        return None
    # The smallest font first: of the candidates most fail, and this tells it by one layout.
    smallest = lay_out_sheet(printed_sessions, rooms, measures, paper, FONT_SIZES[-1])
    if not fits_on_sheet(smallest):
        return None
    larger = (lay_out_sheet(printed_sessions, rooms, measures, paper, size) for size in FONT_SIZES[:-1])
    return next((sheet for sheet in larger if fits_on_sheet(sheet)), smallest)


def fits_on_sheet(sheet: GridSheet) -> bool:
    # Heights are sums of floats, so an exactly full sheet may exceed by a rounding error.
    return sheet.moment_tops[-1] <= get_available_height(sheet) + 0.01


def get_available_height(sheet: GridSheet) -> float:
    return sheet.bottom - PAGE_MARGIN - HEAD_HEIGHT


def lay_out_sheet(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    paper: GridPaper,
    size: float,
) -> GridSheet:
    """Place the sessions, make each stretch as tall as needed, and fill the sheet if there is space left."""
    moments = tuple(
        sorted(
            {
                moment
                for printed_session in printed_sessions
                for moment in (printed_session.starts_at, printed_session.ends_at)
                if moment
            }
        )
    )
    cells = place_cells(printed_sessions, rooms, {moment: index for index, moment in enumerate(moments)})
    legend_height = measures.measure_legend(printed_sessions, paper.width)
    sheet = GridSheet(paper, size, tuple(rooms), moments, (), tuple(cells), legend_height)
    minutes = [
        min(MAX_STRETCH_MINUTES, (end - start).total_seconds() / 60) for start, end in pairwise(moments)
    ]
    # A stretch without text of its own must be visible too.
    heights = [minute * 0.15 for minute in minutes]
    # Short sessions first: the height that they add also counts for longer ones beside them.
    for cell in sorted(cells, key=lambda cell: cell.last_line - cell.first_line):
        stretch = range(cell.first_line, cell.last_line)
        missing_height = measures.measure_cell(
            cell.printed_session, sheet.column_width / cell.lane_count, size
        ) - sum(heights[index] for index in stretch)
        if missing_height > 0:
            span = sum(minutes[index] for index in stretch)
            for index in stretch:
                heights[index] += missing_height * minutes[index] / span
    spare_height = get_available_height(sheet) - sum(heights)
    if spare_height > 0:
        heights = [
            height + spare_height * minute / sum(minutes)
            for height, minute in zip(heights, minutes, strict=True)
        ]
    return replace(sheet, moment_tops=tuple(sum(heights[:index]) for index in range(len(moments))))


def place_cells(
    printed_sessions: Sequence[PrintedSession], rooms: Sequence[str], index_of: dict[datetime.datetime, int]
) -> list[GridCell]:
    """Give each session its column, and lanes side by side to those that overlap in a room."""
    cells: list[GridCell] = []
    for column, room in enumerate(rooms):
        room_sessions = sorted(
            (item for item in printed_sessions if item.room == room),
            key=lambda item: (item.starts_at, item.ends_at),
        )
        # Lanes are counted for each cluster, so that one overlap does not narrow the room's whole column.
        for cluster in find_clusters(room_sessions):
            lanes = assign_lanes(cluster)
            count = max(lanes) + 1
            for item, lane in zip(cluster, lanes, strict=True):
                first, last = index_of[item.starts_at], index_of[item.ends_at]  # type: ignore[index]  # all have both
                cells.append(GridCell(item, first, last, column, lane, count))
    return cells


def find_clusters(printed_sessions: Sequence[PrintedSession]) -> Iterator[list[PrintedSession]]:
    """Yield runs of overlapping sessions, in order of start."""
    run: list[PrintedSession] = []
    end: datetime.datetime | None = None
    for printed_session in printed_sessions:
        assert printed_session.starts_at is not None
        assert printed_session.ends_at is not None
        if run and end is not None and printed_session.starts_at >= end:
            yield run
            run, end = [], None
        run.append(printed_session)
        end = printed_session.ends_at if end is None else max(end, printed_session.ends_at)
    if run:
        yield run


def assign_lanes(printed_sessions: Sequence[PrintedSession]) -> list[int]:
    """Return, for each session, the first lane that is free when it begins."""
    free_at: list[datetime.datetime] = []
    lanes = []
    for printed_session in printed_sessions:
        assert printed_session.starts_at is not None
        assert printed_session.ends_at is not None
        starts_at = printed_session.starts_at
        lane = next((lane for lane, free in enumerate(free_at) if free <= starts_at), len(free_at))
        # Assigning to a slice replaces a lane's end or adds a lane.
        free_at[lane : lane + 1] = [printed_session.ends_at]
        lanes.append(lane)
    return lanes


def split_by_time(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    paper: GridPaper,
) -> Iterator[GridSheet]:
    """Return several sheets for the same rooms, cut where a session begins; no session is repeated."""
    remaining = sorted(printed_sessions, key=lambda item: (item.starts_at, item.ends_at))
    while remaining:
        count = len(remaining)
        while count > 1:
            chunk = remaining[:count]
            # Sessions that begin together stay on one sheet, or readers would look for them on the wrong one.
            same_start = count < len(remaining) and remaining[count].starts_at == chunk[-1].starts_at
            if not same_start and find_best_sheet(chunk, rooms, measures, paper):
                break
            # By eighths, since each attempt lays out a whole sheet in every font size.
            count -= max(1, count // 8) if count > 8 else 1
        yield find_best_sheet(remaining[:count], rooms, measures, paper) or make_oversized_sheet(
            remaining[:count], rooms, measures, paper
        )
        remaining = remaining[count:]


def make_oversized_sheet(
    printed_sessions: Sequence[PrintedSession],
    rooms: Sequence[str],
    measures: HeightMeasures,
    paper: GridPaper,
) -> GridSheet:
    """Return a sheet taller than its paper, for a single session that fits on no sheet: no text is cut."""
    size = FONT_SIZES[-1]
    sheet = lay_out_sheet(printed_sessions, rooms, measures, paper, size)
    missing_height = max(0, sheet.moment_tops[-1] - get_available_height(sheet))
    return lay_out_sheet(
        printed_sessions, rooms, measures, replace(paper, height=paper.height + missing_height), size
    )
