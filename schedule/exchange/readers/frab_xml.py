"""frab and Pentabarf XML, in all dialects that are about."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from html.entities import html5

from django.utils.translation import gettext_lazy as _
from lxml import etree

from convention.errors import Unreadable

from .. import clean, moments
from ..file_days import DayFrame, dated, usual_start
from ..notes import Notes, Reason
from ..programme import Format, Head, Link, Person, Place, Programme, Talk, Thread
from ..raw import Context, Raw, link_from, offset_of, person_from, talk_from
from ..unknown_formats import refuse_root

FIELDS = (
    *("title", "subtitle", "date", "start", "end", "duration", "room", "track", "type", "language"),
    *("abstract", "description", "slug", "url", "logo", "feedback_url", "origin_url", "do_not_stream"),
)
LISTS = frozenset({"persons", "links", "attachments", "recording"})
BAD_REFERENCE = re.compile(r"&#(?:0*([0-9]{1,9})|[xX]0*([0-9a-fA-F]{1,8}));")
BARE_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#[xX][0-9a-fA-F]+);)([A-Za-z][A-Za-z0-9]{1,31};)?"
)


def read_frab_xml(text: str, *, event_zone: zoneinfo.ZoneInfo | None, notes: Notes) -> Programme:
    """The programme in XML. Raises Unreadable for XML of another kind and for what is broken."""
    root = parse(text, notes)
    conference = root.find("conference")
    if conference is None:
        conference = etree.Element("conference")
    frames = [
        (frame_of(day), [raw_of(event, notes) for event in outermost(day, "event")])
        for day in outermost(root, "day")
    ]
    stray = [raw_of(event, notes) for event in outermost(root, "event") if not in_day(event)]
    if stray:
        frames.append((DayFrame(), stray))
    zone = moments.choose_zone(
        plain(conference, "time_zone_name"),
        event_zone=event_zone,
        offsets=filter(None, (offset_of(raw) for _frame, raws in frames for raw in raws)),
        notes=notes,
    )
    head = head_of(root, conference, zone, notes)
    if head.day_starts is None:
        generator = root.find("generator")
        name = None if generator is None else generator.get("name")
        head = replace(head, day_starts=usual_start((frame for frame, _raws in frames), zone, name))
    context = Context(zone, notes, head.day_starts)
    talks = tuple(talks_of(frames, context))
    return Programme(
        Format.FRAB_XML,
        head,
        talks,
        tuple(places_of(root, {talk.room for talk in talks})),
        tuple(threads_of(conference)),
    )


def talks_of(frames: list[tuple[DayFrame, list[Raw]]], context: Context) -> Iterator[Talk]:
    """The talks of all days, each with the day of the programme that it belongs to."""
    days = [(frame, [talk for raw in raws if (talk := talk_from(raw, context))]) for frame, raws in frames]
    yield from dated(days, context)


def parse(text: str, notes: Notes) -> etree._Element:
    """The root element, without namespaces; entities and anything outside the file are never loaded."""
    prolog = text[: match.start()] if (match := re.search(r"<[A-Za-z_]", text)) else text
    if "<!ENTITY" in prolog:
        raise Unreadable(_("This XML file defines entities of its own, which is not read: it could harm."))
    try:
        root = etree.fromstring(text.encode(), parser())
    except etree.XMLSyntaxError:
        root = parse_mended(text, notes)
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.rpartition("}")[2]
    if root.tag != "schedule":
        refuse_root(str(root.tag))
    return root


def parser() -> etree.XMLParser:
    """A new parser that reads nothing but the file."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def parse_mended(text: str, notes: Notes) -> etree._Element:
    """Try again without what often breaks XML: bare ampersands, HTML's entities, control characters."""
    mended = BAD_REFERENCE.sub(allowed_reference, BARE_AMPERSAND.sub(named_entity, text))
    try:
        root = etree.fromstring(mended.encode(), parser())
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise Unreadable(
            _("This XML file is broken or cut off, at line %(line)s.") % {"line": line}
        ) from error
    notes.add(Reason.BAD_XML)
    return root


def named_entity(match: re.Match[str]) -> str:
    """The character of an entity of HTML, or an ampersand."""
    name = match.group(1) or ""
    return html5.get(name, "&amp;" + name) if name else "&amp;"


def allowed_reference(match: re.Match[str]) -> str:
    """The reference, unless XML has no such character."""
    code = int(match.group(1)) if match.group(1) else int(match.group(2), 16)
    fine = code in {9, 10, 13} or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match.group() if fine else ""


