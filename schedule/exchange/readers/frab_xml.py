"""Read frab and Pentabarf XML, in all dialects in use."""

import datetime
import html
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from html.entities import html5
from typing import NoReturn

from django.utils.translation import gettext_lazy as _
from lxml import etree

from convention.errors import UnreadableFile
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
from schedule.exchange.parsing.file_days import FileDay, build_parsed_sessions, find_usual_day_start
from schedule.exchange.parsing.frab_entry import (
    FileContext,
    RawEntry,
    build_parsed_link,
    build_parsed_speaker,
    find_utc_offset,
)
from schedule.exchange.parsing.unknown_formats import refuse_xml_root

TEXT_FIELDS = (
    *("title", "subtitle", "date", "start", "end", "duration", "room", "track", "type", "language"),
    *("abstract", "description", "slug", "url", "logo", "feedback_url", "origin_url", "do_not_stream"),
)
LIST_FIELDS = frozenset({"persons", "links", "attachments", "recording"})
CHARACTER_REFERENCE_PATTERN = re.compile(r"&#(?:0*([0-9]{1,9})|[xX]0*([0-9a-fA-F]{1,8}));")
# XML defines five named entities; HTML's, such as &nbsp;, are errors in it, but common in schedule files.
BARE_AMPERSAND_PATTERN = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#[xX][0-9a-fA-F]+);)([A-Za-z][A-Za-z0-9]{1,31};)?"
)


def read_frab_xml(text: str, *, event_zone: zoneinfo.ZoneInfo | None, notes: ImportNotes) -> ParsedProgramme:
    """Read the programme. Raise UnreadableFile for other or broken XML."""
    root = parse_xml(text, notes)
    conference = root.find("conference")
    if conference is None:
        conference = etree.Element("conference")
    file_days = [
        (read_file_day(day), [read_entry(event, notes) for event in find_outermost(day, "event")])
        for day in find_outermost(root, "day")
    ]
    # The date of events outside of any day is in the events only.
    events = (event for event in find_outermost(root, "event") if not is_inside_day(event))
    entries_without_day = [read_entry(event, notes) for event in events]
    if entries_without_day:
        file_days.append((FileDay(), entries_without_day))
    zone = times.choose_zone(
        get_plain_text(conference, "time_zone_name"),
        event_zone=event_zone,
        offsets=filter(
            None,
            (find_utc_offset(raw_entry) for _file_day, raw_entries in file_days for raw_entry in raw_entries),
        ),
        notes=notes,
    )
    header = read_header(root, conference, zone, notes)
    if header.day_starts_at is None:
        generator = root.find("generator")
        name = None if generator is None else generator.get("name")
        header = replace(
            header,
            day_starts_at=find_usual_day_start(
                (file_day for file_day, _raw_entries in file_days), zone, name
            ),
        )
    context = FileContext(zone, notes, header.day_starts_at)
    parsed_sessions = build_parsed_sessions(file_days, context)
    return ParsedProgramme(
        ScheduleFormat.FRAB_XML,
        header,
        parsed_sessions,
        tuple(read_rooms(root, {parsed_session.room for parsed_session in parsed_sessions})),
        tuple(read_tracks(conference)),
    )


def parse_xml(text: str, notes: ImportNotes) -> etree._Element:
    """Return the root without namespaces; entities and external files are never loaded."""
    # Entity bombs: libxml2 would expand nested entities without end.
    # Only the prolog declares entities; a talk may have <!ENTITY in its text.
    prolog = text[: match.start()] if (match := re.search(r"<[A-Za-z_]", text)) else text
    if "<!ENTITY" in prolog:
        refuse_entities()
    try:
        root = etree.fromstring(text.encode(), make_xml_parser())
    except etree.XMLSyntaxError:
        root = parse_repaired_xml(text, notes)
    # A tag in a comment before the DOCTYPE ends the prolog above too early.
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):  # type: ignore[union-attr]  # absent from the stubs
        refuse_entities()
    # Some tools put everything into a namespace of their own.
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.rpartition("}")[2]
    if root.tag != "schedule":
        refuse_xml_root(str(root.tag))
    return root


def refuse_entities() -> NoReturn:
    raise UnreadableFile(_("This XML file defines its own entities. For security, it was not read."))


def make_xml_parser() -> etree.XMLParser:
    """Return a parser that reads nothing but the file."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        # libxml2's own limits on depth and on the size of a text stay in force.
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def parse_repaired_xml(text: str, notes: ImportNotes) -> etree._Element:
    """Parse again after repairing bare ampersands, HTML entities and control characters."""
    repaired = CHARACTER_REFERENCE_PATTERN.sub(
        filter_reference, BARE_AMPERSAND_PATTERN.sub(replace_html_entity, text)
    )
    try:
        root = etree.fromstring(repaired.encode(), make_xml_parser())
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise UnreadableFile(
            _("This XML file is damaged or incomplete (line %(line)s).") % {"line": line}
        ) from error
    notes.add(NoteReason.BAD_XML)
    return root


def replace_html_entity(match: re.Match[str]) -> str:
    """Return the character of an HTML entity, or an escaped ampersand."""
    name = match.group(1) or ""
    # Escaped: HTML also knows &LT; and &AMP;, whose characters XML would read as markup.
    return html.escape(html5[name]) if name in html5 else f"&amp;{name}"


def filter_reference(match: re.Match[str]) -> str:
    """Return the character reference, "" if XML does not allow it."""
    code = int(match.group(1)) if match.group(1) else int(match.group(2), 16)
    # The characters of XML 1.0, section 2.2.
    is_allowed = (
        code in {9, 10, 13} or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return match.group() if is_allowed else ""


def find_outermost(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield elements of that name that are not inside another of them, so that each text is read once."""
    # An explicit stack: a recursive walk would end at Python's recursion limit in a crafted file.
    levels = [iter(parent)]
    while levels:
        child = next(levels[-1], None)
        if child is None:
            levels.pop()
        elif child.tag == name:
            yield child
        else:
            levels.append(iter(child))


