"""Move a row within an ordered list."""

from typing import Protocol


class PositionedRow(Protocol):
    position: int


def move_row[Row: PositionedRow](rows: list[Row], row: Row, *, steps: int, spacing: int = 1) -> None:
    """Move a row up (negative steps) or down, at most to either end, and renumber all positions."""
    place = rows.index(row)
    rows.insert(min(max(place + steps, 0), len(rows) - 1), rows.pop(place))
    for index, placed in enumerate(rows):
        placed.position = index * spacing
