"""A list that was checked, as text for the job that imports it: the rows, what its columns are, its name."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .tables import Table, read_table

AT_ONCE: Final = 500
"""As many rows are imported, or taken back, while one waits for the page; more are a job."""


@dataclass(frozen=True)
class PackedList:
    """The list as a job finds it again."""

    table: Table
    picks: list[str] | None
    name: str


def packed(*, text: str, picks: Sequence[str] | None, name: str) -> str:
    """What the job is given."""
    return json.dumps({"list": text, "picks": picks, "name": name})


def unpacked(given: str) -> PackedList:
    """The same, read."""
    kept = json.loads(given)
    return PackedList(read_table("list.csv", kept["list"].encode()), kept["picks"], kept["name"])


def with_progress(table: Table, say: Callable[[int, int], None]) -> Iterator[tuple[int, list[str]]]:
    """The rows of the list one by one; before each, how many were read of how many is said."""
    total = len(table.rows)
    for done, row in enumerate(table.rows):
        say(done, total)
        yield row
    say(total, total)
