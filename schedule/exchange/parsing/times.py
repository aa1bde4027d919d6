"""Parse dates, times, durations and time zones as files write them."""

import datetime
import functools
import re
import zoneinfo
from collections.abc import Iterable

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from convention.text.time_zones import list_zone_names
from schedule.exchange.import_notes import ImportNotes, NoteReason

ACCEPTED_YEARS = range(1901, 2200)
# No time zone is farther from UTC.
MAX_UTC_OFFSET = datetime.timedelta(hours=14)
OFFSET_END_PATTERN = re.compile(r"(?<=\d)\s*[+-]\d{2}(?::?\d{2}){0,2}$")
DEFAULT_ZONE = "Europe/Paris"
LIKELY_ZONES = (
    "Europe/Paris",
    "UTC",
    "Europe/London",
    "Europe/Athens",
    "Europe/Moscow",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
# “(UTC+01:00) Brussels, Paris”, “(GMT-05:00) Eastern Time (US & Canada)”, “(UTC) Dublin” or “Paris”.
DISPLAY_NAME_PATTERN = re.compile(
    r"(?:\((?:UTC|GMT)(?:([+-])(\d{1,2})[:.](\d{2}))?\)\s*)?([^():]+(?:\([^)]*\))?)", re.I
)
# `find_zone` tries each part after a slash: a name of slashes alone would take quadratic time.
MAX_ZONE_NAME_CHARS = 200
# Other groups, such as Etc/ and US/, do not end with cities.
REGION_PATTERN = re.compile("(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")
CLOCK_PATTERN = re.compile(r"(\d{1,2})\s*[:.hH]\s*(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*$")
DURATION_PATTERN = re.compile(r"(\d{1,4})\s*[:hH]\s*(\d{1,2})(?::(\d{1,2}))?\s*$")
ISO_DURATION_PATTERN = re.compile(
    r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?$", re.I
)


def parse_day(text: str | None) -> datetime.date | None:
    """Parse a date such as 2026-06-17, alone or before a time."""
    try:
        day = datetime.date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
    return day if day.year in ACCEPTED_YEARS else None


def parse_moment(text: str | None) -> datetime.datetime | None:
    """Parse a date with a time, aware if there is an offset; None for a date alone."""
    value = (text or "").strip()
    # datetime.fromisoformat would read a date alone as midnight.
    if len(value) <= 10:
        return None
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    utc_offset = moment.utcoffset() or datetime.timedelta()
    return (
        moment.replace(microsecond=0)
        if moment.year in ACCEPTED_YEARS and abs(utc_offset) <= MAX_UTC_OFFSET
        else None
    )


def parse_despite_offset(text: str | None) -> datetime.datetime | None:
    """Return the local time of a moment with an impossible offset such as +25:00; None for other texts."""
    value = (text or "").strip()
    text_without_offset, offsets = OFFSET_END_PATTERN.subn("", value)
    return parse_moment(text_without_offset) if offsets and parse_moment(value) is None else None


def parse_clock(text: str | None) -> datetime.timedelta | None:
    """Parse a time of day such as 9:30, 09:30:00, 9h30 or 24:30, as time since midnight."""
    match = CLOCK_PATTERN.match((text or "").strip())
    if not match:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    # “25:30” is in the following night: programmes count past midnight, but not for a second day.
    if hours > 47 or minutes > 59 or seconds > 59:
        return None
    return datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def parse_duration(text: str | None) -> datetime.timedelta | None:
    """Parse a duration: 1:00, 01:00:00 (hours first), 90 (minutes), 1h30, PT1H30M."""
    value = (text or "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 5:
        return datetime.timedelta(minutes=int(value))
    if match := DURATION_PATTERN.match(value):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    match = ISO_DURATION_PATTERN.match(value)
    if not match or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return datetime.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


# Abbreviations, mapped to places because exports need the name of a place. As in the time zone database since
# 2024b, but with Paris instead of Brussels.
ZONE_ALIASES = {
    "CET": "Europe/Paris", "MET": "Europe/Paris", "EET": "Europe/Athens", "WET": "Europe/Lisbon",
    "EST": "America/Panama", "MST": "America/Phoenix", "HST": "Pacific/Honolulu",
    "EST5EDT": "America/New_York", "CST6CDT": "America/Chicago", "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}  # fmt: skip


@functools.lru_cache(maxsize=1000)
def find_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone of an IANA or Windows name, or of the cities that Outlook names instead."""
    if len(name) > MAX_ZONE_NAME_CHARS:
        return None
    parts = name.strip().strip("/").split("/")
    # Some tools put a path before the name: “/freeassociation.sourceforge.net/Europe/Paris”.
    candidates = [name, WINDOWS_TO_OLSON.get(name, ""), *("/".join(parts[at:]) for at in range(len(parts)))]
    candidates += ["UTC"] if parts[-1].upper() == "UTC" else []
    zones = (zone for candidate in candidates if (zone := get_iana_zone(candidate)))
    return next(zones, None) or find_zone_by_display_name(name)


def find_zone_by_display_name(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone of a display name: “(UTC+01:00) Brussels, Copenhagen, Madrid, Paris” or “Paris”.

    The offset before the cities is that of their winter (in July in the southern hemisphere).
    DEFAULT_ZONE is preferred if one of the cities is in it.
    """
    match = DISPLAY_NAME_PATTERN.fullmatch(name.strip())
    if not match:
        return None
    sign, hours, minutes, place_names = match.groups()
    places = [" ".join(place.split()).lower() for place in re.split(r"[,/;(]", place_names)]
    windows = WINDOWS_TO_OLSON.get(places[0].title().replace(" Time", " Standard Time"), "")
    keys = sorted(
        {map_zone_cities()[place] for place in places if place in map_zone_cities()},
        key=lambda key: key != DEFAULT_ZONE,
    )
    zones = [zoneinfo.ZoneInfo(key) for key in (*keys, windows) if key]
    if sign:
        utc_offset = datetime.timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
        zones = [
            zone
            for zone in zones
            if any(
                datetime.datetime(2026, month, 15, tzinfo=zone).utcoffset() == utc_offset for month in (1, 7)
            )
        ]
    return next(iter(zones), None)


@functools.cache
def map_zone_cities() -> dict[str, str]:
    """Map lower-case cities to the zones named after them."""
    return {
        name.rpartition("/")[2].replace("_", " ").lower(): name
        for name in list_zone_names()
        if REGION_PATTERN.match(name)
    }


def get_iana_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone of exactly this IANA name; not `Factory` or `localtime`."""
    return zoneinfo.ZoneInfo(ZONE_ALIASES.get(name, name)) if name in list_zone_names() else None


def choose_zone(
    name: str | None,
    *,
    event_zone: zoneinfo.ZoneInfo | None,
    offsets: Iterable[tuple[datetime.datetime, datetime.timedelta]],
    notes: ImportNotes,
) -> zoneinfo.ZoneInfo:
    """Return the zone of a file: the one it names, the event's, one that fits its offsets, or ours.

    `offsets` are moments in UTC with the offset of local time at each, as the file has it.
    """
    if name and (zone := find_zone(name)):
        return zone
    if name:
        notes.add(NoteReason.UNKNOWN_ZONE, name)
    samples = list(offsets)
    if event_zone:
        if not samples:
            notes.add(NoteReason.NO_ZONE, event_zone.key)
        return event_zone
    zone = find_fitting_zone(samples) if samples else zoneinfo.ZoneInfo(DEFAULT_ZONE)
    notes.add(NoteReason.GUESSED_ZONE if samples else NoteReason.NO_ZONE, zone.key)
    return zone


def find_fitting_zone(samples: list[tuple[datetime.datetime, datetime.timedelta]]) -> zoneinfo.ZoneInfo:
    """Return the first likely zone that has most of these offsets; else a fixed offset."""

    def count_matches(zone: zoneinfo.ZoneInfo) -> int:
        return sum(moment.astimezone(zone).utcoffset() == offset for moment, offset in samples)

    # max keeps the first of equals, so the order of LIKELY_ZONES decides.
    best = max((zoneinfo.ZoneInfo(name) for name in LIKELY_ZONES), key=count_matches)
    if count_matches(best) * 2 > len(samples):
        return best
    hours = round(samples[0][1].total_seconds() / 3600)
    # POSIX signs: Etc/GMT-2 is two hours ahead of UTC.
    return zoneinfo.ZoneInfo(f"Etc/GMT{-hours:+d}" if hours and -14 <= -hours <= 12 else "UTC")


def find_clock_change(local: datetime.datetime, zone: datetime.tzinfo) -> NoteReason | None:
    """Return the reason for a note if a clock change skips or repeats the local time, else None."""
    aware = local.replace(tzinfo=zone, fold=0)
    round_tripped = aware.astimezone(datetime.UTC).astimezone(zone)
    # A local time that does not exist comes out of UTC as another one (PEP 495).
    if round_tripped.replace(tzinfo=None) != local:
        return NoteReason.SKIPPED_HOUR
    is_shown_twice = aware.utcoffset() != aware.replace(fold=1).utcoffset()
    return NoteReason.REPEATED_HOUR if is_shown_twice else None


def convert_to_utc(moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """Convert to UTC; a naive time is local time in the zone."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(datetime.UTC)
