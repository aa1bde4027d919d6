"""Write iCalendar (RFC 5545): IANA time zones spelled out, stable UIDs, folded lines."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import get_language

from schedule.exchange.parsed_programme import ParsedProgramme, ParsedSession
from schedule.exchange.parsing.times import find_zone

from .vtimezone import write_zone_lines

PRODUCT_ID_TEMPLATE = "-//Convention//Programme//{language}"
# Without the line break (RFC 5545, 3.1).
MAX_LINE_OCTETS = 75


def write_icalendar(programme: ParsedProgramme) -> bytes:
    """Write a programme that `fit_programme` has fitted to this format; return UTF-8."""
    zone = find_zone(programme.header.zone_name)
    assert zone
    lines = [*write_header(programme, zone)]
    uids: set[str] = set()
    for parsed_session in programme.sessions:
        lines += write_event(parsed_session, programme, zone, choose_uid(parsed_session, uids))
    lines.append("END:VCALENDAR")
    return b"".join(fold_line(line) for line in lines)


def write_header(programme: ParsedProgramme, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    """Yield the calendar's own properties and its time zone."""
    header = programme.header
    product = PRODUCT_ID_TEMPLATE.format(language=(get_language() or settings.LANGUAGE_CODE).upper())
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", "CALSCALE:GREGORIAN")
    # Many programs read only X-WR-CALNAME and X-PUBLISHED-TTL, older than NAME and REFRESH-INTERVAL
    # (RFC 7986).
    yield from (f"NAME:{escape_text(header.title)}", f"X-WR-CALNAME:{escape_text(header.title)}")
    yield from (f"X-WR-TIMEZONE:{zone.key}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H")
    # RFC 5545 (3.6.5) requires a VTIMEZONE for each TZID; times in UTC have none.
    if programme.sessions and zone.key != "UTC":
        starts = [parsed_session.starts_at for parsed_session in programme.sessions]
        ends = [parsed_session.ends_at or parsed_session.starts_at for parsed_session in programme.sessions]
        yield from write_zone_lines(zone.key, min(starts).year, max(ends).year)


def choose_uid(parsed_session: ParsedSession, used_uids: set[str]) -> str:
    """Return the UID that the session was imported with, if it is unused; else one from its guid."""
    uid = (
        parsed_session.source_id
        if "@" in parsed_session.source_id and parsed_session.source_id not in used_uids
        else str(parsed_session.guid)
    )
    used_uids.add(uid)
    return uid


def write_event(
    parsed_session: ParsedSession, programme: ParsedProgramme, zone: zoneinfo.ZoneInfo, uid: str
) -> Iterator[str]:
    assert parsed_session.ends_at
    header = programme.header
    # Not the time of writing: the same revision must give the same bytes, and so the same ETag.
    changed = (header.changed_at or parsed_session.starts_at).astimezone(datetime.UTC)
    yield from ("BEGIN:VEVENT", f"UID:{escape_text(uid)}", f"DTSTAMP:{changed:%Y%m%dT%H%M%SZ}")
    yield from (f"LAST-MODIFIED:{changed:%Y%m%dT%H%M%SZ}", f"SEQUENCE:{parsed_session.sequence}")
    yield from (
        format_moment("DTSTART", parsed_session.starts_at, zone),
        format_moment("DTEND", parsed_session.ends_at, zone),
    )
    yield f"SUMMARY:{escape_text(parsed_session.title)}"
    yield f"LOCATION:{escape_text(parsed_session.room or '')}"
    yield f"DESCRIPTION:{escape_text(parsed_session.description or '')}"
    if parsed_session.track:
        yield f"CATEGORIES:{escape_text(parsed_session.track)}"
    yield f"URL:{parsed_session.url}"
    yield from (
        "STATUS:CANCELLED" if parsed_session.is_cancelled else "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    )


def format_moment(name: str, at: datetime.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """Format as local time with its zone; in UTC for the hour that a clock change repeats."""
    local = at.astimezone(zone)
    # Local time cannot say that it is the second of two: readers take the first.
    if zone.key == "UTC" or local.fold:
        return f"{name}:{at.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"
    return f"{name};TZID={zone.key}:{local:%Y%m%dT%H%M%S}"


def escape_text(text: str) -> str:
    """Escape backslash, semicolon, comma and line break."""
    # RFC 5545, 3.3.11; colons and quotes stay as they are.
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def fold_line(line: str) -> bytes:
    """Fold the line into pieces of at most 75 octets, never inside a character."""
    data = line.encode()
    if len(data) <= MAX_LINE_OCTETS:
        return data + b"\r\n"
    pieces = []
    start, max_octets = 0, MAX_LINE_OCTETS
    while start < len(data):
        end = min(start + max_octets, len(data))
        # 0b10xxxxxx is a continuation byte of UTF-8: a line must not break before one.
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        # The space that begins a continuation line counts.
        start, max_octets = end, MAX_LINE_OCTETS - 1
    return b"\r\n ".join(pieces) + b"\r\n"
