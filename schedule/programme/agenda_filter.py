"""Parse the agenda's query string: a day, an order, words, filters."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Self
from urllib.parse import urlencode

FILTER_NAMES: Final = ("track", "room", "language", "kind", "speaker")
ALL_DAYS: Final = "all"
# As `maxlength` in agenda.html.
MAX_VALUE_CHARS: Final = 300


@dataclass(frozen=True)
class AgendaFilter:
    """One view of the agenda; empty values do not filter."""

    day: str = ""
    by: str = ""
    q: str = ""
    track: str = ""
    room: str = ""
    language: str = ""
    kind: str = ""
    speaker: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read a query string; unknown and invalid values are dropped."""
        values = {field.name: clean_query_value(query.get(field.name, "")) for field in fields(cls)}
        values["by"] = "room" if values["by"] == "room" else ""
        if values["day"] != ALL_DAYS and parse_iso_date(values["day"]) is None:
            values["day"] = ""
        return cls(**values)

    @property
    def active_filters(self) -> dict[str, str]:
        """Return the filters in use, by name."""
        return {name: value for name in FILTER_NAMES if (value := getattr(self, name))}

    @property
    def is_narrowed(self) -> bool:
        """Return whether some sessions are filtered out, whatever the day."""
        return bool(self.q or self.active_filters)

    @property
    def selected_date(self) -> datetime.date | None:
        """Return the selected day, None if there is none."""
        return parse_iso_date(self.day)

    def to_query_string(self, **changes: str) -> str:
        """Return the query string with some values changed: "?day=2026-06-16", or "?" if all are empty."""
        changed = replace(self, **changes)
        parts = [(field.name, getattr(changed, field.name)) for field in fields(changed)]
        return "?" + urlencode([(name, value) for name, value in parts if value])


def clean_query_value(text: str) -> str:
    """Normalize to one line of limited length, without NUL, which PostgreSQL refuses."""
    return " ".join(text.replace("\0", "").split())[:MAX_VALUE_CHARS]


def parse_iso_date(text: str) -> datetime.date | None:
    """Parse a date such as 2026-06-16, None if it is none."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
