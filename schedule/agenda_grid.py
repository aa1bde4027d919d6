"""Rooms by time: a grid whose lines are the moments at which something begins or ends."""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

MOST_COLUMNS = 10
MOST_LINES = 160


@dataclass(frozen=True, slots=True)
class Piece:
    """A session's time and room, by any hashable keys; no room is None."""

    key: Hashable
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    room: Hashable


@dataclass(frozen=True, slots=True)
class Place:
    """Grid lines, counted from 1: rows from `first` up to `last`, and one column."""

    first: int
    last: int
    column: int


@dataclass(frozen=True, slots=True)
class Column:
    """A room's columns: one, or as many as run at once in it."""

    room: Hashable
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The whole of it; `lines` gives the row of each moment."""

    columns: list[Column]
    lines: dict[datetime.datetime, int]
    places: dict[Hashable, Place] = field(default_factory=dict)


def draw(pieces: Sequence[Piece], rooms: Iterable[Hashable]) -> Grid | None:
    """Place the pieces, rooms in the order given; None where there are too many to be read.

    Row 1 holds the rooms' names and column 1 the times. Sessions that overlap in a room stand side by side.
    """
    moments = sorted({moment for piece in pieces for moment in (piece.starts_at, piece.ends_at)})
    lines = {moment: row for row, moment in enumerate(moments, start=2)}
    by_room: dict[Hashable, list[Piece]] = defaultdict(list)
    for piece in sorted(pieces, key=lambda piece: (piece.starts_at, piece.ends_at)):
        by_room[piece.room].append(piece)
    grid = Grid([], lines)
    column = 2
    for room in rooms:
        if room in by_room:
            width = _fill(grid, by_room[room], column)
            grid.columns.append(Column(room, column, column + width))
            column += width
    return grid if column - 2 <= MOST_COLUMNS and len(lines) <= MOST_LINES else None


def _fill(grid: Grid, pieces: list[Piece], column: int) -> int:
    """Give each of a room's pieces the first free lane; return how many lanes that took."""
    free_at: list[datetime.datetime] = []
    for piece in pieces:
        lane = next((lane for lane, free in enumerate(free_at) if free <= piece.starts_at), len(free_at))
        free_at[lane : lane + 1] = [piece.ends_at]
        grid.places[piece.key] = Place(grid.lines[piece.starts_at], grid.lines[piece.ends_at], column + lane)
    return len(free_at)
