"""Read and write the cells of a table of sessions: dates, times, durations, speakers, links."""

import datetime
import re
import uuid
from collections.abc import Iterable

from convention.tables.cells import NO_WORDS, SPREADSHEET_EPOCH, YES_WORDS, parse_date_cell
from convention.text.normalize import casefold_text
from schedule.exchange.parsed_programme import ParsedLink, ParsedSpeaker

from . import times
from .clean_values import parse_guid

MAX_CELL_CHARS = 100
# The first letters of the months in English and French, without accents; “juil” comes before “jui”.
MONTH_BEGINNINGS = (
    *(("jan", 1), ("feb", 2), ("fev", 2), ("mar", 3), ("apr", 4), ("avr", 4), ("may", 5), ("mai", 5)),
    *(("jun", 6), ("juin", 6), ("jul", 7), ("juil", 7), ("aug", 8), ("aou", 8), ("sep", 9), ("oct", 10)),
    *(("nov", 11), ("dec", 12)),
)
DAY_MONTH_PATTERN = re.compile(
    r"(?:[^\W\d]+[.,]*\s+)?(\d{1,2})(?:er|st|nd|rd|th)?\.?\s+([^\W\d]+)\.?,?\s+(\d{4})"
)
MONTH_DAY_PATTERN = re.compile(r"(?:[^\W\d]+[.,]*\s+)?([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
CLOCK_PATTERN = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*(\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*(h|heures?|[ap]\.?m\.?)?", re.I
)
CLOCK_END_PATTERN = re.compile(
    r"(?:[\sT,]|\bat|\bà)+(\d{1,2}\s*(?:[:.h]|[ap]\.?m)[^a-z]*(?:[ap]\.?m\.?)?)$", re.I
)
# A moment as a spreadsheet's number, which remains if a cell lost its date format; years 1954 to 2118.
SERIAL_MOMENT_PATTERN = re.compile(r"([2-7]\d{4})(\.\d+)")
# “25:00” alone or after a date; not the day of “24.06.2026”, nor the minutes of “9:30”.
HOUR_PAST_MIDNIGHT_PATTERN = re.compile(
    r"(?:^|[\sT,])(?:2[4-9]|[3-9]\d)\s*(?:h|[:.]\s*\d{2}(?![.\d]))|^\d{1,3} days?, ", re.I
)
DAY_FRACTION_PATTERN = re.compile(r"0?\.\d+")
WORDED_DURATION_PATTERN = re.compile(
    r"(?:(\d{1,3})\s*(?:d|j|days?|jours?)\.?,?\s*)?(?:(\d{1,4})\s*(?:h|hrs?|hours?|heures?)\.?\s*)?"
    r"(?:(\d{1,5})\s*(?:m|mn|mins?|minutes?|)\.?)?",
    re.I,
)
# As Python writes a duration of more than a day, which spreadsheets give for 25:00.
LONG_DURATION_PATTERN = re.compile(r"(\d{1,3}) days?, (\d{1,2}):(\d{2}):(\d{2})")
MINUTE = datetime.timedelta(minutes=1)
# The parts of a link after its title: kind and service.
LINK_PARTS_AFTER_TITLE = 2


def parse_day(text: str) -> datetime.date | None:
    """Parse a date: 2026-06-17, 17/06/2026, 17 juin 2026, June 17, 2026, or a spreadsheet's number."""
    if len(text) > MAX_CELL_CHARS:
        return None
    day = parse_date_cell(text) or parse_worded_day(" ".join(text.split()))
    return day if day and day.year in times.ACCEPTED_YEARS else None


def parse_worded_day(text: str) -> datetime.date | None:
    """Parse a date with the name of its month, in English or French."""
    if match := DAY_MONTH_PATTERN.fullmatch(text):
        day, month_name, year = match[1], match[2], match[3]
    elif match := MONTH_DAY_PATTERN.fullmatch(text):
        month_name, day, year = match[1], match[2], match[3]
    else:
        return None
    plain = casefold_text(month_name)
    month = next((number for beginning, number in MONTH_BEGINNINGS if plain.startswith(beginning)), 0)
    try:
        return datetime.date(int(year), month, int(day))
    except ValueError:
        return None


def parse_moment(text: str) -> datetime.datetime | None:
    """Parse a date with a time, aware if there is an offset; None for a date or a time alone."""
    value = " ".join(text.split())
    if len(value) > MAX_CELL_CHARS:
        return None
    if moment := times.parse_moment(value):
        return moment
    if match := SERIAL_MOMENT_PATTERN.fullmatch(value):
        epoch = datetime.datetime.combine(SPREADSHEET_EPOCH, datetime.time())
        return epoch + datetime.timedelta(days=int(match[1]), minutes=round(float(match[2]) * 1440))
    match = CLOCK_END_PATTERN.search(value)
    if not match:
        return None
    day, clock = parse_day(value[: match.start()]), parse_clock(match[1])
    return datetime.datetime.combine(day, datetime.time()) + clock if day and clock is not None else None


def parse_clock(text: str) -> datetime.timedelta | None:
    """Parse a time of day: 9:30, 9h30, 9h, 9 AM, 24:30, or a fraction of a day, as time since midnight."""
    value = text.strip()
    if DAY_FRACTION_PATTERN.fullmatch(value):
        return MINUTE * round(float(value) * 1440)
    if match := LONG_DURATION_PATTERN.fullmatch(value):
        return make_duration(*map(int, match.groups()))
    match = CLOCK_PATTERN.fullmatch(value)
    # A number alone may be anything.
    if not match or not (match[2] or match[4]):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    half = (match[4] or "").lower()[:1]
    if half in ("a", "p"):
        hours = hours % 12 + 12 * (half == "p")
    return times.parse_clock(f"{hours}:{minutes:02}:{seconds:02}")


def has_hour_past_midnight(text: str) -> bool:
    """Return whether a time of day is 24:00 or later, which is more often a mistake than the next day."""
    return len(text) <= MAX_CELL_CHARS and HOUR_PAST_MIDNIGHT_PATTERN.search(text.strip()) is not None


def parse_duration(text: str) -> datetime.timedelta | None:
    """Parse a duration: 90 (minutes), 1:30, 1h30, 1 h 30 min, 90 minutes, PT1H30M."""
    value = text.strip()
    if (span := times.parse_duration(value)) is not None:
        return span
    if match := LONG_DURATION_PATTERN.fullmatch(value):
        return make_duration(*map(int, match.groups()))
    match = WORDED_DURATION_PATTERN.fullmatch(value)
    if not match or not any(match.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return make_duration(days, hours, minutes)


def make_duration(days: int, hours: int, minutes: int, seconds: int = 0) -> datetime.timedelta:
    return datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(span: datetime.timedelta) -> int | str:
    """Return the minutes, or h:mm:ss if there are seconds."""
    seconds = int(span.total_seconds())
    if seconds % 60 == 0:
        return seconds // 60
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def parse_yes_or_no(text: str) -> bool | None:
    """Parse “yes” or “no” in English or French; False for an empty cell, None for any other word."""
    word = text.strip().casefold()
    if word in YES_WORDS:
        return True
    return False if not word or word in NO_WORDS else None


def format_names(names: Iterable[str]) -> str:
    """Join names so that `split_names` gives the same."""
    name_list = list(names)
    if any(";" in name for name in name_list):
        return "\n".join([*name_list, *[""] * (len(name_list) == 1)])
    # A comma alone would be read as separating two names.
    return "; ".join(name_list) + (";" if len(name_list) == 1 and "," in name_list[0] else "")


def split_names(text: str) -> list[str]:
    """Split names at line breaks, else at semicolons, else at commas."""
    separator = next((sign for sign in ("\n", ";") if sign in text.rstrip(" ")), ",")
    return [name for part in text.split(separator) if (name := part.strip())]


def format_speaker_ids(speakers: Iterable[ParsedSpeaker]) -> str:
    return "\n".join(f"{speaker.name} = {speaker.guid}" for speaker in speakers if speaker.guid)


def split_speaker_ids(text: str) -> dict[str, list[uuid.UUID]]:
    """Return the guids of each name, in order: two speakers may share a name."""
    guids: dict[str, list[uuid.UUID]] = {}
    for line in text.splitlines():
        name, _sign, identifier = line.rpartition("=")
        if guid := parse_guid(identifier.strip()):
            guids.setdefault(name.strip(), []).append(guid)
    return guids


def format_links(links: Iterable[ParsedLink]) -> str:
    """Write a link on each line: address | title | kind | service."""
    return "\n".join(map(format_link, links))


def format_link(link: ParsedLink) -> str:
    if link.kind or link.service or "|" in link.title:
        return f"{link.url} | {link.title} | {link.kind} | {link.service}"
    return f"{link.url} | {link.title}" if link.title else link.url


def split_link(line: str) -> ParsedLink:
    """Read one line; a title may hold “|” if kind and service follow."""
    url, *rest = line.split("|")
    if len(rest) <= LINK_PARTS_AFTER_TITLE:
        title, kind = ([part.strip() for part in rest] + ["", ""])[:2]
        return ParsedLink(url.strip(), title, kind)
    kind, service = (part.strip() for part in rest[-LINK_PARTS_AFTER_TITLE:])
    return ParsedLink(url.strip(), "|".join(rest[:-LINK_PARTS_AFTER_TITLE]).strip(), kind, service)
