"""The booklet: depths, hours, running heads, indexes, and the order for folding."""

import datetime
import io
import re

import pytest
from pypdf import PdfReader

from convention.typeset.folded import find_center_page, list_booklet_sides
from schedule.models import SessionSpeaker
from schedule.paper.booklet import SHORT_ABSTRACT_CHARACTERS, measure_booklet, shorten_abstract
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.printed_programme import load_printed_programme
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, find_smallest_type, list_words, pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    rooms = [make_room(event, name=name) for name in ("Salle Curie", "Salle Pasteur")]
    for number in range(20):
        make_session(
            event, f"Session {number:02} {LONG_TITLE if number % 7 == 0 else ''}", room=rooms[number % 2],
            starts_at=START + datetime.timedelta(minutes=30 * (number // 2)), minutes=30,
            speakers=[f"Ana N{number:02}"], abstract="Une phrase assez longue pour compter. " * 20,
        )  # fmt: skip
    event.speakers.filter(name="Ana N03").update(company="Société Exemple")
    return event


def draw_booklet(event, **options):
    file = io.BytesIO()
    print_sheets(event, file=file, options=PrintOptions("booklet", **options))
    return file.getvalue()


def read_pages(content):
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


@pytest.mark.parametrize("depth", ["titles", "short", "full"])
def test_no_word_is_cut_or_overlapped(event, depth):
    assert find_bad_words(draw_booklet(event, depth=depth)) == []


def test_all_type_is_at_least_nine_points(event):
    assert find_smallest_type(draw_booklet(event)) >= 9 - 0.01


def test_hours_are_larger_than_titles(event):
    sizes = {"9:30": 0, "Session": 0}
    for _number, words in list_words(draw_booklet(event, language="en", depth="titles")):
        for word in words:
            if word["text"] in sizes:
                sizes[word["text"]] = max(sizes[word["text"]], word["size"])

    assert sizes["9:30"] > sizes["Session"] > 9


@pytest.mark.parametrize("depth", ["titles", "short", "full"])
def test_page_count_is_a_multiple_of_four(event, depth):
    assert len(read_pages(draw_booklet(event, depth=depth))) % 4 == 0


def test_page_count_without_notes_grows_with_the_depth(event):
    # Notes fill up the pages to a multiple of four.
    titles, short, full = (
        sum("Notes" not in page for page in read_pages(draw_booklet(event, depth=depth)))
        for depth in ("titles", "short", "full")
    )

    assert titles < short < full


def test_smallest_depth_has_complete_titles_and_no_abstracts(event):
    text = " ".join(pdf_text(draw_booklet(event, depth="titles")).split())
    titles = [" ".join(title.split()) for title in event.sessions.values_list("title", flat=True)]

    assert [title for title in titles if title not in text] == []
    assert "Une phrase" not in text


def test_an_abstract_is_shortened_at_the_end_of_a_sentence():
    assert shorten_abstract(["Un. " * 100]).endswith("Un.")
    assert len(shorten_abstract(["mot " * 200])) <= SHORT_ABSTRACT_CHARACTERS + 2


def list_hours(page):
    """Return when each session on a page begins; two begin every half hour from 9:00."""
    numbers = [int(number) for number in re.findall(r"Session (\d\d)", page)]
    return [f"{9 + number // 4}:{number // 2 % 2 * 30:02}" for number in numbers]


def test_running_head_has_day_and_first_and_last_hour_of_its_page(event):
    pages = read_pages(draw_booklet(event, language="en", depth="titles"))[2:5]

    heads = [f"Tuesday 15 June 2027 · {hours[0]} – {hours[-1]}" for hours in map(list_hours, pages)]
    assert [head for head, page in zip(heads, pages, strict=True) if head not in page] == []
    assert heads[0].startswith("Tuesday 15 June 2027 · 9:00 – ")
    assert heads[-1].endswith(" – 13:30")


def test_indexes_give_the_pages_of_speakers_companies_and_rooms(event):
    session = event.sessions.get(title__startswith="Session 04")
    SessionSpeaker.objects.filter(session=session).update(part=SessionSpeaker.Part.CHAIR)
    pages = read_pages(draw_booklet(event, language="en", depth="titles"))
    number = next(index for index, page in enumerate(pages, start=1) if "Session 03" in page)

    text = " ".join(pages[len(pages) // 2 :])

    assert f"Ana N03 {number}" in text
    assert f"Société Exemple {number}" in text
    assert "Salle Curie 3" in text
    assert "Chair: Ana N04" in " ".join(pages)


def test_folded_booklet_has_its_pages_in_folding_order(event):
    plain = read_pages(draw_booklet(event, depth="titles"))

    sides = read_pages(draw_booklet(event, depth="titles", is_imposed=True))

    assert len(sides) == len(plain) / 2
    for side, text in zip(list_booklet_sides(len(plain)), sides, strict=True):
        for placed in side:
            assert plain[placed.number - 1] in text


def find_grid_pages(content):
    """Return the numbers of the pages with a grid, found by their explanation of numbers in brackets."""
    return [number for number, words in list_words(content) if "brackets" in {word["text"] for word in words}]


@pytest.mark.parametrize("depth", ["titles", "full"])
def test_grid_of_the_day_is_on_the_middle_spread(event, depth):
    content = draw_booklet(event, depth=depth, language="en")
    pages = read_pages(content)
    middle = len(pages) // 2

    assert find_grid_pages(content) == [middle, middle + 1]
    assert "Salle Curie" in pages[middle - 1]
    assert "Salle Pasteur" in pages[middle]
    assert "Session 00 Infra" in " ".join(pages[middle - 1].split())


def test_both_pages_of_a_spread_have_the_same_time_axis(event):
    hours = [
        {word["text"]: round(word["top"], 1) for word in words if ":" in word["text"] and word["x0"] < 70}
        for number, words in list_words(draw_booklet(event, language="en", depth="titles"))
        if number in find_grid_pages(draw_booklet(event, language="en", depth="titles"))
    ]

    assert len(hours[0]) >= 5
    assert hours[0] == hours[1]


def test_a_folded_booklet_has_the_grid_on_its_innermost_sheet(event):
    sides = read_pages(draw_booklet(event, depth="titles", language="en", is_imposed=True))

    innermost = sides[-1]

    assert "brackets" in innermost
    assert "Salle Curie" in innermost
    assert "Salle Pasteur" in innermost


def test_cells_without_space_refer_to_the_page_of_the_session(event):
    pages = read_pages(draw_booklet(event, depth="titles", language="en"))
    middle = len(pages) // 2
    number = next(index for index, page in enumerate(pages, start=1) if "Session 14 Infra" in page)

    assert f"({number}) Session 14" in pages[middle - 1]


def test_days_with_many_rooms_take_several_spreads_around_the_middle():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    for column in range(24):
        room = make_room(event, name=f"Room {column}")
        for day in range(2):
            make_session(event, f"S{column}/{day}", room=room, starts_at=START + datetime.timedelta(days=day))
    layout = measure_booklet(load_printed_programme(event), "titles")
    center = find_center_page(layout.page_count)

    pages = range(layout.first_grid_page, layout.first_grid_page + 2 * len(layout.spreads))

    assert len(layout.spreads) == 6
    assert layout.page_count % 4 == 0
    assert pages[0] % 2 == 0
    assert center in pages
    assert center + 1 in pages


@pytest.mark.parametrize("count", [4, 8, 80, 84, 104, 160, 500])
def test_middle_pages_are_on_one_side_of_a_sheet(count):
    center = find_center_page(count)

    assert [center, center + 1] in [[placed.number for placed in side] for side in list_booklet_sides(count)]


def test_the_outer_sheet_has_the_last_page_at_the_left_of_the_first():
    sides = [[placed.number for placed in side] for side in list_booklet_sides(8)]

    assert sides == [[8, 1], [2, 7], [6, 3], [4, 5]]


def test_a_thick_booklet_is_folded_in_parts():
    sides = [[placed.number for placed in side] for side in list_booklet_sides(104)]

    assert sides[0] == [40, 1]
    assert sides[20] == [80, 41]
    assert sides[40] == [104, 81]