def outermost(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of that name inside, but for those inside another of them: each text is read once."""
    levels = [iter(parent)]
    while levels:
        child = next(levels[-1], None)
        if child is None:
            levels.pop()
        elif child.tag == name:
            yield child
        else:
            levels.append(iter(child))


def in_day(event: etree._Element) -> bool:
    """Whether the event stands somewhere inside a day."""
    return next(event.iterancestors("day"), None) is not None


def frame_of(day: etree._Element) -> DayFrame:
    """What a day says of itself."""
    return DayFrame(moments.parse_day(day.get("date")), moments.parse_moment(day.get("start")))


def raw_of(event: etree._Element, notes: Notes) -> Raw:
    """The values of one event as text."""
    values = {name: content(event.find(name)) for name in FIELDS}
    values |= {name: event.get(name) for name in ("id", "guid", "code")}
    room = next(event.iterancestors("room"), None)
    if not (values["room"] or "").strip() and room is not None:
        values["room"] = room.get("name")
    recording = event.find("recording")
    if recording is not None:
        values |= {"license": content(recording.find("license")), "optout": content(recording.find("optout"))}
    for child in event:
        if child.tag not in FIELDS and child.tag not in LISTS and (content(child) or "").strip():
            notes.add(Reason.UNKNOWN_FIELD, child.tag)
    day = next(event.iterancestors("day"), None)
    return Raw(
        values,
        moments.parse_day(day.get("date")) if day is not None else None,
        persons_of(event, notes),
        links_of(event, "links", notes),
        links_of(event, "attachments", notes),
    )


def content(element: etree._Element | None) -> str | None:
    """All text of an element, with the markup of any element inside it."""
    if element is None:
        return None
    inside = "".join(etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + inside


def plain(parent: etree._Element, name: str) -> str | None:
    """The tidy text of a child."""
    found = content(parent.find(name))
    return None if found is None else " ".join(found.split())


def persons_of(event: etree._Element, notes: Notes) -> tuple[Person, ...] | None:
    """The speakers in order; None without an element for them."""
    holder = event.find("persons")
    if holder is None:
        return None
    found = (
        person_from(
            content(person) or person.get("name"),
            guid=person.get("guid"),
            source_id=person.get("id") or person.get("code"),
            notes=notes,
        )
        for person in outermost(holder, "person")
    )
    return clean.first_ones(filter(None, found), notes)


def links_of(event: etree._Element, name: str, notes: Notes) -> tuple[Link, ...] | None:
    """Links or attachments; None without an element for them."""
    holder = event.find(name)
    if holder is None:
        return None
    found = (
        link_from(
            link.get("href") or content(link),
            title=content(link),
            kind=link.get("type"),
            service=link.get("service"),
            notes=notes,
        )
        for link in outermost(holder, name.removesuffix("s"))
    )
    return clean.first_ones(filter(None, found), notes)


def head_of(root: etree._Element, conference: etree._Element, zone: zoneinfo.ZoneInfo, notes: Notes) -> Head:
    """What the file says of the whole programme."""
    for name in ("start", "end"):
        value = plain(conference, name)
        if value and not (moments.parse_day(value)):
            notes.add(Reason.BAD_DATE, value)
    slot = moments.parse_span(plain(conference, "timeslot_duration"))
    base_url = plain(conference, "base_url")
    return Head(
        title=clean.one_line(plain(conference, "title"), 300, notes) or "",
        acronym=clean.one_line(plain(conference, "acronym"), 100, notes),
        version=clean.one_line(plain(root, "version"), 100, notes),
        base_url=clean.web(base_url, 500),
        zone=zone.key,
        day_starts=day_starts_of(conference),
        first_day=moments.parse_day(plain(conference, "start")),
        last_day=moments.parse_day(plain(conference, "end")),
        slot_minutes=int(slot.total_seconds() // 60) or None if slot else None,
    )


def day_starts_of(conference: etree._Element) -> datetime.time | None:
    """Pentabarf's `day_change`."""
    clock = moments.parse_clock(plain(conference, "day_change"))
    if clock is None or clock >= datetime.timedelta(days=1):
        return None
    return datetime.time(clock.seconds // 3600, clock.seconds % 3600 // 60)


def places_of(root: etree._Element, used: set[str | None]) -> Iterator[Place]:
    """The rooms in use, in the order of the file, with the guids that it gives them."""
    guids: dict[str, str] = {}
    for room in root.iter("room"):
        name = clean.name(room.get("name") or room.text)
        if name in used and name:
            guids[name] = guids.get(name) or (room.get("guid") or "")[:100]
    for name, guid in guids.items():
        yield Place(name, guid)


def threads_of(conference: etree._Element) -> Iterator[Thread]:
    """The tracks that the head lists."""
    for track in conference.iter("track"):
        name = clean.name(track.get("name") or track.text)
        if name:
            yield Thread(name, (track.get("slug") or "")[:80], clean.color(track.get("color")))
