"""Read frab JSON: version 1 of frab and pretalx, and the drafted version 2."""

import datetime
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import (
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedRoom,
    ParsedSpeaker,
    ParsedTrack,
    ScheduleFormat,
)
from schedule.exchange.parsing import clean_values, times
from schedule.exchange.parsing.clean_values import value_to_text
from schedule.exchange.parsing.file_days import FileDay, build_parsed_sessions, find_usual_day_start
from schedule.exchange.parsing.frab_entry import (
    FileContext,
    RawEntry,
    build_parsed_link,
    build_parsed_speaker,
    find_utc_offset,
)
from schedule.exchange.parsing.json_values import as_list, as_objects
from schedule.exchange.parsing.unknown_formats import refuse_json

TEXT_FIELDS = (
    *("title", "subtitle", "date", "start", "end", "duration", "track", "type", "language"),
    *("abstract", "description", "slug", "url", "guid", "id", "code", "feedback_url", "origin_url"),
)
# Version 2 lists all submissions with their state, also what the public must not see.
UNCONFIRMED_STATES = frozenset({"REJECTED", "WITHDRAWN", "DELETED", "DRAFT", "SUBMITTED"})
CANCELLED_STATES = frozenset({"CANCELED", "CANCELLED"})


def read_frab_json(
    content: Any, *, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes
) -> ParsedProgramme:
    """Read the programme of parsed JSON. Raise UnreadableFile for JSON of another kind."""
    schedule = content.get("schedule", content) if isinstance(content, dict) else None
    conference = schedule.get("conference") if isinstance(schedule, dict) else None
    if not isinstance(schedule, dict) or not isinstance(conference, dict):
        refuse_json(content)
    # Version 2 lists all events flat, version 1 nests them in days and rooms.
    is_version_2 = "events" in schedule or "events" in conference
    days = read_days_v2(schedule, conference, notes) if is_version_2 else read_days_v1(conference, notes)
    zone = times.choose_zone(
        value_to_text(conference.get("time_zone_name")),
        event_zone=event_zone,
        offsets=filter(
            None, (find_utc_offset(raw_entry) for _file_day, raw_entries in days for raw_entry in raw_entries)
        ),
        notes=notes,
    )
    header = read_header(schedule, conference, zone, notes)
    file_days = (file_day for file_day, _raw_entries in days)
    header = replace(header, day_starts_at=find_usual_day_start(file_days, zone, get_generator(content)))
    context = FileContext(zone, notes, header.day_starts_at)
    parsed_sessions = build_parsed_sessions(days, context)
    return ParsedProgramme(
        ScheduleFormat.FRAB_JSON_2 if is_version_2 else ScheduleFormat.FRAB_JSON,
        header,
        parsed_sessions,
        tuple(
            read_rooms(
                conference,
                [*list_day_rooms(conference), *(parsed_session.room for parsed_session in parsed_sessions)],
                {parsed_session.room for parsed_session in parsed_sessions},
            )
        ),
        tuple(read_tracks(conference)),
    )


def get_generator(content: dict[str, Any]) -> str | None:
    """Return the name of the program that wrote the file."""
    generator = content.get("generator")
    return value_to_text(generator.get("name")) if isinstance(generator, dict) else None


def read_days_v1(conference: dict[str, Any], notes: ImportNotes) -> list[tuple[FileDay, list[RawEntry]]]:
    """Return the days of version 1 with their entries, which are nested in rooms."""
    file_days = []
    for day in as_objects(conference.get("days")):
        file_day = FileDay(
            times.parse_day(value_to_text(day.get("date"))),
            times.parse_moment(value_to_text(day.get("day_start"))),
        )
        raw_entries = [
            read_entry_v1(entry, room, file_day.date, notes)
            for room, entry in list_room_entries(day.get("rooms"), notes)
        ]
        file_days.append((file_day, raw_entries))
    return file_days


