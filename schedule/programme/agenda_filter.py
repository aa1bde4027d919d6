"""Parse the agenda's query string: a day, an order, words, filters of several values each."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from django.http import QueryDict

FILTER_NAMES: Final = ("track", "room", "language", "kind", "speaker")
ALL_DAYS: Final = "all"
# As `maxlength` in agenda.html.
MAX_VALUE_CHARS: Final = 300
MAX_FILTER_VALUES: Final = 40


@dataclass(frozen=True)
class AgendaFilter:
    """One view of the agenda; empty values do not filter. A session matches any value of each filter."""

    day: str = ""
    by: str = ""
    q: str = ""
    track: tuple[str, ...] = ()
    room: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    speaker: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Read a query string; unknown and invalid values are dropped."""
        day, by = clean_query_value(query.get("day", "")), clean_query_value(query.get("by", ""))
        is_day = day == ALL_DAYS or parse_iso_date(day) is not None
        return cls(
            day=day if is_day else "",
            by="room" if by == "room" else "",
            q=clean_query_value(query.get("q", "")),
            **{name: clean_filter_values(query.getlist(name)) for name in FILTER_NAMES},
        )

    @property
    def active_filters(self) -> dict[str, tuple[str, ...]]:
        """Return the values of the filters in use, by name."""
        return {name: values for name in FILTER_NAMES if (values := getattr(self, name))}

    @property
    def is_narrowed(self) -> bool:
        """Return whether some sessions are filtered out, whatever the day."""
        return bool(self.q or self.active_filters)

    @property
    def selected_date(self) -> datetime.date | None:
        """Return the selected day, None if there is none."""
        return parse_iso_date(self.day)

    def to_query_string(self, **changes: Any) -> str:
        """Return the query string with some values changed: "?day=2026-06-16", or "?" if all are empty."""
        changed = replace(self, **changes)
        pairs = [(field.name, value) for field in fields(changed) if (value := getattr(changed, field.name))]
        return "?" + urlencode(pairs, doseq=True)

    def toggle_value(self, name: str, value: str) -> Self:
        """Return the filter with one value of `name` added, or removed if it is in use."""
        values: tuple[str, ...] = getattr(self, name)
        toggled = tuple(other for other in values if other != value) if value in values else (*values, value)
        return replace(self, **{name: toggled})  # type: ignore[arg-type]  # always a filter with several values


def clean_query_value(text: str) -> str:
    """Normalize to one line of limited length, without NUL, which PostgreSQL refuses."""
    return " ".join(text.replace("\0", "").split())[:MAX_VALUE_CHARS]


def clean_filter_values(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the values without empty ones and repetitions, a limited number of them."""
    cleaned = dict.fromkeys(value for text in texts if (value := clean_query_value(text)))
    return tuple(cleaned)[:MAX_FILTER_VALUES]


def parse_iso_date(text: str) -> datetime.date | None:
    """Parse a date such as 2026-06-16, None if it is none."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
