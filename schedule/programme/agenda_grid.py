"""Lay out rooms by time: a grid whose lines are the moments at which something begins or ends."""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

# As many classes as agenda.css has.
MAX_COLUMNS = 40
MAX_LINES = 160
# As many as fit into the narrowest window that shows a grid.
MAX_FITTING_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class GridSession:
    """A session's time and room; `key` and `room` are any hashable values, None is no room."""

    key: Hashable
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    room: Hashable


@dataclass(frozen=True, slots=True)
class GridPlace:
    """Grid lines, counted from 1: rows `first_line` to `last_line`, and one column."""

    first_line: int
    last_line: int
    column: int


@dataclass(frozen=True, slots=True)
class RoomColumns:
    """The columns of a room: as many as sessions run at once in it."""

    room: Hashable
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class AgendaGrid:
    """Columns, places of sessions, and the row of each moment."""

    columns: list[RoomColumns]
    rows_by_moment: dict[datetime.datetime, int]
    places_by_key: dict[Hashable, GridPlace] = field(default_factory=dict)

    @property
    def is_wide(self) -> bool:
        """Return whether it may be wider than the page, so that it scrolls sideways."""
        return self.columns[-1].last_line - 2 > MAX_FITTING_COLUMNS


def build_grid(grid_sessions: Sequence[GridSession], rooms: Iterable[Hashable]) -> AgendaGrid | None:
    """Place the sessions, rooms in the order given; return None if there are too many to be readable.

    Row 1 is for the rooms' names, column 1 for the times. Sessions that overlap in a room are side by side.
    """
    moments = sorted({moment for session in grid_sessions for moment in (session.starts_at, session.ends_at)})
    lines = {moment: row for row, moment in enumerate(moments, start=2)}
    by_room: dict[Hashable, list[GridSession]] = defaultdict(list)
    for session in sorted(grid_sessions, key=lambda session: (session.starts_at, session.ends_at)):
        by_room[session.room].append(session)
    grid = AgendaGrid([], lines)
    column = 2
    for room in rooms:
        if room in by_room:
            width = _assign_lanes(grid, by_room[room], column)
            grid.columns.append(RoomColumns(room, column, column + width))
            column += width
    # A wider or longer grid cannot be read on a screen.
    return grid if column - 2 <= MAX_COLUMNS and len(lines) <= MAX_LINES else None


def _assign_lanes(grid: AgendaGrid, grid_sessions: list[GridSession], column: int) -> int:
    """Give each of a room's sessions the first free lane; return the number of lanes."""
    free_at: list[datetime.datetime] = []
    for grid_session in grid_sessions:
        lane = next(
            (lane for lane, free in enumerate(free_at) if free <= grid_session.starts_at), len(free_at)
        )
        # Assigning to a slice replaces a lane's end or adds a lane.
        free_at[lane : lane + 1] = [grid_session.ends_at]
        grid.places_by_key[grid_session.key] = GridPlace(
            grid.rows_by_moment[grid_session.starts_at],
            grid.rows_by_moment[grid_session.ends_at],
            column + lane,
        )
    return len(free_at)
