"""Plan the grid of a day: paper, rooms and hours on each sheet, and which titles are listed beside it. Pure.

The type size is fixed and the number of sheets varies. Each way to split the day is tried, and the one with
the least cost is taken: sheets, titles that readers must look up, and speakers left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from convention.typeset import FontWeight

from ..printed_programme import PrintedSession
from ..text_layout import lay_out_text, shorten_text
from .cells import CellBox, fit_cell_texts, get_min_height
from .columns import BarrierTooClose, ColumnBlock, ColumnLimits, TimedItem, arrange_column
from .day_axis import DayAxis, build_axis, choose_cuts, select_band
from .sizes import GridPage, make_pages
from .track_legend import measure_legend_height

MIN_COLUMN_EM, MIN_LANE_EM, MAX_ROOM_LINES = 10.5, 7.0, 4
MAX_BANDS, MAX_COLUMNS = 4, 16
LISTED_COST, MISSING_SPEAKERS_COST = 0.12, 0.02
# Larger paper is more expensive, and awkward to hold.
SHEET_COSTS = {"a4": 1.0, "a3": 1.7, "a2": 1.7, "a1": 1.7, "a0": 1.7}
LARGER_TYPE = (1.5, 1.35, 1.2, 1.1)


@dataclass(frozen=True)
class GridLabels:
    """Words of the grid, in the active language: the column of sessions in all rooms, and of no room."""

    all_rooms: str
    no_room: str


@dataclass(frozen=True)
class GridSheet:
    """One sheet: its rooms, its part of the day, and the blocks of each room."""

    page: GridPage
    rooms: tuple[str, ...]
    room_labels: tuple[str, ...]
    band: tuple[float, float]
    scale: float
    top: float
    legend_height: float
    columns: tuple[tuple[ColumnBlock, ...], ...]
    spans: tuple[ColumnBlock, ...]

    @property
    def column_width(self) -> float:
        return self.page.grid_width / len(self.rooms)

    @property
    def bottom(self) -> float:
        """Return where the time axis ends."""
        return self.top + (self.band[1] - self.band[0]) * self.scale

    def get_y(self, minutes: float) -> float:
        return self.top + (minutes - self.band[0]) * self.scale

    def get_box(self, block: ColumnBlock) -> CellBox:
        """Return the space for the texts of a block in a column."""
        return self._make_box(block, self.column_width / block.lane_count)

    def get_span_box(self, block: ColumnBlock) -> CellBox:
        """Return the space for the texts of a block across all rooms."""
        return self._make_box(block, self.page.grid_width)

    def _make_box(self, block: ColumnBlock, width: float) -> CellBox:
        height = (block.text_end - block.text_start) * self.scale
        return CellBox(width, height, min(height, (block.end - block.text_start) * self.scale))


@dataclass(frozen=True)
class DayPlan:
    """The sheets of a day, the sessions listed in full beside them with their numbers, and the cost."""

    axis: DayAxis
    sheets: tuple[GridSheet, ...]
    numbers: dict[int, int] = field(default_factory=dict)
    missing_speakers: int = 0
    cost: float = 0.0


@dataclass(frozen=True)
class GridJob:
    """The sessions of one day, its rooms, papers in order of preference, and the smallest type."""

    sessions: Sequence[PrintedSession]
    rooms: Sequence[str]
    papers: Sequence[str]
    type_size: float
    labels: GridLabels
    track_codes: dict[str, str]


def plan_day(job: GridJob) -> DayPlan:
    """Return the plan of least cost, in the largest type that costs nothing more."""
    axis = build_axis(job.sessions, job.labels.all_rooms)
    best: DayPlan | None = None
    for paper in job.papers:
        for page in make_pages(paper, job.type_size):
            for columns, bands in list_splits(page, job, axis):
                sheet_count = -(-len(list_used_rooms(job, axis)) // columns) * bands
                if best and sheet_count * SHEET_COSTS[paper] >= best.cost:
                    continue
                plan = plan_split(job, axis, page, (columns, bands), SHEET_COSTS[paper])
                if best is None or plan.cost < best.cost:
                    best, chosen = plan, (page, columns, bands)
    assert best is not None
    return enlarge_type(job, best, chosen)


def list_splits(page: GridPage, job: GridJob, axis: DayAxis) -> Iterator[tuple[int, int]]:
    """Yield columns on a sheet and bands of time, each number of sheets across once."""
    max_columns = max(1, min(MAX_COLUMNS, int(page.grid_width / (MIN_COLUMN_EM * page.type_size))))
    room_count = len(list_used_rooms(job, axis))
    column_counts = {-(-room_count // -(-room_count // count)) for count in range(1, max_columns + 1)}
    for bands in range(1, MAX_BANDS + 1):
        for columns in sorted(column_counts, reverse=True):
            if bands == 1 or axis.length / bands >= 90:
                yield columns, bands


def enlarge_type(job: GridJob, plan: DayPlan, chosen: tuple[GridPage, int, int]) -> DayPlan:
    """Return the same split in larger type, if as many titles and speakers fit."""
    page, columns, bands = chosen
    for factor in LARGER_TYPE:
        size = round(page.type_size * factor * 2) / 2
        larger_page = replace(page, type_size=size)
        if larger_page.grid_width / columns < MIN_COLUMN_EM * size:
            continue
        larger = plan_split(replace(job, type_size=size), plan.axis, larger_page, (columns, bands), 1.0)
        is_as_good = len(larger.numbers) <= len(plan.numbers)
        if is_as_good and larger.missing_speakers <= plan.missing_speakers:
            return larger
    return plan


def plan_split(
    job: GridJob, axis: DayAxis, page: GridPage, split: tuple[int, int], sheet_cost: float
) -> DayPlan:
    """Return the plan for that many columns on a sheet and that many bands of time."""
    while True:
        rooms = list_used_rooms(job, axis)
        try:
            sheets = build_sheets(job, axis, page, rooms, split)
        except BarrierTooClose as obstacle:
            axis = demote_span(axis, obstacle.item, job.labels.all_rooms)
            continue
        return assess_plan(DayPlan(axis, tuple(sheets)), rooms, job, sheet_cost)


def demote_span(axis: DayAxis, part: TimedItem, room: str) -> DayAxis:
    """Put the session of this part, which may be cut at the edge of a sheet, into a column."""
    span = next(span for span in axis.spans if span.session is part.session)
    return axis.demote(span, room)


def list_used_rooms(job: GridJob, axis: DayAxis) -> list[str]:
    """Return the rooms in their order, with columns for what is in all rooms or in none."""
    used = {item.session.room or job.labels.no_room for item in axis.items}
    extra = [job.labels.all_rooms, *job.rooms, job.labels.no_room]
    rooms = [room for room in dict.fromkeys(extra) if room in used]
    return rooms or [job.labels.all_rooms]


def build_sheets(
    job: GridJob, axis: DayAxis, page: GridPage, rooms: Sequence[str], split: tuple[int, int]
) -> list[GridSheet]:
    """Return the sheets with one scale for all of them. Raise BarrierTooClose."""
    columns, band_count = split
    bands = choose_cuts(axis, band_count)
    count = -(-len(rooms) // columns)
    groups = [rooms[len(rooms) * i // count : len(rooms) * (i + 1) // count] for i in range(count)]
    label_size, width = page.type_size, page.grid_width / max(len(group) for group in groups)
    labels = {room: shorten_room(room, width - 0.7 * label_size, label_size) for room in rooms}
    head = max(
        lay_out_text(label, FontWeight.BOLD, width=width - 0.7 * label_size, size=label_size).height
        for label in labels.values()
    )
    notice = 1.6 * page.type_size
    top = page.margin + page.title_height + notice + head + 0.4 * page.type_size
    legend = measure_legend_height(job.track_codes, page)
    height = page.height - page.margin - page.foot_height - legend - top
    scale = height / max(end - start for start, end in bands)
    return [
        build_sheet(
            axis,
            GridSheet(
                page, tuple(group), tuple(labels[room] for room in group), band, scale, top, legend, (), ()
            ),
            job.labels,
        )
        for group in groups
        for band in bands
    ]


def shorten_room(room: str, width: float, size: float) -> str:
    return shorten_text(room, FontWeight.BOLD, width=width, size=size, max_lines=MAX_ROOM_LINES)


def build_sheet(axis: DayAxis, sheet: GridSheet, labels: GridLabels) -> GridSheet:
    """Place the sessions of a sheet. Raise BarrierTooClose."""
    size = sheet.page.type_size
    max_lanes = max(1, int(sheet.column_width / (MIN_LANE_EM * size)))
    limits = ColumnLimits(max_lanes, get_min_height(size) / sheet.scale, *sheet.band)
    groups = join_short_spans(select_band(axis.spans, sheet.band, limits.min_minutes), limits.min_minutes)
    spans = [replace(group[0], end=group[-1].end) for group in groups]
    columns = []
    for room in sheet.rooms:
        items = [item for item in axis.items if (item.session.room or labels.no_room) == room]
        found = select_band(items, sheet.band, limits.min_minutes)
        columns.append(tuple(arrange_column(found, spans, limits)))
    blocks = []
    for group, span in zip(groups, spans, strict=True):
        limit = find_limit(span, columns, spans, sheet.band[1])
        blocks.append(ColumnBlock(tuple(group), span.start, span.end, span.start, limit))
    return replace(sheet, columns=tuple(columns), spans=tuple(blocks))


def join_short_spans(spans: Sequence[TimedItem], min_minutes: float) -> list[list[TimedItem]]:
    """Return the sessions across all rooms; one too low for a line is in a group with the one right after.

    Without the group, it would get a column of its own beside empty ones.
    """
    groups: list[list[TimedItem]] = []
    for span in sorted(spans, key=lambda span: span.start):
        group = groups[-1] if groups else []
        if group and span.start <= group[-1].end and span.start - group[0].start < min_minutes:
            group.append(span)
        else:
            groups.append([span])
    return groups


def find_limit(
    span: TimedItem, columns: Iterable[Sequence[ColumnBlock]], spans: Iterable[TimedItem], end: float
) -> float:
    """Return where the next block below a session across all rooms begins."""
    starts = [block.text_start for column in columns for block in column if block.text_start >= span.end]
    return min([*starts, *(other.start for other in spans if other.start >= span.end), end])


def list_blocks(sheet: GridSheet) -> Iterator[tuple[str, ColumnBlock]]:
    """Yield the blocks with their rooms, "" for those across all rooms."""
    for room, column in zip(sheet.rooms, sheet.columns, strict=True):
        yield from ((room, block) for block in column)
    yield from (("", block) for block in sheet.spans)


def assess_plan(plan: DayPlan, rooms: Sequence[str], job: GridJob, sheet_cost: float) -> DayPlan:
    """Number the sessions whose titles do not fit, and add up the cost."""
    listed: dict[int, tuple[int, float, str]] = {}
    missing: set[int] = set()
    for sheet in plan.sheets:
        for room, block in list_blocks(sheet):
            box = sheet.get_box(block) if room else sheet.get_span_box(block)
            order = rooms.index(room) if room else -1
            for item in block.items:
                session = item.session
                texts = None if len(block.items) > 1 else fit_cell_texts(session, box, sheet.page.type_size)
                if texts is None:
                    listed.setdefault(session.session_id, (order, item.start, session.title))
                elif session.speakers and len(texts) < 2:
                    missing.add(session.session_id)
    ordered = sorted(listed, key=lambda key: listed[key])
    numbers = {session_id: number for number, session_id in enumerate(ordered, start=1)}
    cost = len(plan.sheets) * sheet_cost + len(numbers) * LISTED_COST + len(missing) * MISSING_SPEAKERS_COST
    return replace(plan, numbers=numbers, missing_speakers=len(missing), cost=cost)
