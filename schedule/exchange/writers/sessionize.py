"""Write Sessionize JSON: its view “All”, as conference apps read it."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from convention.tables.columns import split_full_name
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSession, ParsedSpeaker
from schedule.exchange.parsing.times import find_zone

from .fit_format import flatten_html

type Category = tuple[str, Callable[[ParsedSession], str]]

CATEGORIES: tuple[Category, ...] = (
    ("Track", lambda parsed_session: parsed_session.track or ""),
    ("Session format", lambda parsed_session: parsed_session.kind or ""),
    ("Language", lambda parsed_session: parsed_session.language or ""),
)
# Ids of rooms, categories and items are numbers, unique in a file.
FIRST_CATEGORY_ID, FIRST_ITEM_ID = 1, 101


def write_sessionize(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to this format; return UTF-8."""
    categories, item_ids = build_categories(programme)
    room_ids = {parsed_room.name: at for at, parsed_room in enumerate(programme.rooms, start=1)}
    zone = find_zone(programme.header.zone_name)
    assert zone
    view = {
        "sessions": [
            build_session(parsed_session, zone, room_ids, item_ids) for parsed_session in programme.sessions
        ],
        "speakers": build_speakers(programme),
        "questions": [],
        "categories": categories,
        "rooms": [{"id": at, "name": name, "sort": at} for name, at in room_ids.items()],
    }
    return json.dumps(view, ensure_ascii=False, indent=1).encode() + b"\n"


def build_categories(programme: ParsedProgramme) -> tuple[list[dict[str, Any]], dict[tuple[str, str], int]]:
    """Return the categories, and the id of each item by category and name."""
    item_ids: dict[tuple[str, str], int] = {}
    categories = []
    for at, (title, get_name) in enumerate(CATEGORIES):
        names = sorted({name for parsed_session in programme.sessions if (name := get_name(parsed_session))})
        item_ids |= {(title, name): FIRST_ITEM_ID + len(item_ids) + sort for sort, name in enumerate(names)}
        items = [
            {"id": item_ids[title, name], "name": name, "sort": sort}
            for sort, name in enumerate(names, start=1)
        ]
        categories.append(
            {"id": FIRST_CATEGORY_ID + at, "title": title, "items": items, "sort": at, "type": "session"}
        )
    return categories, item_ids


def build_session(
    parsed_session: ParsedSession,
    zone: datetime.tzinfo,
    room_ids: dict[str, int],
    item_ids: dict[tuple[str, str], int],
) -> dict[str, Any]:
    ends_at = parsed_session.ends_at or parsed_session.starts_at
    texts = map(flatten_html, (parsed_session.abstract or "", parsed_session.description or ""))
    recordings = [link.url for link in parsed_session.links or () if link.kind == "media"]
    keys = [(title, get_name(parsed_session)) for title, get_name in CATEGORIES]
    return {
        # The guid, which every session has: ids of other systems need not be unique.
        "id": str(parsed_session.guid),
        "title": parsed_session.title,
        "description": "\n\n".join(filter(None, texts)),
        "startsAt": parsed_session.starts_at.astimezone(zone).isoformat(),
        "endsAt": ends_at.astimezone(zone).isoformat(),
        "isServiceSession": not parsed_session.speakers,
        "isPlenumSession": False,
        "speakers": [str(speaker.guid) for speaker in parsed_session.speakers or ()],
        "categoryItems": [item_ids[key] for key in keys if key in item_ids],
        "questionAnswers": [],
        "roomId": room_ids.get(parsed_session.room or ""),
        "liveUrl": None,
        "recordingUrl": next(iter(recordings), None),
        "status": "Accepted",
        "isInformed": True,
        "isConfirmed": True,
    }


def build_speakers(programme: ParsedProgramme) -> list[dict[str, Any]]:
    """Return each speaker once, with the ids of their sessions."""
    speakers: dict[ParsedSpeaker, list[str]] = {}
    for parsed_session in programme.sessions:
        for speaker in parsed_session.speakers or ():
            speakers.setdefault(speaker, []).append(str(parsed_session.guid))
    return [build_speaker(speaker, session_ids) for speaker, session_ids in speakers.items()]


def build_speaker(speaker: ParsedSpeaker, session_ids: list[str]) -> dict[str, Any]:
    first_name, last_name = split_full_name(speaker.name)
    links = [{"title": "", "url": speaker.url, "linkType": "Other"}] if speaker.url else []
    return {
        "id": str(speaker.guid),
        "firstName": first_name,
        "lastName": last_name,
        "fullName": speaker.name,
        "bio": speaker.biography or "",
        "tagLine": "",
        "profilePicture": None,
        "isTopSpeaker": False,
        "links": links,
        "sessions": session_ids,
        "categoryItems": [],
        "questionAnswers": [],
    }
