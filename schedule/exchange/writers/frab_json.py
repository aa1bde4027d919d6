"""Write frab JSON, version 1, valid against the published schema."""

import datetime
import json
import re
from collections.abc import Iterable
from typing import Any

from schedule.exchange.parsed_programme import ParsedLink, ParsedProgramme, ParsedSession, ParsedSpeaker
from schedule.exchange.parsing.file_days import OUR_GENERATOR
from schedule.exchange.parsing.times import find_zone

from .export_days import ExportDay, build_export_days, format_slot_duration
from .frab_xml import is_guid, normalize_hex_color

# The JSON schema's pattern. It is not anchored at the end, so America/New_York is allowed, but no name
# in capitals, such as EET; the field is optional.
ZONE_NAME_PATTERN = re.compile(r"[A-Z][a-z]+/[A-Z][a-z]+|UTC$")
# As pretalx writes it.
PERSON_CODE_PATTERN = re.compile(r"[A-Z0-9]+")
SCHEMA_URL = "https://c3voc.de/schedule/schema.json"


def write_frab_json(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to this format; return UTF-8."""
    header = programme.header
    schedule: dict[str, Any] = {"version": header.version, "conference": build_conference(programme)}
    if header.base_url:
        schedule["base_url"] = header.base_url
    file = {"$schema": SCHEMA_URL, "generator": {"name": OUR_GENERATOR}, "schedule": schedule}
    return json.dumps(file, ensure_ascii=False, indent=1).encode() + b"\n"


def build_conference(programme: ParsedProgramme) -> dict[str, Any]:
    header = programme.header
    zone = find_zone(header.zone_name)
    assert zone
    export_days = build_export_days(programme)
    conference: dict[str, Any] = {
        "acronym": header.acronym,
        "title": header.title,
        "start": str(header.first_day),
        "end": str(header.last_day),
        "daysCount": len(export_days),
        "timeslot_duration": format_slot_duration(header),
        "tracks": [
            build_track(parsed_track.name, parsed_track.slug, parsed_track.color)
            for parsed_track in programme.tracks
        ],
        "rooms": [
            {"name": parsed_room.name, "guid": parsed_room.guid, "capacity": parsed_room.capacity}
            for parsed_room in programme.rooms
            if is_guid(parsed_room.guid)
        ],
        "days": [build_day(export_day, zone) for export_day in export_days],
    }
    if ZONE_NAME_PATTERN.match(header.zone_name):
        conference["time_zone_name"] = header.zone_name
    return conference


def build_track(name: str, slug: str, color: str) -> dict[str, str]:
    """Return a track with the fields that the schema allows."""
    track = {"name": name, "slug": slug}
    if normalize_hex_color(color):
        track["color"] = normalize_hex_color(color)
    return track


def build_day(export_day: ExportDay, zone: datetime.tzinfo) -> dict[str, Any]:
    return {
        "index": export_day.index,
        "date": export_day.date.isoformat(),
        "day_start": export_day.start.isoformat(),
        "day_end": export_day.end.isoformat(),
        "rooms": {
            name: [build_event(parsed_session, zone) for parsed_session in parsed_sessions]
            for name, parsed_sessions in export_day.rooms
        },
    }


def build_event(parsed_session: ParsedSession, zone: datetime.tzinfo) -> dict[str, Any]:
    assert parsed_session.ends_at
    extra = dict(parsed_session.extra or ())
    local = parsed_session.starts_at.astimezone(zone)
    minutes = int((parsed_session.ends_at - parsed_session.starts_at).total_seconds() // 60)
    event: dict[str, Any] = {
        "guid": str(parsed_session.guid),
        "id": parsed_session.number,
        "date": local.isoformat(),
        "start": local.strftime("%H:%M"),
        "end": parsed_session.ends_at.astimezone(zone).isoformat(),
        "duration": f"{minutes // 60:02}:{minutes % 60:02}",
        "room": parsed_session.room,
        "slug": parsed_session.slug,
        "url": parsed_session.url,
        "title": parsed_session.title,
        "subtitle": parsed_session.subtitle,
        # Required by the schema, also without a value.
        "track": parsed_session.track or None,
        "type": parsed_session.kind,
        "language": parsed_session.language or None,
        "abstract": parsed_session.abstract,
        "description": parsed_session.description,
        "recording_license": parsed_session.recording_license,
        "do_not_record": bool(parsed_session.recording_optout),
        "persons": [build_person(person) for person in parsed_session.speakers or ()],
        "links": build_links(parsed_session.links or ()),
        "attachments": build_links(parsed_session.attachments or ()),
    }
    return event | extra


def build_person(parsed_speaker: ParsedSpeaker) -> dict[str, Any]:
    person: dict[str, Any] = {
        "guid": str(parsed_speaker.guid),
        "name": parsed_speaker.name,
        "biography": parsed_speaker.biography or "",
    }
    if parsed_speaker.source_id.isascii() and parsed_speaker.source_id.isdigit():
        # Cut to what fits into 64 bits.
        person["id"] = int(parsed_speaker.source_id[:18])
    elif PERSON_CODE_PATTERN.fullmatch(parsed_speaker.source_id):
        person["code"] = parsed_speaker.source_id
    if parsed_speaker.url:
        person["url"] = parsed_speaker.url
    return person


def build_links(links: Iterable[ParsedLink]) -> list[dict[str, str]]:
    link_rows = ({"url": link.url, "title": link.title, "type": link.kind} for link in links)
    return [{name: value for name, value in link.items() if value} for link in link_rows]
