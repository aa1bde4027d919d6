"""Pocket cards: eight panels on a sheet of A4, in the order of the folds."""

import datetime
import io

import pytest

from convention.typeset.folded import list_card_sides
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, find_smallest_type, pdf_sizes, pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."


def draw_cards(count, title="Retour d’expérience"):
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    room = make_room(event, name="Curie")
    for number in range(count):
        starts_at = START + datetime.timedelta(minutes=15 * (number // 2), days=number % 2)
        make_session(event, f"S{number:03} {title}", room=room, starts_at=starts_at, minutes=15)
    file = io.BytesIO()
    print_sheets(event, file=file, options=PrintOptions("card", language="en"))
    return file.getvalue()


def test_each_day_is_one_sheet_of_a4():
    assert [tuple(map(round, size)) for size in pdf_sizes(draw_cards(12))] == [(297, 210), (297, 210)]


def test_a_full_day_takes_several_cards_with_all_sessions():
    text = pdf_text(draw_cards(300))

    assert "(2/" in text
    assert [number for number in range(300) if f"S{number:03}" not in text] == []


def test_type_is_readable_and_no_word_overlaps():
    content = draw_cards(40, LONG_TITLE)

    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= 9 - 0.01


def test_the_panels_are_in_the_order_of_the_folds():
    [side] = list_card_sides(8)

    top = [placed.number for placed in side if placed.row == 0]
    bottom = [placed.number for placed in side if placed.row == 1]

    assert top == [5, 4, 3, 2]
    assert bottom == [6, 7, 8, 1]
    assert [placed.number for placed in side if placed.is_upside_down] == top
