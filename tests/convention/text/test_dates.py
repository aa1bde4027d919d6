import datetime
import re
import zoneinfo

import pytest
from django.utils import translation

from convention.text.dates import (
    format_date,
    format_date_range,
    format_date_with_weekday,
    format_datetime,
    format_datetime_range,
    format_short_time,
    format_short_time_range,
    format_time,
    format_time_range,
)
from tests.test_architecture import ROOT, list_files

DJANGO_DATE_FORMATS = {
    "*.py": re.compile(r"\bdate_format\([^(),]*\)|\bdate_format\(.*_FORMAT"),
    "*.html": re.compile(r"\|(?:date|time)(?::\"\w*_FORMAT\"|\b(?!:))"),
}
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def at(day: int, hour: int = 9, minute: int = 0, month: int = 6, year: int = 2027) -> datetime.datetime:
    return datetime.datetime(year, month, day, hour, minute, tzinfo=PARIS)


def replace_nbsp(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("start", "end", "french", "english"),
    [
        (at(16), at(17), "du 16 au 17 juin 2027", "16–17 June 2027"),
        (at(30), at(2, month=7), "du 30 juin au 2 juillet 2027", "30 June – 2 July 2027"),
        (at(31, month=12), at(1, month=1, year=2028), "du 31 décembre 2027 au 1er janvier 2028",
         "31 December 2027 – 1 January 2028"),
        (at(1), at(2), "du 1er au 2 juin 2027", "1–2 June 2027"),
        (at(16), at(16, 18), "mercredi 16 juin 2027", "Wednesday 16 June 2027"),
    ],
)  # fmt: skip
def test_date_range_is_formatted_in_both_languages(start, end, french, english):
    assert replace_nbsp(format_date_range(start, end, PARIS)) == french
    with translation.override("en"):
        assert replace_nbsp(format_date_range(start, end, PARIS)) == english


def test_time_range_is_formatted_in_both_languages():
    assert replace_nbsp(format_time_range(at(16, 9, 30), at(16, 10, 15), PARIS)) == "9 h 30 – 10 h 15"
    assert replace_nbsp(format_time_range(at(16, 9), None, PARIS)) == "9 h"
    assert replace_nbsp(format_time_range(at(16, 9), at(16, 9), PARIS)) == "9 h"

    with translation.override("en"):
        assert format_time_range(at(16, 9, 30), at(16, 10, 15), PARIS) == "9:30–10:15"


def test_short_times_are_the_same_in_both_languages():
    for language in ("fr", "en"):
        with translation.override(language):
            assert format_short_time(at(16, 9, 5), PARIS) == "9:05"
            assert format_short_time(at(16, 9, 5), "UTC") == "7:05"
            assert format_short_time_range(at(16, 9), at(16, 10, 15), PARIS) == "9:00–10:15"
            assert format_short_time_range(at(16, 9), None, PARIS) == "9:00"
            assert format_short_time_range(at(16, 9), at(16, 9), PARIS) == "9:00"


def test_times_and_dates_have_non_breaking_spaces():
    assert format_time(at(16, 9, 5), PARIS) == "9\u00a0h\u00a005"
    assert format_date(at(16), PARIS) == "16\u00a0juin\u00a02027"


def test_datetime_is_shown_in_given_time_zone():
    late = datetime.datetime(2027, 6, 16, 23, 30, tzinfo=datetime.UTC)

    assert replace_nbsp(format_datetime(late, PARIS)) == "17 juin 2027 à 1 h 30"
    assert replace_nbsp(format_datetime(late, "America/New_York")) == "16 juin 2027 à 19 h 30"

    with translation.override("en"):
        assert replace_nbsp(format_datetime(late, PARIS)) == "17 June 2027, 1:30"


@pytest.mark.parametrize(
    ("start", "end", "french", "english"),
    [
        (at(16, 9), at(16, 18), "mercredi 16 juin 2027, 9 h – 18 h", "Wednesday 16 June 2027, 9:00–18:00"),
        (at(16, 8, 30), at(17, 18), "du mercredi 16 juin à 8 h 30 au jeudi 17 juin 2027 à 18 h",
         "Wednesday 16 June, 8:30 – Thursday 17 June 2027, 18:00"),
        (at(31, 20, month=12), at(1, 2, month=1, year=2028),
         "du vendredi 31 décembre 2027 à 20 h au samedi 1er janvier 2028 à 2 h",
         "Friday 31 December 2027, 20:00 – Saturday 1 January 2028, 2:00"),
    ],
)  # fmt: skip
def test_datetime_range_is_formatted_in_both_languages(start, end, french, english):
    assert replace_nbsp(format_datetime_range(start, end, PARIS)) == french
    with translation.override("en"):
        assert replace_nbsp(format_datetime_range(start, end, PARIS)) == english


def test_datetime_range_is_shown_in_given_time_zone():
    start = datetime.datetime(2027, 6, 16, 23, tzinfo=datetime.UTC)
    assert replace_nbsp(
        format_datetime_range(start, start + datetime.timedelta(hours=2), "Europe/Paris")
    ) == ("jeudi 17 juin 2027, 1 h – 3 h")


def test_date_without_time_is_formatted_with_weekday():
    assert replace_nbsp(format_date_with_weekday(datetime.date(2027, 6, 1))) == "mardi 1er juin 2027"


def test_default_date_formats_of_django_are_not_used():
    """Django's own formats say “June 1, 2027, 9 a.m.” in English."""
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for kind, pattern in DJANGO_DATE_FORMATS.items()
        for path in list_files(kind)
        for match in pattern.finditer(path.read_text())
    }

    assert found == set()
