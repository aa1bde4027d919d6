"""Days and hours as French and English print them: “du 16 au 17 juin 2027”, “9:30–10:15”.

Every function takes the zone in which times are said and, but for `rfc3339`, which is for programs,
answers in the language of the moment. Spaces inside a time or a day do not break.
"""

import datetime
import zoneinfo
from functools import lru_cache

from django.utils import formats, timezone, translation

NO_BREAK = "\u00a0"
DASH = "–"

type Moment = datetime.date | datetime.datetime
type Zone = datetime.tzinfo | str | None


def say_day(at: Moment, zone: Zone = None) -> str:
    """“16 juin 2027”, “1er juin 2027”; “16 June 2027”."""
    return _date(_local(at, zone), "j F Y")


def say_weekday(at: Moment, zone: Zone = None) -> str:
    """“mercredi 16 juin 2027”; “Wednesday 16 June 2027”."""
    return _date(_local(at, zone), "l j F Y")


def say_days(start: Moment, end: Moment, zone: Zone = None) -> str:
    """From one day to another: “du 16 au 17 juin 2027”; one day alone comes with its weekday."""
    first, last = _day(_local(start, zone)), _day(_local(end, zone))
    if last <= first:
        return say_weekday(first)
    if first.year != last.year:
        left, right = "j F Y", "j F Y"
    elif first.month != last.month:
        left, right = "j F", "j F Y"
    else:
        left, right = "j", "j F Y"
    if _is_english():
        dash = DASH if left == "j" else f" {DASH} "
        return f"{_date(first, left)}{dash}{_date(last, right)}"
    return f"du{NO_BREAK}{_date(first, left)} au{NO_BREAK}{_date(last, right)}"


def say_time(at: datetime.datetime, zone: Zone = None) -> str:
    """“9 h 30”, “10 h”; “9:30”, “10:00”."""
    local = _local(at, zone)
    if not isinstance(local, datetime.datetime):
        return ""
    if _is_english():
        return f"{local.hour}:{local.minute:02}"
    minutes = f"{NO_BREAK}{local.minute:02}" if local.minute else ""
    return f"{local.hour}{NO_BREAK}h{minutes}"


def say_hours(start: datetime.datetime, end: datetime.datetime | None, zone: Zone = None) -> str:
    """“9 h 30 – 10 h 15”; “9:30–10:15”. Without an end, the start alone."""
    if end is None or end == start:
        return say_time(start, zone)
    dash = DASH if _is_english() else f"{NO_BREAK}{DASH}{NO_BREAK}"
    return f"{say_time(start, zone)}{dash}{say_time(end, zone)}"


def say_moment(at: datetime.datetime, zone: Zone = None) -> str:
    """“16 juin 2027 à 9 h 30”; “16 June 2027, 9:30”."""
    joint = ", " if _is_english() else f" à{NO_BREAK}"
    return f"{say_day(at, zone)}{joint}{say_time(at, zone)}"


def say_until(at: datetime.datetime, zone: Zone = None) -> str:
    """The day with which it ends, where it ends with a day; else the day and the hour."""
    local = _local(at, zone)
    if isinstance(local, datetime.datetime) and local.time() >= datetime.time(23, 59):
        return say_day(local)
    if isinstance(local, datetime.datetime) and local.time() == datetime.time():
        return say_day(local - datetime.timedelta(days=1))
    return say_moment(at, zone)


def say_span(start: datetime.datetime, end: datetime.datetime, zone: Zone = None) -> str:
    """“mercredi 16 juin 2027, 9 h – 18 h”; “du mercredi 16 juin à 9 h au jeudi 17 juin 2027 à 18 h”."""
    first, last = _day(_local(start, zone)), _day(_local(end, zone))
    if first == last:
        return f"{say_weekday(first)}, {say_hours(start, end, zone)}"
    joint = f",{NO_BREAK}" if _is_english() else f" à{NO_BREAK}"
    began = _date(first, "l j F" if first.year == last.year else "l j F Y") + joint + say_time(start, zone)
    ended = say_weekday(last) + joint + say_time(end, zone)
    if _is_english():
        return f"{began} {DASH} {ended}"
    return f"du{NO_BREAK}{began} au{NO_BREAK}{ended}"


def rfc3339(at: datetime.datetime | None, zone: datetime.tzinfo) -> str | None:
    """To the second, with the offset of the zone at that moment: “2027-06-16T09:30:00+02:00”."""
    return at.astimezone(zone).isoformat(timespec="seconds") if at else None


def _is_english() -> bool:
    return (translation.get_language() or "").startswith("en")


def _local(at: Moment, zone: Zone) -> Moment:
    if not isinstance(at, datetime.datetime) or timezone.is_naive(at):
        return at
    return timezone.localtime(at, zoneinfo.ZoneInfo(zone) if isinstance(zone, str) else zone)


def _day(at: Moment) -> datetime.date:
    return at.date() if isinstance(at, datetime.datetime) else at


def _date(at: Moment, pattern: str) -> str:
    return _written(_day(at), pattern, translation.get_language() or "")


@lru_cache(maxsize=2048)  # lists say the same few days again and again
def _written(at: datetime.date, pattern: str, _language: str) -> str:
    """By Django's names of months and days, with the French ordinal of the first."""
    text = str(formats.date_format(at, pattern))
    if not _is_english() and at.day == 1:
        text = " ".join("1er" if word == "1" else word for word in text.split(" "))
    return text.replace(" ", NO_BREAK)
