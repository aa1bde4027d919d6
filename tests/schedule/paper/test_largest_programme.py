"""Draw each kind of sheet for the largest known programme within the time limit."""

import datetime
import io
import time

import pytest

from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import SHEET_KINDS
from tests.factories import make_event, make_room, make_session

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.soak]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
SESSIONS, ROOMS, DAYS = 1351, 30, 3
MAX_SECONDS = 15
WORDS = ["infrastructure", "souveraine", "exploitation", "énergie", "réseau", "stockage", "coût", "une"]


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=DAYS))
    rooms = [make_room(event, name=f"Salle {number}") for number in range(ROOMS)]
    for number in range(SESSIONS):
        words = [WORDS[(number * 7 + index * index) % len(WORDS)] for index in range(120)]
        slot = number // ROOMS
        make_session(
            event, f"{number} {' '.join(words[: 4 + number % 9])}", room=rooms[number % ROOMS],
            starts_at=START + datetime.timedelta(days=slot % DAYS, minutes=35 * (slot // DAYS)), minutes=30,
            speakers=[f"Ana N{number}"], abstract=" ".join(words),
        )  # fmt: skip
    return event


def test_each_kind_of_sheet_is_drawn_within_the_time_limit(event):
    seconds = {}
    for kind in SHEET_KINDS:
        if kind == "changes":
            continue  # needs two versions, and is a list of few pages
        # Processor time: other programs on the machine make no sheet slower.
        began = time.process_time()
        print_sheets(event, file=io.BytesIO(), options=PrintOptions(kind))
        seconds[kind] = time.process_time() - began

    assert {kind: spent for kind, spent in seconds.items() if spent > MAX_SECONDS} == {}
