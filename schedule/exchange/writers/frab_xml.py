"""Write frab XML, valid against the published schema (schedule.xml.xsd) whatever the programme contains."""

import datetime
from collections.abc import Iterable, Iterator

from lxml import etree

from schedule.exchange.parsed_programme import (
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedRoom,
    ParsedSession,
    ParsedSpeaker,
)
from schedule.exchange.parsing.file_days import OUR_GENERATOR
from schedule.exchange.parsing.times import find_zone

from .export_days import ExportDay, build_export_days, format_clock, format_duration, format_slot_duration


def write_frab_xml(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to this format; return UTF-8."""
    zone = find_zone(programme.header.zone_name)
    assert zone
    export_days = build_export_days(programme)
    root = etree.Element("schedule")
    etree.SubElement(root, "generator", name=OUR_GENERATOR)
    add_text_element(root, "version", programme.header.version)
    root.append(build_conference(programme, len(export_days)))
    rooms_by_name = {parsed_room.name: parsed_room for parsed_room in programme.rooms}
    root.extend(build_day(export_day, rooms_by_name, zone) for export_day in export_days)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def add_text_element(parent: etree._Element, name: str, text: str | None) -> None:
    # lxml raises ValueError for control characters, which fit_format.py has removed.
    etree.SubElement(parent, name).text = text or ""


def build_conference(programme: ParsedProgramme, day_count: int) -> etree._Element:
    header = programme.header
    conference = etree.Element("conference")
    for name, value in list_header_fields(header, day_count):
        if value:
            add_text_element(conference, name, value)
    for parsed_track in programme.tracks:
        values = {
            "name": parsed_track.name,
            "color": normalize_hex_color(parsed_track.color),
            "slug": parsed_track.slug,
        }
        etree.SubElement(conference, "track", {name: value for name, value in values.items() if value})
    return conference


def list_header_fields(header: ParsedHeader, day_count: int) -> Iterator[tuple[str, str | None]]:
    yield "title", header.title
    yield "acronym", header.acronym
    yield "start", header.first_day.isoformat() if header.first_day else None
    yield "end", header.last_day.isoformat() if header.last_day else None
    yield "days", str(day_count)
    yield "timeslot_duration", format_slot_duration(header)
    yield "base_url", header.base_url
    yield "time_zone_name", header.zone_name


def normalize_hex_color(color: str) -> str:
    """Return a colour as the schema requires it, "" if it is none."""
    lower = color.lower()
    return lower if len(lower) == 7 and lower[0] == "#" and set(lower[1:]) <= set("0123456789abcdef") else ""


def build_day(
    export_day: ExportDay, rooms_by_name: dict[str, ParsedRoom], zone: datetime.tzinfo
) -> etree._Element:
    day = etree.Element(
        "day",
        date=export_day.date.isoformat(),
        start=export_day.start.isoformat(),
        end=export_day.end.isoformat(),
        index=str(export_day.index),
    )
    for name, parsed_sessions in export_day.rooms:
        room = etree.SubElement(day, "room", name=name)
        parsed_room = rooms_by_name.get(name)
        if parsed_room and is_guid(parsed_room.guid):
            room.set("guid", parsed_room.guid)
        room.extend(build_event(parsed_session, zone) for parsed_session in parsed_sessions)
    return day


def is_guid(text: str) -> bool:
    """Return whether the text is a UUID in its usual form."""
    return [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12] and set(text) <= GUID_CHARS


GUID_CHARS = set("0123456789abcdefABCDEF-")


def build_event(parsed_session: ParsedSession, zone: datetime.tzinfo) -> etree._Element:
    assert parsed_session.ends_at
    extra = dict(parsed_session.extra or ())
    local = parsed_session.starts_at.astimezone(zone)
    event = etree.Element("event", guid=str(parsed_session.guid), id=str(parsed_session.number))
    if extra.get("code"):
        event.set("code", extra["code"])
    # The schema requires most of these elements, also empty, and the room although it is the parent.
    texts = (
        ("date", local.isoformat()),
        ("start", format_clock(local)),
        ("duration", format_duration(parsed_session.ends_at - parsed_session.starts_at)),
        *(("room", parsed_session.room), ("slug", parsed_session.slug), ("url", parsed_session.url)),
        *(
            ("title", parsed_session.title),
            ("subtitle", parsed_session.subtitle),
            ("language", parsed_session.language),
        ),
        *(("track", parsed_session.track), ("type", parsed_session.kind)),
        *(
            ("abstract", parsed_session.abstract),
            ("description", parsed_session.description),
            ("logo", extra.get("logo")),
        ),
    )
    for name, text in texts:
        add_text_element(event, name, text)
    recording = etree.SubElement(event, "recording")
    add_text_element(recording, "license", parsed_session.recording_license)
    add_text_element(recording, "optout", str(bool(parsed_session.recording_optout)).lower())
    event.append(build_persons(parsed_session.speakers or ()))
    event.append(build_links("links", parsed_session.links or ()))
    event.append(build_links("attachments", parsed_session.attachments or ()))
    for name in ("origin_url", "feedback_url"):
        if extra.get(name):
            add_text_element(event, name, extra[name])
    return event


def build_persons(parsed_speakers: Iterable[ParsedSpeaker]) -> etree._Element:
    """Return the speakers, by guid and by the source's number where known."""
    container = etree.Element("persons")
    for person in parsed_speakers:
        element = etree.SubElement(container, "person", guid=str(person.guid))
        if person.source_id.isascii() and person.source_id.isdigit():
            element.set("id", person.source_id)
        element.text = person.name
    return container


def build_links(name: str, links: Iterable[ParsedLink]) -> etree._Element:
    container = etree.Element(name)
    for link in links:
        values = {"href": link.url, "type": link.kind}
        values |= {"service": link.service} if name == "links" else {}
        element = etree.SubElement(
            container, name.removesuffix("s"), {key: value for key, value in values.items() if value}
        )
        element.text = link.title
    return container
