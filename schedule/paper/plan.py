"""Decide a day's grid: which rooms share a sheet, how tall each stretch of time is. Pure, in points.

Time runs down; between two moments at which something begins or ends a stretch is as tall as its
sessions' texts need, and what room is left is shared out by minutes, so that it looks like a clock's.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .content import Item
from .setting import A3, A4

MARGIN, GUTTER, HEAD, FOOT = 28.0, 44.0, 74.0, 14.0
SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)
NARROWEST = 74.0
MOST_IDLE = 45
GROUPS, BY_TIME = (12, 10, 9, 8, 7, 6, 5, 4), 6


@dataclass(frozen=True)
class Paper:
    """A sheet on its long side, and the most rooms that stand on it while one sheet is enough."""

    width: float
    height: float
    most: int

    def column(self, rooms: int) -> float:
        """The width of a room's column."""
        return (self.width - 2 * MARGIN - GUTTER) / rooms


_A4, _A3 = Paper(A4[1], A4[0], 10), Paper(A3[1], A3[0], 15)
PAPERS = {"auto": (_A4, _A3), "a4": (_A4,), "a3": (_A3,)}
"""The papers to try in turn; the last one is for days that take several sheets."""


@dataclass(frozen=True)
class Needs:
    """The points that a session takes by its width and font size, and a sheet's key by the paper's width."""

    cell: Callable[[Item, float, float], float]
    key: Callable[[Sequence[Item], float], float]


@dataclass(frozen=True)
class Cell:
    """One session on a sheet: stretches `first` up to `last`, in one of the `lanes` of a room's column."""

    item: Item
    first: int
    last: int
    column: int
    lane: int
    lanes: int


@dataclass(frozen=True)
class Sheet:
    """One page: its rooms, its moments with their distance from the top, its cells, its key's height."""

    paper: Paper
    size: float
    rooms: tuple[str, ...]
    moments: tuple[datetime.datetime, ...]
    tops: tuple[float, ...]
    cells: tuple[Cell, ...]
    key: float

    @property
    def column(self) -> float:
        """The width of a room's column."""
        return self.paper.column(len(self.rooms))

    @property
    def bottom(self) -> float:
        """Where the sessions end and the key of the tracks begins."""
        return self.paper.height - MARGIN - FOOT - self.key


