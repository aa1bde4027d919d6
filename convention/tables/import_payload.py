"""A checked list as text, the payload of the job that imports it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .files import ParsedTable, read_table

# Up to this many rows are imported or undone within the request; more become a job.
MAX_IMMEDIATE_ROWS: Final = 500


@dataclass(frozen=True)
class ImportPayload:
    """The list, the fields of its columns, its name, and the options that were chosen for the import."""

    table: ParsedTable
    picks: list[str] | None
    name: str
    options: tuple[str, ...] = ()


def pack_import(*, text: str, picks: Sequence[str] | None, name: str, options: Sequence[str] = ()) -> str:
    """Return the payload of the job."""
    return json.dumps({"list": text, "picks": picks, "name": name, "options": [*options]})


def unpack_import(payload_text: str) -> ImportPayload:
    """Parse the payload of the job."""
    content = json.loads(payload_text)
    table = read_table("list.csv", content["list"].encode())
    return ImportPayload(table, content["picks"], content["name"], tuple(content["options"]))


def iterate_with_progress(
    table: ParsedTable, report_progress: Callable[[int, int], None]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the list; before each, report the number of rows read and the total."""
    total = len(table.rows)
    for done, row in enumerate(table.rows):
        report_progress(done, total)
        yield row
    report_progress(total, total)
