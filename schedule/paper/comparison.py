"""Changes since an earlier version, as plain data."""

import datetime
from dataclasses import dataclass

from convention.errors import ConventionError


class NothingToCompare(ConventionError):
    """A list of changes needs a version to compare with."""

    kind = "nothing-to-compare"
    status = 409


@dataclass(frozen=True)
class PrintedChange:
    """Changes of one session: its day now (or before, if it was removed), labels and a sentence."""

    day: datetime.date
    title: str
    labels: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """Changes since a version; `changed_rooms` are days and rooms whose programme differs."""

    version_label: str
    changes: tuple[PrintedChange, ...]
    changed_rooms: frozenset[tuple[datetime.date, str]]