def list_room_entries(rooms: Any, notes: ImportNotes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each entry with the name of its room."""
    # frab maps names of rooms to events; other tools list rooms, with `events` or `talks`.
    if isinstance(rooms, list):
        rooms = {
            value_to_text(room.get("name")) or "": room.get("events") or room.get("talks")
            for room in as_objects(rooms)
        }
    for name, entries in rooms.items() if isinstance(rooms, dict) else ():
        for entry in as_list(entries):
            if isinstance(entry, dict):
                yield name, entry
            else:
                notes.add(NoteReason.UNREADABLE_ENTRY, entry)


def read_entry_v1(
    entry: dict[str, Any], room: str, day: datetime.date | None, notes: ImportNotes
) -> RawEntry:
    values: dict[str, str | None] = {
        name: value_to_text(entry[name]) or "" for name in TEXT_FIELDS if name in entry
    }
    values["room"] = value_to_text(entry.get("room")) or room
    values["logo"] = value_to_text(entry.get("logo"))
    if "recording_license" in entry:
        values["license"] = value_to_text(entry["recording_license"]) or ""
    if "do_not_record" in entry:
        # As text, since a RawEntry has the shape that XML gives.
        values["optout"] = str(bool(entry["do_not_record"]))
    if entry.get("do_not_stream"):
        values["do_not_stream"] = value_to_text(entry["do_not_stream"])
    return RawEntry(
        values,
        day,
        read_speakers(entry, "persons", notes),
        read_links(entry, "links", notes),
        read_links(entry, "attachments", notes),
    )


def read_days_v2(
    schedule: dict[str, Any], conference: dict[str, Any], notes: ImportNotes
) -> list[tuple[FileDay, list[RawEntry]]]:
    """Return the entries of version 2, put into its days by their start."""
    rooms = {
        value_to_text(room.get("guid")): value_to_text(room.get("name"))
        for room in as_objects(conference.get("rooms"))
    }
    tracks = {
        value_to_text(track.get("slug")): value_to_text(track.get("name"))
        for track in as_objects(conference.get("tracks"))
    }
    raw_entries = []
    for entry in as_objects(schedule.get("events") or conference.get("events")):
        state = (value_to_text(entry.get("state")) or "").upper()
        if state in UNCONFIRMED_STATES:
            notes.add(NoteReason.NOT_CONFIRMED, value_to_text(entry.get("title")))
        else:
            raw_entries.append(read_entry_v2(entry, rooms, tracks, notes))
    return [(FileDay(), raw_entries)]


def read_entry_v2(
    entry: dict[str, Any],
    rooms: dict[str | None, str | None],
    tracks: dict[str | None, str | None],
    notes: ImportNotes,
) -> RawEntry:
    values: dict[str, str | None] = {
        name: value_to_text(entry[name]) or "" for name in TEXT_FIELDS if name in entry
    }
    # In version 2 `start` is the moment that version 1 calls `date`.
    values["date"] = values.pop("start", None)
    values["room"] = resolve_reference(entry.get("room"), rooms, "guid")
    values["track"] = resolve_reference(entry.get("track"), tracks, "slug")
    state = (value_to_text(entry.get("state")) or "").upper()
    values["cancelled"] = str(state in CANCELLED_STATES) if state else None
    return RawEntry(
        values,
        None,
        read_speakers(entry, "participants", notes),
        read_links(entry, "links", notes),
        read_links(entry, "attachments", notes),
    )


def resolve_reference(reference: Any, names_by_key: dict[str | None, str | None], key: str) -> str | None:
    """Return the name behind a reference such as {"guid": ...}."""
    if not isinstance(reference, dict):
        return value_to_text(reference)
    identifier = value_to_text(reference.get(key))
    return value_to_text(reference.get("name")) or names_by_key.get(identifier) or identifier


def read_speakers(entry: dict[str, Any], field: str, notes: ImportNotes) -> tuple[ParsedSpeaker, ...] | None:
    """Return the speakers in order; None without a list of them."""
    if field not in entry:
        return None
    speakers = (
        build_parsed_speaker(
            value_to_text(person.get("name") or person.get("public_name") or person.get("full_public_name")),
            guid=value_to_text(person.get("guid")),
            source_id=value_to_text(person.get("id") or person.get("code")),
            biography=value_to_text(person.get("biography")),
            url=value_to_text(person.get("url")),
            notes=notes,
        )
        for person in as_objects(entry[field])
    )
    return clean_values.limit_items(filter(None, speakers), notes)


def read_links(entry: dict[str, Any], field: str, notes: ImportNotes) -> tuple[ParsedLink, ...] | None:
    """Return links or attachments; None without a list of them."""
    if field not in entry:
        return None
    links = (
        build_parsed_link(
            value_to_text(link.get("url") or link.get("href")),
            title=value_to_text(link.get("title") or link.get("name")),
            kind=value_to_text(link.get("type")),
            service=value_to_text(link.get("service")),
            notes=notes,
        )
        for link in as_objects(entry[field])
    )
    return clean_values.limit_items(filter(None, links), notes)


def read_header(
    schedule: dict[str, Any], conference: dict[str, Any], zone: zoneinfo.ZoneInfo, notes: ImportNotes
) -> ParsedHeader:
    for name in ("start", "end"):
        value = value_to_text(conference.get(name))
        if value and not times.parse_day(value):
            notes.add(NoteReason.BAD_DATE, value)
    slot = times.parse_duration(value_to_text(conference.get("timeslot_duration")))
    return ParsedHeader(
        title=clean_values.clean_line(value_to_text(conference.get("title")), 300, notes) or "",
        acronym=clean_values.clean_line(value_to_text(conference.get("acronym")), 100, notes),
        version=clean_values.clean_line(value_to_text(schedule.get("version")), 100, notes),
        base_url=clean_values.clean_web_address(value_to_text(schedule.get("base_url")), 500),
        zone_name=zone.key,
        first_day=times.parse_day(value_to_text(conference.get("start"))),
        last_day=times.parse_day(value_to_text(conference.get("end"))),
        slot_minutes=int(slot.total_seconds() // 60) or None if slot else None,
    )


def list_day_rooms(conference: dict[str, Any]) -> Iterator[str]:
    """Return the names of rooms in the order of the days."""
    for day in as_objects(conference.get("days")):
        if isinstance(rooms := day.get("rooms"), dict):
            yield from (clean_values.clean_name(name) for name in rooms)


def read_rooms(
    conference: dict[str, Any], room_names: list[str | None], used_names: set[str | None]
) -> Iterator[ParsedRoom]:
    """Return the rooms in use: those of the header in its order, then the others."""
    wanted = dict.fromkeys(name for name in room_names if name and name in used_names)
    listed_names = []
    for room in as_objects(conference.get("rooms")):
        name = clean_values.clean_name(value_to_text(room.get("name")))
        if name in wanted and name not in listed_names:
            listed_names.append(name)
            yield ParsedRoom(
                name,
                (value_to_text(room.get("guid")) or "")[:100],
                clean_values.parse_number(value_to_text(room.get("capacity"))),
            )
    yield from (ParsedRoom(name) for name in wanted if name not in listed_names)


def read_tracks(conference: dict[str, Any]) -> Iterator[ParsedTrack]:
    for track in as_objects(conference.get("tracks")):
        name = clean_values.clean_name(value_to_text(track.get("name")))
        if name:
            yield ParsedTrack(
                name,
                (value_to_text(track.get("slug")) or "")[:80],
                clean_values.parse_color(value_to_text(track.get("color"))),
            )
