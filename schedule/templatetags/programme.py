"""Template filters and tags of the programme: days, languages and addresses of other agenda views."""

import datetime

from babel.dates import format_date, get_timezone_location
from django import template
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.text.dates import format_short_time, format_time_range
from convention.text.languages import choose_html_lang, get_language_name, parse_languages
from schedule.models import Session
from schedule.programme.agenda_filter import AgendaFilter
from schedule.programme.offline import is_event_near
from schedule.programme.session_labels import get_kind_name

register = template.Library()

FILTER_LABELS = {
    "track": _("Tracks"),
    "room": _("Rooms"),
    "language": _("Languages"),
    "kind": pgettext_lazy("sessions", "Types"),
    "speaker": _("Speakers"),
}


def get_babel_locale() -> str:
    """Return the locale of the active language; British dates in English."""
    return "en_GB" if translation.get_language() == "en" else "fr_FR"


def format_localized_date(date: datetime.date, pattern: str) -> str:
    """Format a date by a CLDR pattern; the first of a month is “1er” in French."""
    text = format_date(date, pattern, locale=get_babel_locale())
    # CLDR has no pattern for the French ordinal.
    is_ordinal = translation.get_language() != "en" and date.day == 1
    return text.replace(" 1 ", " 1er ", 1) if is_ordinal else text


@register.filter
def long_day(date: datetime.date) -> str:
    """Format as “mardi 16 juin” or “Tuesday 16 June”."""
    return format_localized_date(date, "EEEE d MMMM")


@register.filter
def short_day(date: datetime.date) -> str:
    """Format as “mar. 16 juin” or “Tue 16 Jun”."""
    return format_localized_date(date, "EEE d MMM")


@register.filter
def event_clock(moment: datetime.datetime, event: Event) -> str:
    """Format as “9:00”, in the event's time zone."""
    return format_short_time(moment, event.zone)


@register.filter
def event_day(moment: datetime.datetime, event: Event) -> str:
    """Format as “mardi 16 juin”, in the event's time zone."""
    return long_day(moment.astimezone(event.zone).date())


@register.filter
def event_day_and_clock(moment: datetime.datetime, event: Event) -> str:
    """Format as “mar. 16 juin, 9 h” (“Tue 16 Jun, 9:00”), in the event's time zone."""
    return event_day_and_hours(moment, None, event)


@register.simple_tag
def event_day_and_hours(starts_at: datetime.datetime, ends_at: datetime.datetime | None, event: Event) -> str:
    """Format as “mar. 16 juin, 9 h – 9 h 50” (“Tue 16 Jun, 9:00–9:50”), in the event's time zone."""
    day = short_day(starts_at.astimezone(event.zone).date())
    return f"{day}, {format_time_range(starts_at, ends_at, event.zone)}"


@register.filter
def zone_name(event: Event) -> str:
    """Return “Paris (UTC+2)”: the event's time zone with its offset during the event."""
    # Of the event's start, not of today: summer time may lie between them.
    offset = event.starts_at.astimezone(event.zone).strftime("%z")
    hours = f"{offset[0]}{int(offset[1:3])}" + ("" if offset[3:] == "00" else f":{offset[3:]}")
    return f"{zone_location(event)} (UTC{hours.replace('-', '−')})"


@register.filter
def zone_location(event: Event) -> str:
    """Return “Paris”: for times on both sides of a change of the clocks, which have no common offset."""
    return get_timezone_location(event.timezone, locale=get_babel_locale(), return_city=True)


@register.filter
def language_names(text: str) -> str:
    """Return “allemand, anglais” for “de, en”."""
    return ", ".join(get_language_name(language) for language in parse_languages(text))


register.filter("kind_name", get_kind_name)


@register.filter
def option_name(value: str, name: str) -> str:
    """Return the label of a filter's value."""
    if name == "kind":
        return get_kind_name(value)
    return get_language_name(value) if name == "language" else value


@register.simple_tag
def filter_label(name: str) -> str:
    """Return the heading of a filter's values."""
    return str(FILTER_LABELS[name])


@register.filter
def html_lang(session: Session) -> str:
    """Return the `lang` attribute for a session's own texts, "" if it is unknown."""
    return choose_html_lang(session.language)


@register.simple_tag
def agenda_query(agenda_filter: AgendaFilter, **changes: object) -> str:
    """Return the query string of the same agenda with some values changed; an empty one clears a filter."""
    return agenda_filter.to_query_string(**{name: str(value) for name, value in changes.items()})


@register.filter
def is_near(event: Event) -> bool:
    """Return whether phones should store the programme for offline use."""
    return is_event_near(event)


@register.filter
def form_value(value: object, event: Event) -> str:
    """Return a session's value in words, for comparison."""
    if isinstance(value, datetime.datetime):
        return event_day_and_clock(value, event)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
