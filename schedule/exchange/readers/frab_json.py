"""frab JSON: version 1 of frab and pretalx, and the drafted version 2."""

import datetime
import json
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.errors import Unreadable

from .. import clean, moments
from ..clean import said
from ..file_days import DayFrame, dated, usual_start
from ..notes import Notes, Reason
from ..programme import Format, Head, Link, Person, Place, Programme, Thread
from ..raw import Context, Raw, link_from, offset_of, person_from, talk_from
from ..unknown_formats import refuse_json

TEXTS = (
    *("title", "subtitle", "date", "start", "end", "duration", "track", "type", "language"),
    *("abstract", "description", "slug", "url", "guid", "id", "code", "feedback_url", "origin_url"),
)
LOST = frozenset({"REJECTED", "WITHDRAWN", "DELETED", "DRAFT", "SUBMITTED"})
CANCELLED = frozenset({"CANCELED", "CANCELLED"})


def read_frab_json(text: str, *, event_zone: zoneinfo.ZoneInfo | None, notes: Notes) -> Programme:
    """The programme in JSON. Raises Unreadable for JSON of another kind and for what is broken."""
    found = parse(text)
    schedule = found.get("schedule", found) if isinstance(found, dict) else None
    conference = schedule.get("conference") if isinstance(schedule, dict) else None
    if not isinstance(schedule, dict) or not isinstance(conference, dict):
        refuse_json(found)
    second = "events" in schedule or "events" in conference
    days = days_2(schedule, conference, notes) if second else days_1(conference, notes)
    zone = moments.choose_zone(
        said(conference.get("time_zone_name")),
        event_zone=event_zone,
        offsets=filter(None, (offset_of(raw) for _frame, raws in days for raw in raws)),
        notes=notes,
    )
    head = head_of(schedule, conference, zone, notes)
    generator = found.get("generator")
    name = said(generator.get("name")) if isinstance(generator, dict) else None
    head = replace(head, day_starts=usual_start((frame for frame, _raws in days), zone, name))
    context = Context(zone, notes, head.day_starts)
    days_of_talks = [
        (frame, [talk for raw in raws if (talk := talk_from(raw, context))]) for frame, raws in days
    ]
    talks = tuple(dated(days_of_talks, context))
    return Programme(
        Format.FRAB_JSON_2 if second else Format.FRAB_JSON,
        head,
        talks,
        tuple(
            places_of(
                conference,
                [*rooms_in_days(conference), *(talk.room for talk in talks)],
                {talk.room for talk in talks},
            )
        ),
        tuple(threads_of(conference)),
    )


def parse(text: str) -> Any:
    """The value in the text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(
            _("This JSON file is broken or cut off, at line %(line)s.") % {"line": error.lineno}
        ) from error
    except (RecursionError, ValueError) as error:
        raise Unreadable(
            _("This JSON file is nested too deeply or holds numbers that are too large.")
        ) from error


def listed(value: Any) -> list[Any]:
    """The items of a list; nothing for anything else."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or in the values of an object."""
    items = list(value.values()) if isinstance(value, dict) else listed(value)
    return [item for item in items if isinstance(item, dict)]


def days_1(conference: dict[str, Any], notes: Notes) -> list[tuple[DayFrame, list[Raw]]]:
    """The days of version 1, with rooms inside and events inside these."""
    frames = []
    for day in objects(conference.get("days")):
        frame = DayFrame(
            moments.parse_day(said(day.get("date"))), moments.parse_moment(said(day.get("day_start")))
        )
        raws = [raw_of(entry, room, frame.date, notes) for room, entry in entries_of(day.get("rooms"), notes)]
        frames.append((frame, raws))
    return frames


