"""Describe the changes of an import, field by field, for previews."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from django.utils.translation import gettext as _

from schedule.exchange.load_programme import get_appearances
from schedule.exchange.parsed_programme import ParsedSession
from schedule.exchange.parsing.table_columns import TABLE_COLUMNS
from schedule.models import Session

from .differences import ImportContext, list_session_speakers

MAX_VALUE_CHARS: Final = 120
# How many characters of a long text are shown before the first difference.
SHOWN_BEFORE_DIFFERENCE: Final = 30
# The columns of a table by which the fields are labelled, in the order of a preview.
FIELD_COLUMNS: Final = {
    "title": "title",
    "subtitle": "subtitle",
    "starts_at": "start",
    "ends_at": "end",
    "day": "day",
    "planned_minutes": "duration",
    "room": "room",
    "track": "track",
    "speakers": "speakers",
    "kind": "kind",
    "language": "language",
    "abstract": "abstract",
    "description": "description",
    "url": "url",
    "links": "links",
    "attachments": "attachments",
    "slug": "slug",
    "recording_license": "recording_license",
    "recording_optout": "recording_optout",
    "cancelled_at": "cancelled",
    "is_for_members": "is_for_members",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, its value before and after; "" for an empty one."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return _("%(field)s: %(before)s → %(after)s") % {
            "field": self.label,
            "before": self.before or _("(empty)"),
            "after": self.after or _("(empty)"),
        }


@dataclass(frozen=True, slots=True)
class SessionChange:
    """The changes of one session, with its title before the import."""

    title: str
    fields: tuple[FieldChange, ...]


def describe_changes(
    session: Session,
    changes: Mapping[str, object],
    parsed_session: ParsedSession,
    import_context: ImportContext,
) -> list[SessionChange]:
    """Return the changes that `find_differences` found, before they are applied; none for no change."""
    zone = import_context.event.zone
    fields = []
    for name in sorted(changes, key=get_field_position):
        before, after = getattr(session, name), changes[name]
        if name == "speakers":
            before = [appearance.speaker.name for appearance in get_appearances(session)]
            after = [speaker.name for speaker in list_session_speakers(parsed_session, import_context)]
        elif name == "cancelled_at":
            before, after = bool(before), bool(after)
        elif isinstance(after, dict):
            before, after = select_different_items(before, after), select_different_items(after, before)
        fields.append(describe_field(name, format_value(before, zone), format_value(after, zone), zone))
    return [SessionChange(session.title, tuple(fields))] if fields else []


def select_different_items(values: Mapping[str, object], others: Mapping[str, object]) -> dict[str, object]:
    """Return the items that the other mapping lacks or has with another value."""
    return {name: value for name, value in values.items() if others.get(name) != value}


def get_field_position(name: str) -> int:
    names = list(FIELD_COLUMNS)
    return names.index(name) if name in names else len(names)


def describe_field(name: str, before: str, after: str, zone: datetime.tzinfo) -> FieldChange:
    """Return the change with both values short enough for a line, and the zone of a time."""
    column = FIELD_COLUMNS.get(name)
    label = str(TABLE_COLUMNS[column].label) if column else _("Other fields of the file")
    if name in ("starts_at", "ends_at"):
        label = f"{label} ({zone})"
    return FieldChange(label, *shorten_difference(before, after))


def format_value(value: Any, zone: datetime.tzinfo) -> str:
    """Return a value of any field as text; times are in the zone."""
    match value:
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
        case datetime.datetime():
            local = value.astimezone(zone)
            return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
        case dict():
            return ", ".join(f"{key}: {item}" for key, item in value.items())
        case list():
            return "; ".join(map(format_item, value))
        case _:
            return " ".join(str(value).split())


def format_item(item: Any) -> str:
    """Return a link or a speaker's name as text."""
    if not isinstance(item, dict):
        return str(item)
    rest: Iterable[str] = (str(item[name]) for name in ("type", "service") if item.get(name))
    notes = ", ".join(rest)
    text = f"{item.get('title', '')} <{item.get('url', '')}>".strip()
    return f"{text} ({notes})" if notes else text


def shorten_difference(before: str, after: str) -> tuple[str, str]:
    """Cut two long texts to the surroundings of their first difference."""
    if len(before) <= MAX_VALUE_CHARS and len(after) <= MAX_VALUE_CHARS:
        return before, after
    shared = sum(1 for _same in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, shared - SHOWN_BEFORE_DIFFERENCE)
    return cut_text(before, start), cut_text(after, start)


def cut_text(text: str, start: int) -> str:
    """Return the part of a text from `start`, with “…” where something was cut."""
    if not text:
        return ""
    end = start + MAX_VALUE_CHARS
    return ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
