"""frab JSON, version 1, as the published schema wants it."""

import datetime
import json
import re
from collections.abc import Iterable
from typing import Any

from ..file_days import OUR_GENERATOR
from ..moments import known_zone
from ..programme import Link, Person, Programme, Talk
from .frab_xml import hex_color, is_guid
from .frames import Frame, frames_of
from .spans import span

ZONE = re.compile(r"[A-Z][a-z]+/[A-Z][a-z]+|UTC$")
SCHEMA = "https://c3voc.de/schedule/schema.json"


def write_frab_json(programme: Programme) -> bytes:
    """The file, in UTF-8, of a programme in this format's form."""
    head = programme.head
    schedule: dict[str, Any] = {"version": head.version, "conference": conference_of(programme)}
    if head.base_url:
        schedule["base_url"] = head.base_url
    file = {"$schema": SCHEMA, "generator": {"name": OUR_GENERATOR}, "schedule": schedule}
    return json.dumps(file, ensure_ascii=False, indent=1).encode() + b"\n"


def conference_of(programme: Programme) -> dict[str, Any]:
    """The head with the days inside."""
    head = programme.head
    zone = known_zone(head.zone)
    assert zone
    frames = frames_of(programme)
    conference: dict[str, Any] = {
        "acronym": head.acronym,
        "title": head.title,
        "start": str(head.first_day),
        "end": str(head.last_day),
        "daysCount": len(frames),
        "timeslot_duration": span(datetime.timedelta(minutes=min(head.slot_minutes or 5, 24 * 60))),
        "tracks": [track_of(thread.name, thread.slug, thread.color) for thread in programme.threads],
        "rooms": [
            {"name": place.name, "guid": place.guid, "capacity": place.capacity}
            for place in programme.places
            if is_guid(place.guid)
        ],
        "days": [day_of(frame, zone) for frame in frames],
    }
    if ZONE.match(head.zone):
        conference["time_zone_name"] = head.zone
    return conference


def track_of(name: str, slug: str, color: str) -> dict[str, str]:
    """A track, with what of it the schema allows."""
    track = {"name": name, "slug": slug}
    if hex_color(color):
        track["color"] = hex_color(color)
    return track


def day_of(frame: Frame, zone: datetime.tzinfo) -> dict[str, Any]:
    """A day with its rooms and sessions."""
    return {
        "index": frame.index,
        "date": frame.date.isoformat(),
        "day_start": frame.start.isoformat(),
        "day_end": frame.end.isoformat(),
        "rooms": {name: [event_of(talk, zone) for talk in talks] for name, talks in frame.rooms},
    }


def event_of(talk: Talk, zone: datetime.tzinfo) -> dict[str, Any]:
    """One session."""
    assert talk.ends_at
    extra = dict(talk.extra or ())
    local = talk.starts_at.astimezone(zone)
    minutes = int((talk.ends_at - talk.starts_at).total_seconds() // 60)
    event: dict[str, Any] = {
        "guid": str(talk.guid),
        "id": talk.number,
        "date": local.isoformat(),
        "start": local.strftime("%H:%M"),
        "end": talk.ends_at.astimezone(zone).isoformat(),
        "duration": f"{minutes // 60:02}:{minutes % 60:02}",
        "room": talk.room,
        "slug": talk.slug,
        "url": talk.url,
        "title": talk.title,
        "subtitle": talk.subtitle,
        "track": talk.track or None,
        "type": talk.kind,
        "language": talk.language or None,
        "abstract": talk.abstract,
        "description": talk.description,
        "recording_license": talk.recording_license,
        "do_not_record": bool(talk.recording_optout),
        "persons": [person_of(person) for person in talk.persons or ()],
        "links": references(talk.links or ()),
        "attachments": references(talk.attachments or ()),
    }
    return event | extra


def person_of(person: Person) -> dict[str, Any]:
    """A speaker."""
    found: dict[str, Any] = {
        "guid": str(person.guid),
        "name": person.name,
        "biography": person.biography or "",
    }
    if person.source_id.isascii() and person.source_id.isdigit():
        found["id"] = int(person.source_id[:18])
    if person.url:
        found["url"] = person.url
    return found


def references(links: Iterable[Link]) -> list[dict[str, str]]:
    """Links or attachments."""
    found = ({"url": link.url, "title": link.title, "type": link.kind} for link in links)
    return [{name: value for name, value in link.items() if value} for link in found]
