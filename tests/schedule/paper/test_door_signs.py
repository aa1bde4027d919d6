"""Door signs: a room's day on one sheet, as large as it goes."""

import datetime
import io

import pdfplumber
import pytest

from schedule.paper.print_agenda import print_agenda, print_sheets
from schedule.paper.print_options import PrintOptions
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, pdf_text
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.schedule.paper.comparisons import make_comparison

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)


@pytest.fixture
def event():
    return make_event(slug="doors", starts_at=START, ends_at=START + datetime.timedelta(days=2))


def fill(event, count, title):
    room = make_room(event, name="Auditorium")
    for number in range(count):
        make_session(
            event, f"{title} {number}", room=room, minutes=20, speakers=["Ana Dupré", "Zoé Martin"],
            starts_at=START + datetime.timedelta(minutes=20 * number),
        )  # fmt: skip


def sheets(event, language="fr"):
    """For each sheet its text and the sizes of the letters in the sessions' part."""
    file = io.BytesIO()
    print_agenda(event, file=file, format_name="doors", language=language)
    with pdfplumber.open(file) as document:
        return [
            (page.extract_text(), {round(char["size"], 2) for char in page.chars}) for page in document.pages
        ]


def test_a_short_day_is_set_in_large_letters(event):
    fill(event, 3, "Session")
    [(text, sizes)] = sheets(event)
    assert {30.0, 21.0} <= sizes
    assert "9 h" in text.replace("\xa0", " ")
    assert "– 9 h 20" in text.replace("\xa0", " ")


def test_titles_have_24_points_on_a_usual_day(event):
    fill(event, 8, "Une session comme les autres")
    [(_text, sizes)] = sheets(event)
    assert max(sizes - {58.0}) >= 24


def test_a_full_day_stands_on_one_sheet_in_smaller_letters(event):
    fill(event, 14, "Une session au titre un peu plus long que la ligne")
    [(text, sizes)] = sheets(event)
    assert [number for number in range(14) if f" {number}\n" not in text] == []
    assert min(sizes - {9.0}) >= 9.8
    assert "(1/" not in text


def test_a_day_too_long_takes_sheets_that_are_numbered(event):
    fill(event, 32, "Une session")
    found = sheets(event, "en")
    assert [text.splitlines()[1] for text, _sizes in found] == [
        "Tuesday 15 June 2027 (1/3)",
        "Tuesday 15 June 2027 (2/3)",
        "Tuesday 15 June 2027 (3/3)",
    ]
    assert all(min(sizes - {9.0}) >= 9.8 for _text, sizes in found)


def test_a_sign_names_the_version_that_it_replaces_beside_many_logos(event):
    fill(event, 3, "Session")
    package = make_package(event, has_printed_logo=True)
    for number in range(7):
        make_sponsorship(package, name=f"Sponsor {number}")
    file = io.BytesIO()
    comparison = make_comparison(event, label="Version 12 : le programme presque définitif")

    print_sheets(event, file=file, options=PrintOptions("doors", since=12), comparison=comparison)
    text = " ".join(pdf_text(file.getvalue()).split())

    assert "remplace : Version 12 : le programme presque définitif" in text.replace("\u202f", " ")
    assert "État du" in text
    assert find_bad_words(file.getvalue()) == []


def test_a_session_without_an_end_says_only_when_it_starts(event):
    session = make_session(event, "Sans fin", room=make_room(event, name="A"))
    session.ends_at = None
    session.save()
    [(text, _sizes)] = sheets(event)
    assert "–" not in text
