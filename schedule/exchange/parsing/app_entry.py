"""Build sessions from the flat JSON of conference apps: Sessionize and KotlinConf."""

import datetime
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schedule.exchange.import_notes import ImportNotes
from schedule.exchange.parsed_programme import (
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedRoom,
    ParsedSpeaker,
    ScheduleFormat,
)

from . import clean_values, times
from .clean_values import value_to_text
from .frab_entry import FileContext, RawEntry, build_parsed_link, build_parsed_session
from .json_values import read_moment_text


def read_identifier(value: Any) -> dict[str, str | None]:
    """Return `guid` or `id` of a raw entry: these formats have one field for both."""
    text = value_to_text(value)
    return {"guid": text} if clean_values.parse_guid(text) else {"id": text}


def read_shared_texts(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the texts that have one name in both formats."""
    return {
        "title": value_to_text(entry.get("title")),
        "description": value_to_text(entry.get("description")) or "",
        "date": read_moment_text(entry.get("startsAt")),
        "end": read_moment_text(entry.get("endsAt")),
        "service_flag": value_to_text(entry.get("isServiceSession")),
        "plenum_flag": value_to_text(entry.get("isPlenumSession")),
        **read_identifier(entry.get("id")),
    }


def read_media_links(addresses: Iterable[Any], notes: ImportNotes) -> tuple[ParsedLink, ...]:
    """Return recordings and streams as links; fields without an address are no links."""
    links = (
        build_parsed_link(value_to_text(address), title=None, kind="media", service=None, notes=notes)
        for address in addresses
        if address
    )
    return tuple(filter(None, links))


def choose_entry_zone(
    raw_entries: Iterable[RawEntry], event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes
) -> zoneinfo.ZoneInfo:
    """Return the zone of a file that names none: the event's, or one that fits its offsets."""
    moments = (times.parse_moment(raw_entry.get_value("date")) for raw_entry in raw_entries)
    offsets = [
        (moment.astimezone(datetime.UTC), moment.utcoffset() or datetime.timedelta())
        for moment in moments
        if moment and moment.tzinfo
    ]
    return times.choose_zone(None, event_zone=event_zone, offsets=offsets, notes=notes)


def build_app_programme(
    file_format: ScheduleFormat,
    raw_entries: Sequence[RawEntry],
    room_names: Iterable[str],
    event_zone: zoneinfo.ZoneInfo | None,
    notes: ImportNotes,
) -> ParsedProgramme:
    """Return the programme with the rooms in use, in the order of `room_names`."""
    context = FileContext(choose_entry_zone(raw_entries, event_zone, notes), notes)
    parsed_sessions = [
        parsed_session
        for raw_entry in raw_entries
        if (parsed_session := build_parsed_session(raw_entry, context))
    ]
    used = dict.fromkeys(parsed_session.room for parsed_session in parsed_sessions if parsed_session.room)
    ordered = dict.fromkeys([*(name for name in room_names if name in used), *used])
    return ParsedProgramme(
        file_format,
        ParsedHeader(zone_name=context.zone.key),
        tuple(parsed_sessions),
        tuple(ParsedRoom(name) for name in ordered if name),
    )


def find_speakers(
    identifiers: Iterable[Any], speakers: Mapping[str, ParsedSpeaker], notes: ImportNotes
) -> tuple[ParsedSpeaker, ...]:
    """Return the speakers of a session; ids without a speaker in the file are left out."""
    names = (value_to_text(identifier) or "" for identifier in identifiers)
    return clean_values.limit_items((speakers[name] for name in names if name in speakers), notes)
