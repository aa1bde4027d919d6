"""Place the sessions of one room on the time axis. Pure; all times are minutes of the day.

A block is drawn from its start to its end. Its text may reach down to the next block. Where that is too low
for a line, neighbours are joined to a group, whose sessions are listed elsewhere by number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..printed_programme import PrintedSession


@dataclass(frozen=True)
class TimedItem:
    """A session with start and end as minutes since the first moment of the day."""

    session: PrintedSession
    start: float
    end: float


@dataclass(frozen=True)
class ColumnLimits:
    """The lanes that fit side by side, the minutes that a line of text needs, and the end of the sheet."""

    max_lanes: int
    min_minutes: float
    start: float
    end: float


@dataclass(frozen=True)
class ColumnBlock:
    """One session, or a group, with the time that it takes and the time that its text may cover."""

    items: tuple[TimedItem, ...]
    start: float
    end: float
    text_start: float
    text_end: float
    lane_index: int = 0
    lane_count: int = 1


@dataclass
class _Unit:
    """Sessions that overlap; `lanes` is None for a group, `is_barrier` for one across all rooms."""

    items: list[TimedItem]
    lanes: list[int] | None
    is_barrier: bool = False

    @property
    def start(self) -> float:
        return self.items[0].start

    @property
    def end(self) -> float:
        return max(item.end for item in self.items)


class BarrierTooClose(Exception):
    """A session across all rooms leaves too little height here."""

    def __init__(self, item: TimedItem) -> None:
        super().__init__()
        self.item = item


def arrange_column(
    items: Sequence[TimedItem], barriers: Sequence[TimedItem], limits: ColumnLimits
) -> list[ColumnBlock]:
    """Return the blocks of a column. Raise BarrierTooClose."""
    units = [
        *(_make_unit(cluster, limits.max_lanes) for cluster in find_clusters(items)),
        *(_Unit([item], [0], is_barrier=True) for item in barriers),
    ]
    units.sort(key=lambda unit: unit.start)
    index = 0
    while index < len(units):
        index = _fit_unit(units, index, limits)
    return [
        block
        for index, unit in enumerate(units)
        if not unit.is_barrier
        for block in _list_blocks(unit, _get_limit(units, index, limits), limits)
    ]


def _make_unit(cluster: list[TimedItem], max_lanes: int) -> _Unit:
    lanes = assign_lanes(cluster)
    return _Unit(cluster, lanes if max(lanes) < max_lanes else None)


def _get_limit(units: Sequence[_Unit], index: int, limits: ColumnLimits) -> float:
    """Return where the text of a unit has to end."""
    return units[index + 1].start if index + 1 < len(units) else limits.end


def _fit_unit(units: list[_Unit], index: int, limits: ColumnLimits) -> int:
    """Make room for a unit, joining it with a neighbour if needed; return the index to go on with."""
    unit, limit = units[index], _get_limit(units, index, limits)
    if _has_room(unit, limit, limits.min_minutes):
        return index + 1
    if unit.is_barrier:
        raise BarrierTooClose(unit.items[0])
    if unit.lanes is not None and len(unit.items) > 1:
        unit.lanes = None
        return index
    for neighbour in (index + 1, index - 1):
        if 0 <= neighbour < len(units) and not units[neighbour].is_barrier:
            first, second = sorted((index, neighbour))
            units[first : second + 1] = [_Unit([*units[first].items, *units[second].items], None)]
            return first
    barrier = next((units[i] for i in (index + 1, index - 1) if 0 <= i < len(units)), None)
    if barrier is not None:
        raise BarrierTooClose(barrier.items[0])
    return index + 1  # the only unit of its column: its text may begin higher


def _has_room(unit: _Unit, limit: float, min_minutes: float) -> bool:
    if unit.lanes is None:
        return limit - unit.start >= min_minutes
    return all(
        _get_lane_limit(unit, index, limit) - item.start >= min_minutes
        for index, item in enumerate(unit.items)
    )


def _get_lane_limit(unit: _Unit, index: int, limit: float) -> float:
    assert unit.lanes is not None
    later = zip(unit.items[index + 1 :], unit.lanes[index + 1 :], strict=True)
    return next((item.start for item, lane in later if lane == unit.lanes[index]), limit)


def _list_blocks(unit: _Unit, limit: float, limits: ColumnLimits) -> Iterator[ColumnBlock]:
    # Only a unit alone in its column may lack height below: its text then begins above.
    text_start = max(limits.start, min(unit.start, limit - limits.min_minutes))
    if unit.lanes is None:
        yield ColumnBlock(tuple(unit.items), unit.start, min(unit.end, limit), text_start, limit)
        return
    for index, (item, lane) in enumerate(zip(unit.items, unit.lanes, strict=True)):
        below = _get_lane_limit(unit, index, limit)
        start = min(item.start, max(limits.start, below - limits.min_minutes))
        yield ColumnBlock((item,), item.start, min(item.end, below), start, below, lane, max(unit.lanes) + 1)


def find_clusters(items: Sequence[TimedItem]) -> Iterator[list[TimedItem]]:
    """Yield runs of overlapping sessions, in order of start."""
    run: list[TimedItem] = []
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        if run and item.start >= max(other.end for other in run):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def assign_lanes(items: Sequence[TimedItem]) -> list[int]:
    """Return, for each session, the first lane that is free when it begins."""
    lane_ends: list[float] = []
    lanes = []
    for item in items:
        lane = next((lane for lane, end in enumerate(lane_ends) if end <= item.start), len(lane_ends))
        # Assigning to a slice replaces a lane's end or adds a lane.
        lane_ends[lane : lane + 1] = [item.end]
        lanes.append(lane)
    return lanes
