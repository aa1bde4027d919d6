"""Put one of several rows in another place among its like."""

from typing import Protocol


class Placed(Protocol):
    """A row that says where it stands."""

    position: int


def reorder[Row: Placed](rows: list[Row], row: Row, *, steps: int, apart: int = 1) -> None:
    """Move it up (negative steps) or down, past the end to the end, and number all positions anew."""
    place = rows.index(row)
    rows.insert(min(max(place + steps, 0), len(rows) - 1), rows.pop(place))
    for index, placed in enumerate(rows):
        placed.position = index * apart
