"""Read the JSON of the KotlinConf app, and of apps with the same keys: sessions with `speakerIds`."""

import re
import zoneinfo
from collections.abc import Collection, Mapping
from typing import Any

from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSpeaker, ScheduleFormat
from schedule.exchange.parsing.app_entry import (
    build_app_programme,
    find_speakers,
    read_media_links,
    read_shared_texts,
)
from schedule.exchange.parsing.clean_values import parse_guid, value_to_text
from schedule.exchange.parsing.frab_entry import RawEntry, build_parsed_speaker
from schedule.exchange.parsing.json_values import as_list, as_objects

SESSION_KEYS = {"title", "speakerIds", "startsAt"}
# The tags of a session are its format, level and subjects, mixed; some files say which is which.
FORMAT_PATTERN = re.compile(r"\b(?:session|talk|workshop|codelab|keynote|panel|tutorial|lab|party)s?\b", re.I)
LEVEL_PATTERN = re.compile(r"\b(?:introductory|beginner|intermediate|advanced|expert)\b", re.I)


def is_kotlinconf(content: Any) -> bool:
    """Return whether the keys are those of the app's file."""
    if not isinstance(content, dict):
        return False
    return any(session.keys() >= SESSION_KEYS for session in as_objects(content.get("sessions"))[:1])


def read_kotlinconf(
    content: dict[str, Any], *, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes
) -> ParsedProgramme:
    """Read the programme of parsed JSON for which `is_kotlinconf` is true."""
    speakers = {}
    for person in as_objects(content.get("speakers")):
        identifier = value_to_text(person.get("id")) or ""
        if speaker := read_speaker(person, identifier, notes):
            speakers[identifier] = speaker
    tags = content.get("tags")
    known_tags = (
        {name: [*map(value_to_text, as_list(names))] for name, names in tags.items()}
        if isinstance(tags, dict)
        else {}
    )
    raw_entries = [
        read_session(session, speakers, known_tags, notes) for session in as_objects(content.get("sessions"))
    ]
    return build_app_programme(ScheduleFormat.KOTLINCONF, raw_entries, (), event_zone, notes)


def read_speaker(person: Mapping[str, Any], identifier: str, notes: ImportNotes) -> ParsedSpeaker | None:
    """Return a speaker; positions and photos are noted, since there is no field for them."""
    for name in ("position", "photoUrl"):
        if person.get(name):
            notes.add(NoteReason.UNKNOWN_FIELD, name)
    return build_parsed_speaker(
        value_to_text(person.get("name")),
        guid=identifier,
        source_id=None if parse_guid(identifier) else identifier,
        biography=value_to_text(person.get("description")) or "",
        notes=notes,
    )


def read_session(
    session: Mapping[str, Any],
    speakers: Mapping[str, ParsedSpeaker],
    known_tags: Mapping[str, Collection[str | None]],
    notes: ImportNotes,
) -> RawEntry:
    values = read_shared_texts(session)
    values["room"] = value_to_text(session.get("location")) or ""
    values |= read_tags([value_to_text(tag) or "" for tag in as_list(session.get("tags"))], known_tags, notes)
    return RawEntry(
        values,
        None,
        find_speakers(as_list(session.get("speakerIds")), speakers, notes),
        read_media_links([session.get("videoUrl")], notes),
    )


def read_tags(
    tags: list[str], known_tags: Mapping[str, Collection[str | None]], notes: ImportNotes
) -> dict[str, str | None]:
    """Return type and track of a raw entry: the format and the first subject; others are noted."""
    kinds, subjects = [], []
    for tag in tags:
        if tag in known_tags.get("formats", ()) or (
            tag not in known_tags.get("categories", ()) and FORMAT_PATTERN.search(tag)
        ):
            kinds.append(tag)
        elif tag in known_tags.get("levels", ()) or LEVEL_PATTERN.search(tag):
            notes.add(NoteReason.UNKNOWN_FIELD, tag)
        else:
            subjects.append(tag)
    for tag in [*kinds[1:], *subjects[1:]]:
        notes.add(NoteReason.UNKNOWN_FIELD, tag)
    return {"type": next(iter(kinds), ""), "track": next(iter(subjects), "")}
