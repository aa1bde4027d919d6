"""Dates and hours as they are set in French and in English."""

import datetime

from babel.dates import format_date

LOCALES = {"fr": "fr", "en": "en_GB"}


def long_date(day: datetime.date, language: str) -> str:
    """Such as “mercredi 17 juin 2026”, with “1er” in French."""
    return _first(format_date(day, "EEEE d MMMM y", locale=LOCALES.get(language, language)), language)


def day_and_month(day: datetime.date, language: str) -> str:
    """Such as “mercredi 17 juin”."""
    return _first(format_date(day, "EEEE d MMMM", locale=LOCALES.get(language, language)), language)


def date_range(start: datetime.date, end: datetime.date, language: str) -> str:
    """Such as “17–18 juin 2026”, “30 juin – 2 juillet 2026” or one day alone."""
    locale = LOCALES.get(language, language)
    if start.year != end.year:
        first = format_date(start, "d MMMM y", locale=locale)
    elif start.month != end.month:
        first = format_date(start, "d MMMM", locale=locale)
    else:
        first = format_date(start, "d", locale=locale)
    last = format_date(end, "d MMMM y", locale=locale)
    if start == end:
        return _first(last, language)
    dash = "–" if start.month == end.month and start.year == end.year else " – "
    return f"{_first(first, language)}{dash}{_first(last, language)}"


def hour(moment: datetime.datetime, language: str) -> str:
    """Such as “9 h 05” in French and “09:05” in English; give the moment in the event's zone."""
    if language == "fr":
        return f"{moment.hour}\u00a0h\u00a0{moment:%M}"
    return f"{moment:%H:%M}"


def _first(date: str, language: str) -> str:
    """French says “1er” for the first day of a month."""
    if language != "fr":
        return date
    return " ".join("1er" if word == "1" else word for word in date.split(" "))
