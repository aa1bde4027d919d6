"""What the programme's templates need: days, languages, prose, and addresses of other views of the agenda."""

import datetime

from babel.dates import format_date, get_timezone_location
from django import template
from django.utils import timezone, translation

from convention.events.models import Event
from schedule import languages
from schedule.models import Session
from schedule.wish import Wish

register = template.Library()


def locale() -> str:
    """Our language as a locale: British order of dates in English."""
    return "en_GB" if translation.get_language() == "en" else "fr_FR"


def in_words(date: datetime.date, pattern: str) -> str:
    """A date by a pattern of Unicode's; the first of a month is “1er” in French."""
    text = format_date(date, pattern, locale=locale())
    first = translation.get_language() != "en" and date.day == 1
    return text.replace(" 1 ", " 1er ", 1) if first else text


@register.filter
def long_day(date: datetime.date) -> str:
    """“mardi 16 juin”, “Tuesday 16 June”."""
    return in_words(date, "EEEE d MMMM")


@register.filter
def short_day(date: datetime.date) -> str:
    """“mar. 16 juin”, “Tue 16 Jun”."""
    return in_words(date, "EEE d MMM")


@register.filter
def clock(moment: datetime.datetime, event: Event) -> str:
    """“09:00”, in the event's own time."""
    return f"{moment.astimezone(event.zone):%H:%M}"


@register.filter
def day_and_clock(moment: datetime.datetime, event: Event) -> str:
    """“mar. 16 juin, 09:00”, in the event's own time."""
    local = moment.astimezone(event.zone)
    return f"{short_day(local.date())}, {local:%H:%M}"


@register.filter
def zone_name(event: Event) -> str:
    """“Paris (UTC+2)”: the zone in which times are said, with its offset during the event."""
    offset = event.starts_at.astimezone(event.zone).strftime("%z")
    hours = f"{offset[0]}{int(offset[1:3])}" + ("" if offset[3:] == "00" else f":{offset[3:]}")
    place = get_timezone_location(event.timezone, locale=locale(), return_city=True)
    return f"{place} (UTC{hours.replace('-', '−')})"


@register.filter
def tongue_names(text: str) -> str:
    """“allemand, anglais” for “de, en”."""
    return ", ".join(languages.tongue_name(tongue) for tongue in languages.tongues(text))


@register.filter
def option_name(value: str, name: str) -> str:
    """What a filter's value is called."""
    return languages.tongue_name(value) if name == "language" else value


@register.filter
def html_lang(session: Session) -> str:
    """The `lang` of a session's own words, else nothing."""
    return languages.html_lang(session.language)


@register.simple_tag
def view(wish: Wish, **changes: str) -> str:
    """The same agenda seen another way: a query string."""
    return wish.query(**{name: str(value) for name, value in changes.items()})


@register.filter
def is_over(session: Session) -> bool:
    """Whether it has ended."""
    return bool(session.ends_at and session.ends_at < timezone.now())


@register.filter
def as_written(value: object, event: Event) -> str:
    """A value of a session as its form would show it."""
    if isinstance(value, datetime.datetime):
        return day_and_clock(value, event)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