def plan_day(
    items: Sequence[Item], rooms: Sequence[str], needs: Needs, papers: Sequence[Paper] = PAPERS["auto"]
) -> list[Sheet]:
    """The sheets of a day: one of the first paper that holds all, else several of the last, evenly filled."""
    for paper in papers:
        if len(rooms) <= paper.most:
            sheet = best_sheet(items, rooms, needs, paper)
            if sheet:
                return [sheet]
    packed = pack(items, rooms, needs, papers[-1])
    even = [
        best_sheet(items_in(items, group), group, needs, papers[-1])
        for group in balanced(rooms, -(-len(rooms) // len(packed)))
    ]
    return [sheet for sheet in even if sheet] if all(even) else packed


def pack(items: Sequence[Item], rooms: Sequence[str], needs: Needs, paper: Paper) -> list[Sheet]:
    """Sheet after sheet with as many rooms as it holds; where it holds too few, sheets cut by time."""
    sheets: list[Sheet] = []
    rest = list(rooms)
    while rest:
        tried = (best_sheet(items_in(items, rest[:count]), rest[:count], needs, paper) for count in GROUPS)
        sheet = next((sheet for sheet in tried if sheet), None)
        if sheet:
            sheets.append(sheet)
            rest = rest[len(sheet.rooms) :]
        else:
            sheets += split_by_time(items_in(items, rest[:BY_TIME]), rest[:BY_TIME], needs, paper)
            rest = rest[BY_TIME:]
    return sheets


def items_in(items: Sequence[Item], rooms: Sequence[str]) -> list[Item]:
    """The sessions of some rooms."""
    return [item for item in items if item.room in rooms]


def balanced(rooms: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """Groups of nearly the same number of rooms, at most so many."""
    count = -(-len(rooms) // most)
    for index in range(count):
        yield tuple(rooms[len(rooms) * index // count : len(rooms) * (index + 1) // count])


def best_sheet(items: Sequence[Item], rooms: Sequence[str], needs: Needs, paper: Paper) -> Sheet | None:
    """The sheet at the largest size that holds all; None if even the smallest does not."""
    if paper.column(len(rooms)) < NARROWEST or not items:
        return None
    smallest = lay_out(items, rooms, needs, paper, SIZES[-1])
    if not holds(smallest):
        return None
    larger = (lay_out(items, rooms, needs, paper, size) for size in SIZES[:-1])
    return next((sheet for sheet in larger if holds(sheet)), smallest)


def holds(sheet: Sheet) -> bool:
    """Whether the sessions end above the foot."""
    return sheet.tops[-1] <= available(sheet) + 0.01


def available(sheet: Sheet) -> float:
    """What a sheet has for the sessions."""
    return sheet.bottom - MARGIN - HEAD


def lay_out(items: Sequence[Item], rooms: Sequence[str], needs: Needs, paper: Paper, size: float) -> Sheet:
    """Place the items and make each stretch as tall as needed, then fill the sheet if there is room."""
    moments = tuple(sorted({moment for item in items for moment in (item.starts_at, item.ends_at) if moment}))
    cells = place_cells(items, rooms, {moment: index for index, moment in enumerate(moments)})
    key = needs.key(items, paper.width)
    sheet = Sheet(paper, size, tuple(rooms), moments, (), tuple(cells), key)
    minutes = [min(MOST_IDLE, (end - start).total_seconds() / 60) for start, end in pairwise(moments)]
    heights = [minute * 0.15 for minute in minutes]
    for cell in sorted(cells, key=lambda cell: cell.last - cell.first):
        stretch = range(cell.first, cell.last)
        missing = needs.cell(cell.item, sheet.column / cell.lanes, size) - sum(
            heights[index] for index in stretch
        )
        if missing > 0:
            span = sum(minutes[index] for index in stretch)
            for index in stretch:
                heights[index] += missing * minutes[index] / span
    left = available(sheet) - sum(heights)
    if left > 0:
        heights = [tall + left * minute / sum(minutes) for tall, minute in zip(heights, minutes, strict=True)]
    return replace(sheet, tops=tuple(sum(heights[:index]) for index in range(len(moments))))


def place_cells(
    items: Sequence[Item], rooms: Sequence[str], index_of: dict[datetime.datetime, int]
) -> list[Cell]:
    """Give each session its column, and lanes side by side to those that overlap in a room."""
    cells: list[Cell] = []
    for column, room in enumerate(rooms):
        mine = sorted(
            (item for item in items if item.room == room), key=lambda item: (item.starts_at, item.ends_at)
        )
        for cluster in clusters(mine):
            lanes = assign_lanes(cluster)
            count = max(lanes) + 1
            for item, lane in zip(cluster, lanes, strict=True):
                first, last = index_of[item.starts_at], index_of[item.ends_at]  # type: ignore[index]  # all have both
                cells.append(Cell(item, first, last, column, lane, count))
    return cells


def clusters(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Runs of sessions that overlap, in order of start."""
    run: list[Item] = []
    end: datetime.datetime | None = None
    for item in items:
        assert item.starts_at is not None
        assert item.ends_at is not None
        if run and end is not None and item.starts_at >= end:
            yield run
            run, end = [], None
        run.append(item)
        end = item.ends_at if end is None else max(end, item.ends_at)
    if run:
        yield run


def assign_lanes(items: Sequence[Item]) -> list[int]:
    """For each session the first lane that is free when it begins."""
    free_at: list[datetime.datetime] = []
    lanes = []
    for item in items:
        assert item.starts_at is not None
        assert item.ends_at is not None
        starts_at = item.starts_at
        lane = next((lane for lane, free in enumerate(free_at) if free <= starts_at), len(free_at))
        free_at[lane : lane + 1] = [item.ends_at]
        lanes.append(lane)
    return lanes


def split_by_time(items: Sequence[Item], rooms: Sequence[str], needs: Needs, paper: Paper) -> Iterator[Sheet]:
    """Several sheets for the same rooms, cut where a session begins; nothing is said twice."""
    rest = sorted(items, key=lambda item: (item.starts_at, item.ends_at))
    while rest:
        count = len(rest)
        while count > 1:
            chunk = rest[:count]
            same_start = count < len(rest) and rest[count].starts_at == chunk[-1].starts_at
            if not same_start and best_sheet(chunk, rooms, needs, paper):
                break
            count -= max(1, count // 8) if count > 8 else 1
        yield best_sheet(rest[:count], rooms, needs, paper) or forced(rest[:count], rooms, needs, paper)
        rest = rest[count:]


def forced(items: Sequence[Item], rooms: Sequence[str], needs: Needs, paper: Paper) -> Sheet:
    """A sheet as tall as it must be: better a long page than a lost word."""
    size = SIZES[-1]
    sheet = lay_out(items, rooms, needs, paper, size)
    missing = max(0, sheet.tops[-1] - available(sheet))
    return lay_out(items, rooms, needs, replace(paper, height=paper.height + missing), size)
