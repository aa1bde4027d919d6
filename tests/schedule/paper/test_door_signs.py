"""Door signs: the day of a room on one sheet, in letters as large as possible."""

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

START = datetime.datetime(2094, 6, 15, 7, tzinfo=datetime.UTC)


@pytest.fixture
def event():
    return make_event(slug="doors", starts_at=START, ends_at=START + datetime.timedelta(days=2))


def create_sessions(event, count, title):
    room = make_room(event, name="Auditorium")
    for number in range(count):
        make_session(
            event, f"{title} {number}", room=room, minutes=20, speakers=["Ana Dupré", "Zoé Martin"],
            starts_at=START + datetime.timedelta(minutes=20 * number),
        )  # fmt: skip


def read_sheets(event, language="fr"):
    """Return the text and the letter sizes of each sheet."""
    file = io.BytesIO()
    print_agenda(event, file=file, format_name="doors", language=language)
    with pdfplumber.open(file) as document:
        return [
            (page.extract_text(), {round(char["size"], 2) for char in page.chars}) for page in document.pages
        ]


def test_a_short_day_is_set_in_large_letters(event):
    create_sessions(event, 3, "Session")
    [(text, sizes)] = read_sheets(event)

    assert {30.0, 21.0} <= sizes
    assert "9 h" in text.replace("\xa0", " ")
    assert "– 9 h 20" in text.replace("\xa0", " ")


def test_titles_have_at_least_24_points_on_a_usual_day(event):
    create_sessions(event, 8, "Une session comme les autres")
    [(_text, sizes)] = read_sheets(event)

    assert max(sizes - {58.0}) >= 24


def test_full_day_fits_on_one_sheet_in_smaller_letters(event):
    create_sessions(event, 14, "Une session au titre un peu plus long que la ligne")
    [(text, sizes)] = read_sheets(event)

    assert [number for number in range(14) if f" {number}\n" not in text] == []
    assert min(sizes - {9.0}) >= 9.8
    assert "(1/" not in text


def test_very_long_day_takes_several_numbered_sheets(event):
    create_sessions(event, 32, "Une session")
    found = read_sheets(event, "en")

    assert [text.splitlines()[1] for text, _sizes in found] == [
        "Tuesday 15 June 2094 (1/3)",
        "Tuesday 15 June 2094 (2/3)",
        "Tuesday 15 June 2094 (3/3)",
    ]
    assert all(min(sizes - {9.0}) >= 9.8 for _text, sizes in found)


def test_sign_with_many_logos_names_the_replaced_version(event):
    create_sessions(event, 3, "Session")
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


def test_session_without_end_shows_only_its_start(event):
    session = make_session(event, "Sans fin", room=make_room(event, name="A"))
    session.ends_at = None
    session.save()

    [(text, _sizes)] = read_sheets(event)

    assert "–" not in text