def entries_of(rooms: Any, notes: Notes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each event with the name of the room it hangs under."""
    if isinstance(rooms, list):
        rooms = {
            said(room.get("name")) or "": room.get("events") or room.get("talks") for room in objects(rooms)
        }
    for name, entries in rooms.items() if isinstance(rooms, dict) else ():
        for entry in listed(entries):
            if isinstance(entry, dict):
                yield name, entry
            else:
                notes.add(Reason.UNREADABLE_ENTRY, entry)


def raw_of(entry: dict[str, Any], room: str, day: datetime.date | None, notes: Notes) -> Raw:
    """The values of one event of version 1."""
    values: dict[str, str | None] = {name: said(entry[name]) or "" for name in TEXTS if name in entry}
    values["room"] = said(entry.get("room")) or room
    values["logo"] = said(entry.get("logo"))
    if "recording_license" in entry:
        values["license"] = said(entry["recording_license"]) or ""
    if "do_not_record" in entry:
        values["optout"] = str(bool(entry["do_not_record"]))
    if entry.get("do_not_stream"):
        values["do_not_stream"] = said(entry["do_not_stream"])
    return Raw(
        values,
        day,
        persons_of(entry, "persons", notes),
        links_of(entry, "links", notes),
        links_of(entry, "attachments", notes),
    )


def days_2(
    schedule: dict[str, Any], conference: dict[str, Any], notes: Notes
) -> list[tuple[DayFrame, list[Raw]]]:
    """The events of version 2, put into its days by their start."""
    rooms = {said(room.get("guid")): said(room.get("name")) for room in objects(conference.get("rooms"))}
    tracks = {said(track.get("slug")): said(track.get("name")) for track in objects(conference.get("tracks"))}
    raws = []
    for entry in objects(schedule.get("events") or conference.get("events")):
        state = (said(entry.get("state")) or "").upper()
        if state in LOST:
            notes.add(Reason.NOT_CONFIRMED, said(entry.get("title")))
        else:
            raws.append(raw_2(entry, rooms, tracks, notes))
    return [(DayFrame(), raws)]


def raw_2(
    entry: dict[str, Any],
    rooms: dict[str | None, str | None],
    tracks: dict[str | None, str | None],
    notes: Notes,
) -> Raw:
    """The values of one event of version 2."""
    values: dict[str, str | None] = {name: said(entry[name]) or "" for name in TEXTS if name in entry}
    values["date"] = values.pop("start", None)
    values["room"] = named(entry.get("room"), rooms, "guid")
    values["track"] = named(entry.get("track"), tracks, "slug")
    state = (said(entry.get("state")) or "").upper()
    values["cancelled"] = str(state in CANCELLED) if state else None
    return Raw(
        values,
        None,
        persons_of(entry, "participants", notes),
        links_of(entry, "links", notes),
        links_of(entry, "attachments", notes),
    )


def named(reference: Any, names: dict[str | None, str | None], key: str) -> str | None:
    """The name behind a reference such as {"guid": ...}."""
    if not isinstance(reference, dict):
        return said(reference)
    identifier = said(reference.get(key))
    return said(reference.get("name")) or names.get(identifier) or identifier


def persons_of(entry: dict[str, Any], field: str, notes: Notes) -> tuple[Person, ...] | None:
    """The speakers in order; None without a list of them."""
    if field not in entry:
        return None
    found = (
        person_from(
            said(person.get("name") or person.get("public_name") or person.get("full_public_name")),
            guid=said(person.get("guid")),
            source_id=said(person.get("id") or person.get("code")),
            biography=said(person.get("biography")),
            url=said(person.get("url")),
            notes=notes,
        )
        for person in objects(entry[field])
    )
    return clean.first_ones(filter(None, found), notes)


def links_of(entry: dict[str, Any], field: str, notes: Notes) -> tuple[Link, ...] | None:
    """Links or attachments; None without a list of them."""
    if field not in entry:
        return None
    found = (
        link_from(
            said(link.get("url") or link.get("href")),
            title=said(link.get("title") or link.get("name")),
            kind=said(link.get("type")),
            service=said(link.get("service")),
            notes=notes,
        )
        for link in objects(entry[field])
    )
    return clean.first_ones(filter(None, found), notes)


def head_of(
    schedule: dict[str, Any], conference: dict[str, Any], zone: zoneinfo.ZoneInfo, notes: Notes
) -> Head:
    """What the file says of the whole programme."""
    for name in ("start", "end"):
        value = said(conference.get(name))
        if value and not moments.parse_day(value):
            notes.add(Reason.BAD_DATE, value)
    slot = moments.parse_span(said(conference.get("timeslot_duration")))
    return Head(
        title=clean.one_line(said(conference.get("title")), 300, notes) or "",
        acronym=clean.one_line(said(conference.get("acronym")), 100, notes),
        version=clean.one_line(said(schedule.get("version")), 100, notes),
        base_url=clean.web(said(schedule.get("base_url")), 500),
        zone=zone.key,
        first_day=moments.parse_day(said(conference.get("start"))),
        last_day=moments.parse_day(said(conference.get("end"))),
        slot_minutes=int(slot.total_seconds() // 60) or None if slot else None,
    )


def rooms_in_days(conference: dict[str, Any]) -> Iterator[str]:
    """The names of rooms in the order of the days."""
    for day in objects(conference.get("days")):
        if isinstance(rooms := day.get("rooms"), dict):
            yield from (clean.name(name) for name in rooms)


def places_of(conference: dict[str, Any], names: list[str | None], used: set[str | None]) -> Iterator[Place]:
    """The rooms in use: those that the head lists, in its order, then the others."""
    wanted = dict.fromkeys(name for name in names if name and name in used)
    listed_names = []
    for room in objects(conference.get("rooms")):
        name = clean.name(said(room.get("name")))
        if name in wanted and name not in listed_names:
            listed_names.append(name)
            yield Place(name, (said(room.get("guid")) or "")[:100], clean.number(said(room.get("capacity"))))
    yield from (Place(name) for name in wanted if name not in listed_names)


def threads_of(conference: dict[str, Any]) -> Iterator[Thread]:
    """The tracks that the head lists."""
    for track in objects(conference.get("tracks")):
        name = clean.name(said(track.get("name")))
        if name:
            yield Thread(name, (said(track.get("slug")) or "")[:80], clean.color(said(track.get("color"))))
