"""frab XML, valid against the published schema whatever the programme holds."""

import datetime
from collections.abc import Iterable, Iterator

from lxml import etree

from ..file_days import OUR_GENERATOR
from ..moments import known_zone
from ..programme import Head, Link, Person, Place, Programme, Talk
from .frames import Frame, frames_of
from .spans import clock, span


def write_frab_xml(programme: Programme) -> bytes:
    """The file, in UTF-8, of a programme in this format's form."""
    zone = known_zone(programme.head.zone)
    assert zone
    frames = frames_of(programme)
    root = etree.Element("schedule")
    etree.SubElement(root, "generator", name=OUR_GENERATOR)
    add(root, "version", programme.head.version)
    root.append(conference_of(programme, len(frames)))
    guids = {place.name: place for place in programme.places}
    root.extend(day_of(frame, guids, zone) for frame in frames)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def add(parent: etree._Element, name: str, text: str | None) -> None:
    """One child with text."""
    etree.SubElement(parent, name).text = text or ""


def conference_of(programme: Programme, days: int) -> etree._Element:
    """The head: title, dates, zone and tracks."""
    head = programme.head
    conference = etree.Element("conference")
    for name, value in fields_of(head, days):
        if value:
            add(conference, name, value)
    for thread in programme.threads:
        values = {"name": thread.name, "color": hex_color(thread.color), "slug": thread.slug}
        etree.SubElement(conference, "track", {name: value for name, value in values.items() if value})
    return conference


def fields_of(head: Head, days: int) -> Iterator[tuple[str, str | None]]:
    """The simple fields of the head."""
    yield "title", head.title
    yield "acronym", head.acronym
    yield "start", head.first_day.isoformat() if head.first_day else None
    yield "end", head.last_day.isoformat() if head.last_day else None
    yield "days", str(days)
    yield "timeslot_duration", span(datetime.timedelta(minutes=min(head.slot_minutes or 5, 24 * 60)))
    yield "base_url", head.base_url
    yield "time_zone_name", head.zone


def hex_color(color: str) -> str:
    """A colour as the schema wants it, or nothing."""
    small = color.lower()
    return small if len(small) == 7 and small[0] == "#" and set(small[1:]) <= set("0123456789abcdef") else ""


def day_of(frame: Frame, places: dict[str, Place], zone: datetime.tzinfo) -> etree._Element:
    """A day with its rooms and sessions."""
    day = etree.Element(
        "day",
        date=frame.date.isoformat(),
        start=frame.start.isoformat(),
        end=frame.end.isoformat(),
        index=str(frame.index),
    )
    for name, talks in frame.rooms:
        room = etree.SubElement(day, "room", name=name)
        place = places.get(name)
        if place and is_guid(place.guid):
            room.set("guid", place.guid)
        room.extend(event_of(talk, zone) for talk in talks)
    return day


def is_guid(text: str) -> bool:
    """Whether the text is a UUID in its usual form."""
    return [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12] and set(text) <= HEXADECIMAL


HEXADECIMAL = set("0123456789abcdefABCDEF-")


def event_of(talk: Talk, zone: datetime.tzinfo) -> etree._Element:
    """One session."""
    assert talk.ends_at
    extra = dict(talk.extra or ())
    local = talk.starts_at.astimezone(zone)
    event = etree.Element("event", guid=str(talk.guid), id=str(talk.number))
    if extra.get("code"):
        event.set("code", extra["code"])
    texts = (
        ("date", local.isoformat()),
        ("start", clock(local)),
        ("duration", span(talk.ends_at - talk.starts_at)),
        *(("room", talk.room), ("slug", talk.slug), ("url", talk.url)),
        *(("title", talk.title), ("subtitle", talk.subtitle), ("language", talk.language)),
        *(("track", talk.track), ("type", talk.kind)),
        *(("abstract", talk.abstract), ("description", talk.description), ("logo", extra.get("logo"))),
    )
    for name, text in texts:
        add(event, name, text)
    recording = etree.SubElement(event, "recording")
    add(recording, "license", talk.recording_license)
    add(recording, "optout", str(bool(talk.recording_optout)).lower())
    event.append(persons_of(talk.persons or ()))
    event.append(links_of("links", talk.links or ()))
    event.append(links_of("attachments", talk.attachments or ()))
    for name in ("origin_url", "feedback_url"):
        if extra.get(name):
            add(event, name, extra[name])
    return event


def persons_of(persons: Iterable[Person]) -> etree._Element:
    """The speakers, by guid, and by the source's number where they have one."""
    holder = etree.Element("persons")
    for person in persons:
        element = etree.SubElement(holder, "person", guid=str(person.guid))
        if person.source_id.isascii() and person.source_id.isdigit():
            element.set("id", person.source_id)
        element.text = person.name
    return holder


def links_of(name: str, links: Iterable[Link]) -> etree._Element:
    """Links or attachments."""
    holder = etree.Element(name)
    for link in links:
        values = {"href": link.url, "type": link.kind}
        values |= {"service": link.service} if name == "links" else {}
        element = etree.SubElement(
            holder, name.removesuffix("s"), {key: value for key, value in values.items() if value}
        )
        element.text = link.title
    return holder
