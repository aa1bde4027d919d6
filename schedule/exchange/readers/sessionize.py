"""Read Sessionize JSON: the views “All”, “Sessions” (grouped) and “GridSmart” of its API."""

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from convention.text.normalize import casefold_text
from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSpeaker, ScheduleFormat
from schedule.exchange.parsing import clean_values
from schedule.exchange.parsing.app_entry import (
    build_app_programme,
    find_speakers,
    read_media_links,
    read_shared_texts,
)
from schedule.exchange.parsing.clean_values import value_to_text
from schedule.exchange.parsing.frab_entry import RawEntry, build_parsed_speaker
from schedule.exchange.parsing.json_values import as_list, as_objects

ALL_KEYS = {"sessions", "speakers", "rooms", "categories"}
SESSION_KEYS = {"isServiceSession", "isPlenumSession", "categoryItems", "roomId", "questionAnswers"}
ACCEPTED_STATUSES = frozenset(["", "accepted"])
# Organizers name their categories freely: words of their titles, casefolded and without accents.
CATEGORY_WORDS = {
    "track": ("track", "topic", "theme", "thematique", "parcours"),
    "type": ("format", "type", "kind"),
    "language": ("language", "langue"),
}
PREFERRED_LINK_TYPES = ("blog", "company_website")


def is_sessionize(content: Any) -> bool:
    """Return whether the keys are those of a view of Sessionize, alone or in the response of an app."""
    content = unwrap_response(content)
    if isinstance(content, dict):
        return content.keys() >= ALL_KEYS or any(
            session.keys() & SESSION_KEYS for session in as_objects(content.get("sessions"))[:1]
        )
    return any(SESSION_KEYS & session.keys() for session in list_sessions(content))


def unwrap_response(content: Any) -> Any:
    """Return the view inside the response of the older KotlinConf app."""
    return content["allData"] if isinstance(content, dict) and "allData" in content else content


