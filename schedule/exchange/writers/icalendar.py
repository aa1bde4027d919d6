"""iCalendar (RFC 5545): IANA time zones spelled out, stable UIDs, folded lines."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import get_language

from ..moments import known_zone
from ..programme import Programme, Talk
from .vtimezone import zone_lines

PRODUCT = "-//Convention//Programme//{language}"
FOLD = 75


def write_icalendar(programme: Programme) -> bytes:
    """The file, in UTF-8, of a programme in this format's form."""
    zone = known_zone(programme.head.zone)
    assert zone
    lines = [*head_of(programme, zone)]
    uids: set[str] = set()
    for talk in programme.talks:
        lines += event_of(talk, programme, zone, uid_of(talk, uids))
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def head_of(programme: Programme, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    """The calendar's own properties and its time zone."""
    head = programme.head
    product = PRODUCT.format(language=(get_language() or settings.LANGUAGE_CODE).upper())
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", "CALSCALE:GREGORIAN")
    yield from (f"NAME:{escaped(head.title)}", f"X-WR-CALNAME:{escaped(head.title)}")
    yield from (f"X-WR-TIMEZONE:{zone.key}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H")
    if programme.talks and zone.key != "UTC":
        starts = [talk.starts_at for talk in programme.talks]
        ends = [talk.ends_at or talk.starts_at for talk in programme.talks]
        yield from zone_lines(zone.key, min(starts).year, max(ends).year)


def uid_of(talk: Talk, taken: set[str]) -> str:
    """The UID that the session came with, the first time; else its guid."""
    uid = talk.source_id if "@" in talk.source_id and talk.source_id not in taken else str(talk.guid)
    taken.add(uid)
    return uid


def event_of(talk: Talk, programme: Programme, zone: zoneinfo.ZoneInfo, uid: str) -> Iterator[str]:
    """One session."""
    assert talk.ends_at
    head = programme.head
    changed = (head.changed_at or talk.starts_at).astimezone(datetime.UTC)
    yield from ("BEGIN:VEVENT", f"UID:{escaped(uid)}", f"DTSTAMP:{changed:%Y%m%dT%H%M%SZ}")
    yield from (f"LAST-MODIFIED:{changed:%Y%m%dT%H%M%SZ}", f"SEQUENCE:{head.revision}")
    yield from (moment("DTSTART", talk.starts_at, zone), moment("DTEND", talk.ends_at, zone))
    yield f"SUMMARY:{escaped(talk.title)}"
    yield f"LOCATION:{escaped(talk.room or '')}"
    yield f"DESCRIPTION:{escaped(talk.description or '')}"
    if talk.track:
        yield f"CATEGORIES:{escaped(talk.track)}"
    yield f"URL:{talk.url}"
    yield from ("STATUS:CANCELLED" if talk.cancelled else "STATUS:CONFIRMED", "TRANSP:OPAQUE", "END:VEVENT")


def moment(name: str, at: datetime.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """A date with time, local with its zone; in UTC for the hour that the clock shows twice."""
    local = at.astimezone(zone)
    if zone.key == "UTC" or local.fold:
        return f"{name}:{at.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"
    return f"{name};TZID={zone.key}:{local:%Y%m%dT%H%M%S}"


def escaped(text: str) -> str:
    """A text value: backslash, semicolon, comma and line break escaped."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, never cut inside a character."""
    data = line.encode()
    if len(data) <= FOLD:
        return data + b"\r\n"
    pieces = []
    start, room = 0, FOLD
    while start < len(data):
        end = min(start + room, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        start, room = end, FOLD - 1
    return b"\r\n ".join(pieces) + b"\r\n"
