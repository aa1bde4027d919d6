"""What a visitor asks of the agenda, read from the address: a day, an order, words, filters."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Self
from urllib.parse import urlencode

FILTERS: Final = ("track", "room", "language", "kind", "speaker")
EVERY_DAY: Final = "all"
LONGEST: Final = 300


@dataclass(frozen=True)
class Wish:
    """One way to look at the agenda; empty texts ask nothing."""

    day: str = ""
    by: str = ""
    q: str = ""
    track: str = ""
    room: str = ""
    language: str = ""
    kind: str = ""
    speaker: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From a query string; what it does not know or cannot read is left out."""
        asked = {field.name: tidy(query.get(field.name, "")) for field in fields(cls)}
        asked["by"] = "room" if asked["by"] == "room" else ""
        if asked["day"] != EVERY_DAY and read_day(asked["day"]) is None:
            asked["day"] = ""
        return cls(**asked)

    @property
    def filters(self) -> dict[str, str]:
        """The filters in use, by name."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    @property
    def narrows(self) -> bool:
        """Whether it asks for some sessions only, whatever the day."""
        return bool(self.q or self.filters)

    @property
    def date(self) -> datetime.date | None:
        """The day asked for, if one is."""
        return read_day(self.day)

    def query(self, **changes: str) -> str:
        """The query string of this wish with some parts changed: "?day=2026-06-16", or "?" for none."""
        changed = replace(self, **changes)
        parts = [(field.name, getattr(changed, field.name)) for field in fields(changed)]
        return "?" + urlencode([(name, value) for name, value in parts if value])


def tidy(text: str) -> str:
    """One line, single spaces, no NUL, not endless."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def read_day(text: str) -> datetime.date | None:
    """A date written 2026-06-16, else None."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