def is_inside_day(event: etree._Element) -> bool:
    return next(event.iterancestors("day"), None) is not None


def read_file_day(day: etree._Element) -> FileDay:
    return FileDay(times.parse_day(day.get("date")), times.parse_moment(day.get("start")))


def read_entry(event: etree._Element, notes: ImportNotes) -> RawEntry:
    values = {name: get_element_content(event.find(name)) for name in TEXT_FIELDS}
    values |= {name: event.get(name) for name in ("id", "guid", "code")}
    # An event may name its room itself, or only be nested in it.
    room = next(event.iterancestors("room"), None)
    if not (values["room"] or "").strip() and room is not None:
        values["room"] = room.get("name")
    recording = event.find("recording")
    if recording is not None:
        values |= {
            "license": get_element_content(recording.find("license")),
            "optout": get_element_content(recording.find("optout")),
        }
    for child in event:
        if (
            child.tag not in TEXT_FIELDS
            and child.tag not in LIST_FIELDS
            and (get_element_content(child) or "").strip()
        ):
            notes.add(NoteReason.UNKNOWN_FIELD, child.tag)
    day = next(event.iterancestors("day"), None)
    return RawEntry(
        values,
        times.parse_day(day.get("date")) if day is not None else None,
        read_speakers(event, notes),
        read_links(event, "links", notes),
        read_links(event, "attachments", notes),
    )


def get_element_content(element: etree._Element | None) -> str | None:
    """Return all text of an element, including the markup inside it."""
    if element is None:
        return None
    # HTML should be escaped, but markup that is not stays too. A child is written with the text after it.
    inside = "".join(etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + inside


def get_plain_text(parent: etree._Element, name: str) -> str | None:
    """Return the normalized text of a child."""
    found = get_element_content(parent.find(name))
    return None if found is None else " ".join(found.split())


def read_speakers(event: etree._Element, notes: ImportNotes) -> tuple[ParsedSpeaker, ...] | None:
    """Return the speakers in order; None without an element for them."""
    container = event.find("persons")
    if container is None:
        return None
    speakers = (
        build_parsed_speaker(
            get_element_content(person) or person.get("name"),
            guid=person.get("guid"),
            source_id=person.get("id") or person.get("code"),
            notes=notes,
        )
        for person in find_outermost(container, "person")
    )
    return clean_values.limit_items(filter(None, speakers), notes)


def read_links(event: etree._Element, name: str, notes: ImportNotes) -> tuple[ParsedLink, ...] | None:
    """Return links or attachments; None without an element for them."""
    container = event.find(name)
    if container is None:
        return None
    links = (
        build_parsed_link(
            link.get("href") or get_element_content(link),
            title=get_element_content(link),
            kind=link.get("type"),
            service=link.get("service"),
            notes=notes,
        )
        for link in find_outermost(container, name.removesuffix("s"))
    )
    return clean_values.limit_items(filter(None, links), notes)


def read_header(
    root: etree._Element, conference: etree._Element, zone: zoneinfo.ZoneInfo, notes: ImportNotes
) -> ParsedHeader:
    for name in ("start", "end"):
        value = get_plain_text(conference, name)
        if value and not (times.parse_day(value)):
            notes.add(NoteReason.BAD_DATE, value)
    slot = times.parse_duration(get_plain_text(conference, "timeslot_duration"))
    base_url = get_plain_text(conference, "base_url")
    return ParsedHeader(
        title=clean_values.clean_line(get_plain_text(conference, "title"), 300, notes) or "",
        acronym=clean_values.clean_line(get_plain_text(conference, "acronym"), 100, notes),
        version=clean_values.clean_line(get_plain_text(root, "version"), 100, notes),
        base_url=clean_values.clean_web_address(base_url, 500),
        zone_name=zone.key,
        day_starts_at=read_day_start(conference),
        first_day=times.parse_day(get_plain_text(conference, "start")),
        last_day=times.parse_day(get_plain_text(conference, "end")),
        slot_minutes=int(slot.total_seconds() // 60) or None if slot else None,
    )


def read_day_start(conference: etree._Element) -> datetime.time | None:
    """Return Pentabarf's `day_change`."""
    clock = times.parse_clock(get_plain_text(conference, "day_change"))
    if clock is None or clock >= datetime.timedelta(days=1):
        return None
    return datetime.time(clock.seconds // 3600, clock.seconds % 3600 // 60)


def read_rooms(root: etree._Element, used_names: set[str | None]) -> Iterator[ParsedRoom]:
    """Return the rooms in use in the order of the file, with their guids."""
    guids: dict[str, str] = {}
    for room in root.iter("room"):
        # A room that contains events has its name as an attribute, an event's own room as text.
        name = clean_values.clean_name(room.get("name") or room.text)
        if name in used_names and name:
            guids[name] = guids.get(name) or (room.get("guid") or "")[:100]
    for name, guid in guids.items():
        yield ParsedRoom(name, guid)


def read_tracks(conference: etree._Element) -> Iterator[ParsedTrack]:
    for track in conference.iter("track"):
        name = clean_values.clean_name(track.get("name") or track.text)
        if name:
            yield ParsedTrack(
                name, (track.get("slug") or "")[:80], clean_values.parse_color(track.get("color"))
            )
