"""How many rows of a table concern a person."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowCount:
    """A table's name for people, and the number of its rows about a person."""

    title: str
    total: int
