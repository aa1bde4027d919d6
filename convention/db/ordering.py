"""Move a row within an ordered list."""

from typing import Protocol


class PositionedRow(Protocol):
    position: int


def move_row[Row: PositionedRow](rows: list[Row], row: Row, *, steps: int, spacing: int = 1) -> None:
    """Move a row up (negative steps) or down, at most to either end, and renumber all positions."""
    old_index = rows.index(row)
    rows.insert(min(max(old_index + steps, 0), len(rows) - 1), rows.pop(old_index))
    for index, listed_row in enumerate(rows):
        listed_row.position = index * spacing
