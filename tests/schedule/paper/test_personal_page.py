"""The personal programme on paper: one page for a usual number of sessions."""

import datetime
import io

import pytest

from schedule.paper.personal_page import draw_personal_page
from schedule.paper.printed_programme import load_printed_programme
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, find_smallest_type, pdf_sizes, pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."


def draw_page(count, title="Retour d’expérience"):
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    room = make_room(event, name="Curie")
    for number in range(count):
        make_session(
            event, f"{title} {number}", room=room, speakers=["Ana Dupré"],
            starts_at=START + datetime.timedelta(hours=number % 8, days=number // 8),
        )  # fmt: skip
    file = io.BytesIO()
    draw_personal_page(load_printed_programme(event), file)
    return file.getvalue()


def test_three_sessions_fit_on_one_a5_page():
    content = draw_page(3)

    assert [tuple(map(round, size)) for size in pdf_sizes(content)] == [(148, 210)]
    assert find_smallest_type(content) >= 12


@pytest.mark.parametrize(("count", "pages"), [(16, 1), (60, 3)])
def test_many_sessions_take_the_fewest_pages_in_readable_type(count, pages):
    content = draw_page(count)

    assert len(pdf_sizes(content)) <= pages
    assert find_smallest_type(content) >= 9 - 0.01


def test_no_word_of_long_titles_is_cut_or_overlapped():
    content = draw_page(16, LONG_TITLE)
    text = " ".join(pdf_text(content).split())

    assert find_bad_words(content) == []
    assert [number for number in range(16) if f"une conclusion. {number}" not in text] == []
