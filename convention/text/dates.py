"""Format dates and times in French and English: “du 16 au 17 juin 2027”, “9:30–10:15”.

Every function takes the time zone to use and formats in the current language, except `format_rfc3339`, which
is for programs. Spaces inside a time or a date do not break.
"""

import datetime
import zoneinfo
from functools import lru_cache

from django.utils import formats, timezone, translation

NO_BREAK_SPACE = "\u00a0"
EN_DASH = "–"

type DateOrDatetime = datetime.date | datetime.datetime
type TimeZone = datetime.tzinfo | str | None


def format_date(at: DateOrDatetime, zone: TimeZone = None) -> str:
    """Return “16 juin 2027”, “1er juin 2027”; “16 June 2027”."""
    return _format_pattern(_to_local(at, zone), "j F Y")


def format_date_with_weekday(at: DateOrDatetime, zone: TimeZone = None) -> str:
    """Return “mercredi 16 juin 2027”; “Wednesday 16 June 2027”."""
    return _format_pattern(_to_local(at, zone), "l j F Y")


def format_date_range(start: DateOrDatetime, end: DateOrDatetime, zone: TimeZone = None) -> str:
    """Return “du 16 au 17 juin 2027”; a single day comes with its weekday."""
    first, last = _to_date(_to_local(start, zone)), _to_date(_to_local(end, zone))
    if last <= first:
        return format_date_with_weekday(first)
    if first.year != last.year:
        left, right = "j F Y", "j F Y"
    elif first.month != last.month:
        left, right = "j F", "j F Y"
    else:
        left, right = "j", "j F Y"
    if _is_english():
        dash = EN_DASH if left == "j" else f" {EN_DASH} "
        return f"{_format_pattern(first, left)}{dash}{_format_pattern(last, right)}"
    return (
        f"du{NO_BREAK_SPACE}{_format_pattern(first, left)} au{NO_BREAK_SPACE}{_format_pattern(last, right)}"
    )


def format_time(at: datetime.datetime, zone: TimeZone = None) -> str:
    """Return “9 h 30”, “10 h”; “9:30”, “10:00”."""
    local = _to_local(at, zone)
    if not isinstance(local, datetime.datetime):
        return ""
    if _is_english():
        return format_short_time(at, zone)
    minutes = f"{NO_BREAK_SPACE}{local.minute:02}" if local.minute else ""
    return f"{local.hour}{NO_BREAK_SPACE}h{minutes}"


def format_clock(clock: datetime.time) -> str:
    """Return a time of day like `format_time`."""
    # On any day: what is formatted is a moment.
    return format_time(datetime.datetime.combine(datetime.date.min, clock))


def format_time_range(start: datetime.datetime, end: datetime.datetime | None, zone: TimeZone = None) -> str:
    """Return “9 h 30 – 10 h 15”; “9:30–10:15”. Without an end, the start alone."""
    if end is None or end == start:
        return format_time(start, zone)
    dash = EN_DASH if _is_english() else f"{NO_BREAK_SPACE}{EN_DASH}{NO_BREAK_SPACE}"
    return f"{format_time(start, zone)}{dash}{format_time(end, zone)}"


def format_short_time(at: datetime.datetime | None, zone: TimeZone = None) -> str:
    """Return “9:30” in both languages, where space is short; "" for None."""
    local = _to_local(at, zone) if at else None
    return f"{local.hour}:{local.minute:02}" if isinstance(local, datetime.datetime) else ""


def format_short_time_range(
    start: datetime.datetime, end: datetime.datetime | None, zone: TimeZone = None
) -> str:
    """Return “9:30–10:15” in both languages; the start alone without an end, or if both are equal."""
    shown = (start,) if end is None or end == start else (start, end)
    return EN_DASH.join(format_short_time(at, zone) for at in shown)


def format_duration(minutes: int) -> str:
    """Return “35 min”, “2 h”, “2 h 05”; “2 h 5 min” in English."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NO_BREAK_SPACE}min"
    if not rest:
        return f"{hours}{NO_BREAK_SPACE}h"
    if _is_english():
        return f"{hours}{NO_BREAK_SPACE}h {rest}{NO_BREAK_SPACE}min"
    return f"{hours}{NO_BREAK_SPACE}h{NO_BREAK_SPACE}{rest:02}"


def format_datetime(at: datetime.datetime, zone: TimeZone = None) -> str:
    """Return “16 juin 2027 à 9 h 30”; “16 June 2027, 9:30”."""
    separator = ", " if _is_english() else f" à{NO_BREAK_SPACE}"
    return f"{format_date(at, zone)}{separator}{format_time(at, zone)}"


def format_deadline(at: datetime.datetime, zone: TimeZone = None) -> str:
    """Return the day of a deadline at 23:59, the day before one at midnight, else date and time."""
    local = _to_local(at, zone)
    if isinstance(local, datetime.datetime) and local.time() >= datetime.time(23, 59):
        return format_date(local)
    # Midnight is the end of the day before: “until 15 June”, not “16 June at 0:00”.
    if isinstance(local, datetime.datetime) and local.time() == datetime.time():
        return format_date(local - datetime.timedelta(days=1))
    return format_datetime(at, zone)


def format_datetime_range(start: datetime.datetime, end: datetime.datetime, zone: TimeZone = None) -> str:
    """Return “mercredi 16 juin 2027, 9 h – 18 h”, or “du … juin à 9 h au … juin 2027 à 18 h”."""
    first, last = _to_date(_to_local(start, zone)), _to_date(_to_local(end, zone))
    if first == last:
        return f"{format_date_with_weekday(first)}, {format_time_range(start, end, zone)}"
    separator = f",{NO_BREAK_SPACE}" if _is_english() else f" à{NO_BREAK_SPACE}"
    start_text = (
        _format_pattern(first, "l j F" if first.year == last.year else "l j F Y")
        + separator
        + format_time(start, zone)
    )
    end_text = format_date_with_weekday(last) + separator + format_time(end, zone)
    if _is_english():
        return f"{start_text} {EN_DASH} {end_text}"
    return f"du{NO_BREAK_SPACE}{start_text} au{NO_BREAK_SPACE}{end_text}"


def format_rfc3339(at: datetime.datetime | None, zone: datetime.tzinfo) -> str | None:
    """Return the time to the second with the zone's offset: “2027-06-16T09:30:00+02:00”."""
    return at.astimezone(zone).isoformat(timespec="seconds") if at else None


def _is_english() -> bool:
    return (translation.get_language() or "").startswith("en")


def _to_local(at: DateOrDatetime, zone: TimeZone) -> DateOrDatetime:
    if not isinstance(at, datetime.datetime) or timezone.is_naive(at):
        return at
    return timezone.localtime(at, zoneinfo.ZoneInfo(zone) if isinstance(zone, str) else zone)


def _to_date(at: DateOrDatetime) -> datetime.date:
    return at.date() if isinstance(at, datetime.datetime) else at


def _format_pattern(at: DateOrDatetime, pattern: str) -> str:
    return _format_cached(_to_date(at), pattern, translation.get_language() or "")


@lru_cache(maxsize=2048)  # lists repeat the same few dates
def _format_cached(at: datetime.date, pattern: str, _language: str) -> str:
    """Format with Django's names of months and days, and the French ordinal of the first."""
    text = str(formats.date_format(at, pattern))
    if not _is_english() and at.day == 1:
        text = " ".join("1er" if word == "1" else word for word in text.split(" "))
    return text.replace(" ", NO_BREAK_SPACE)
