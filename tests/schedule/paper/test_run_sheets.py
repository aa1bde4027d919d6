"""Run sheets and the director's book: speakers, seats and equipment for the crew of each room."""

import datetime
import io

import pytest

from schedule.models import SessionSpeaker
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import SHEET_KINDS
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, find_smallest_type, pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
INTERNAL_KINDS = ["rooms", "chairs", "speakers", "director"]
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    curie, volta = make_room(event, name="Curie", capacity=80), make_room(event, name="Volta")
    for number in range(8):
        session = make_session(
            event, f"Talk {number} {LONG_TITLE}", room=(curie, volta)[number % 2],
            starts_at=START + datetime.timedelta(minutes=30 * number),
            speakers=[f"Ana {number}", "Zoé Martin"],
            expected_attendance=60, needed_features="Projector\nPiano",
        )  # fmt: skip
    SessionSpeaker.objects.filter(session=session, speaker__name="Zoé Martin").update(part="chair")
    event.speakers.update(email="someone@example.org", company="Société Exemple")
    make_session(event, "Lunch", role="break", starts_at=START + datetime.timedelta(hours=6))
    return event


def draw_sheets(event, kind):
    file = io.BytesIO()
    print_sheets(event, file=file, options=PrintOptions(kind, language="en"))
    return file.getvalue()


def read_pages(event, kind):
    return [" ".join(page.split()) for page in pdf_text(draw_sheets(event, kind)).split("\f")]


@pytest.mark.parametrize("kind", INTERNAL_KINDS)
def test_no_word_is_cut_or_overlapped_or_too_small(event, kind):
    content = draw_sheets(event, kind)

    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= 9


def test_room_sheet_has_people_seats_missing_equipment_and_breaks(event):
    text = " ".join(page for page in read_pages(event, "rooms") if "Curie ·" in page)

    assert "Ana 0 · Société Exemple · someone@example.org · not confirmed" in text
    assert "80 seats · 60 expected" in text
    assert "The room lacks: Projector, Piano" in text
    assert "Lunch" in text
    assert "Talk 1" not in text


def test_chair_sheet_has_only_the_sessions_of_the_chair(event):
    text = " ".join(read_pages(event, "chairs"))

    assert "Zoé Martin (chair)" in text
    assert "Talk 7" in text
    assert "Talk 1 " not in text


def test_each_speaker_starts_on_a_new_page(event):
    headings = [page.partition(" As of ")[0] for page in read_pages(event, "speakers")]

    assert headings == [*(f"Ana {number}" for number in range(8)), "Zoé Martin", "Zoé Martin (2)"]


def test_directors_book_has_all_sessions(event):
    text = " ".join(read_pages(event, "director"))

    assert [number for number in range(8) if f"Talk {number}" not in text] == []


def test_speaker_addresses_are_not_on_public_sheets(event):
    public = [kind for kind in SHEET_KINDS if kind not in {*INTERNAL_KINDS, "changes"}]

    assert not any("someone@example.org" in page for kind in public for page in read_pages(event, kind))


def test_internal_sheets_are_not_public(client, event):
    for kind in INTERNAL_KINDS:
        assert client.get(f"/events/paper/agenda.pdf?format={kind}").status_code == 422