def list_sessions(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the sessions of any view."""
    if isinstance(content, dict):
        yield from as_objects(content.get("sessions"))
        return
    for group in as_objects(content):
        yield from as_objects(group.get("sessions"))
        for room in as_objects(group.get("rooms")):
            yield from as_objects(room.get("sessions"))


def read_sessionize(
    content: Any, *, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes
) -> ParsedProgramme:
    """Read the programme of parsed JSON for which `is_sessionize` is true."""
    content = unwrap_response(content)
    view = content if isinstance(content, dict) else {}
    rooms = sorted(
        as_objects(view.get("rooms")),
        key=lambda room: clean_values.parse_number(value_to_text(room.get("sort"))) or 0,
    )
    room_names = {
        value_to_text(room.get("id")): clean_values.clean_name(value_to_text(room.get("name")))
        for room in rooms
    }
    categories = list(list_category_items(view))
    speakers = dict(list_speakers(view, notes))
    note_questions(view, notes)
    raw_entries = []
    seen: set[str] = set()
    for session in list_sessions(content):
        # GridSmart repeats a plenary session in each of its rooms.
        identifier = value_to_text(session.get("id")) or ""
        if is_accepted(session, notes) and identifier not in seen:
            raw_entries.append(read_session(session, room_names, categories, speakers, notes))
        seen |= {identifier} - {""}
    return build_app_programme(ScheduleFormat.SESSIONIZE, raw_entries, room_names.values(), event_zone, notes)


def is_accepted(session: Mapping[str, Any], notes: ImportNotes) -> bool:
    status = (value_to_text(session.get("status")) or "").casefold()
    if status not in ACCEPTED_STATUSES:
        notes.add(NoteReason.NOT_CONFIRMED, value_to_text(session.get("title")))
    return status in ACCEPTED_STATUSES


def list_category_items(view: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield id, category and name of each item."""
    for category in as_objects(view.get("categories")):
        for item in as_objects(category.get("items")):
            names = (item.get("id"), category.get("title"), item.get("name"))
            identifier, title, name = (value_to_text(value) or "" for value in names)
            yield identifier, title, name


def list_speakers(view: Mapping[str, Any], notes: ImportNotes) -> Iterator[tuple[str, ParsedSpeaker]]:
    """Yield each speaker with the id by which sessions refer to them."""
    for person in as_objects(view.get("speakers")):
        identifier = value_to_text(person.get("id")) or ""
        names = (value_to_text(person.get(name)) or "" for name in ("firstName", "lastName"))
        speaker = build_parsed_speaker(
            value_to_text(person.get("fullName")) or " ".join(names),
            guid=identifier,
            source_id=None if clean_values.parse_guid(identifier) else identifier,
            biography=value_to_text(person.get("bio")) or "",
            url=choose_link(as_objects(person.get("links"))),
            notes=notes,
        )
        if speaker:
            yield identifier, speaker


def choose_link(links: Iterable[Mapping[str, Any]]) -> str:
    """Return the address of a speaker's own page, else of their first link."""
    pairs = [
        ((value_to_text(link.get("linkType")) or "").casefold(), value_to_text(link.get("url")) or "")
        for link in links
    ]
    addresses = [url for wanted in PREFERRED_LINK_TYPES for kind, url in pairs if kind == wanted]
    return next(filter(None, [*addresses, *(url for _kind, url in pairs)]), "")


def note_questions(view: Mapping[str, Any], notes: ImportNotes) -> None:
    """Note the questions whose answers are not imported."""
    for question in as_objects(view.get("questions")):
        notes.add(NoteReason.UNKNOWN_FIELD, value_to_text(question.get("question")))


def read_session(
    session: Mapping[str, Any],
    room_names: Mapping[str | None, str],
    categories: Iterable[tuple[str, str, str]],
    speakers: Mapping[str, ParsedSpeaker],
    notes: ImportNotes,
) -> RawEntry:
    values = read_shared_texts(session)
    values["room"] = (
        value_to_text(session.get("room")) or room_names.get(value_to_text(session.get("roomId"))) or ""
    )
    values |= read_categories(session, categories, notes)
    found = find_speakers(as_list(session.get("speakers")), speakers, notes)
    return RawEntry(
        values,
        None,
        found or read_named_speakers(session, notes),
        read_media_links((session.get("liveUrl"), session.get("recordingUrl")), notes),
    )


def read_named_speakers(session: Mapping[str, Any], notes: ImportNotes) -> tuple[ParsedSpeaker, ...]:
    """Return the speakers of the views that name them in each session."""
    speakers = (
        build_parsed_speaker(
            value_to_text(person.get("name") or person.get("fullName")),
            guid=value_to_text(person.get("id")),
            source_id=None,
            notes=notes,
        )
        for person in as_objects(session.get("speakers"))
    )
    return clean_values.limit_items(filter(None, speakers), notes)


def read_categories(
    session: Mapping[str, Any], categories: Iterable[tuple[str, str, str]], notes: ImportNotes
) -> dict[str, str | None]:
    """Return track, type and language of a raw entry; other categories are noted."""
    chosen = {value_to_text(identifier) for identifier in as_list(session.get("categoryItems"))}
    items = [(title, name) for identifier, title, name in categories if identifier in chosen]
    for category in as_objects(session.get("categories")):
        title = value_to_text(category.get("name")) or ""
        items += [
            (title, value_to_text(item.get("name")) or "")
            for item in as_objects(category.get("categoryItems"))
        ]
    names: dict[str, list[str]] = {"track": [], "type": [], "language": []}
    for title, name in items:
        if field := find_category_field(title):
            names[field].append(name)
        else:
            notes.add(NoteReason.UNKNOWN_FIELD, f"{title}: {name}")
    # A session has one track and one kind; of several, the first in Sessionize's order.
    return {
        "track": next(iter(names["track"]), ""),
        "type": next(iter(names["type"]), ""),
        "language": ", ".join(names["language"]),
    }


def find_category_field(title: str) -> str:
    """Return the field that a category is about, "" for any other."""
    plain = casefold_text(title)
    return next(
        (field for field, words in CATEGORY_WORDS.items() if any(word in plain for word in words)), ""
    )
