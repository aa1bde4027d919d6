"""Test that the back of each badge, with the attendee's agenda, is behind its front for both ways to flip."""

import datetime
import io

import pdfplumber
import pytest
from django.core.management import call_command

from badges.printing.pdf import BadgePrintOptions, write_event_badges
from badges.printing.print_job import MAX_IMMEDIATE_BADGES
from convention.jobs.models import Job
from tests.badges.mailings.factories import add_people
from tests.factories import make_administrator, make_event, make_session
from tests.pdf_readers import decode_qr, find_bad_words, find_smallest_type, pdf_text
from tests.registrations.sessions.attendees import make_holder, make_workshop
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."
FIRST_NAMES = ["Aaa", "Bbb", "Ccc", "Ddd", "Eee", "Fff"]


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    make_session(event, "Ouverture", role="plenary", starts_at=START)
    for number, name in enumerate(FIRST_NAMES):
        workshop = make_workshop(
            event, f"Atelier {name}", starts_at=START + datetime.timedelta(hours=1 + number)
        )
        make_holder(event, *([workshop] if number else []), first_name=name, last_name=name * 2)
    return event


def render_badges(event, layout, flip="long"):
    file = io.BytesIO()
    write_event_badges(file, event, options=BadgePrintOptions(layout, "agenda", flip))
    return file.getvalue()


def find_texts(content, texts):
    """Return, for each page, the half of the page of each text (from left and top), and which are turned."""
    found = []
    with pdfplumber.open(io.BytesIO(content)) as document:
        for page in document.pages:
            # In the order in which they are drawn, so that turned text is found too.
            drawn = "".join(char["text"] for char in page.chars)
            places = {}
            for name, text in texts.items():
                if text in drawn:
                    char = page.chars[drawn.index(text)]
                    half = (int(char["x0"] > page.width / 2), int(char["top"] > page.height / 2))
                    places[name] = (*half, char["matrix"][0] < 0)
            found.append(places)
    return found


FRONTS = {name: name for name in FIRST_NAMES}
BACKS = {name: f"Atelier {name}" if number else "Ouverture" for number, name in enumerate(FIRST_NAMES)}


@pytest.mark.parametrize("flip", ["long", "short"])
def test_back_of_each_badge_on_a4_is_behind_its_front(event, flip):
    content = render_badges(event, "a4x4", flip)
    fronts, backs = find_texts(content, FRONTS)[::2], find_texts(content, BACKS)[1::2]

    # The position of each front, seen from behind after the sheet is flipped over this edge.
    behind = [
        {
            name: (1 - x, y, False) if flip == "long" else (x, 1 - y, True)
            for name, (x, y, _turned) in page.items()
        }
        for page in fronts
    ]

    assert [len(page) for page in fronts] == [4, 2]
    assert backs == behind


@pytest.mark.parametrize(("flip", "is_turned"), [("long", False), ("short", True)])
def test_back_of_a6_badge_is_on_next_page(event, flip, is_turned):
    content = render_badges(event, "a6", flip)

    assert [list(page) for page in find_texts(content, FRONTS)[::2]] == [[name] for name in FIRST_NAMES]
    assert [list(page) for page in find_texts(content, BACKS)[1::2]] == [[name] for name in FIRST_NAMES]
    assert {turned for page in find_texts(content, BACKS)[1::2] for _x, _y, turned in page.values()} == {
        is_turned
    }


def test_folded_badge_has_back_on_right_half(event):
    places = find_texts(render_badges(event, "folded"), BACKS)

    assert [list(page) for page in places] == [[name] for name in FIRST_NAMES]
    assert {page[name][0] for page, name in zip(places, FIRST_NAMES, strict=True)} == {1}


def test_label_is_followed_by_label_for_back(event):
    places = find_texts(render_badges(event, "label"), BACKS)

    assert [list(page) for page in places[1::2]] == [[name] for name in FIRST_NAMES]


@pytest.mark.parametrize("layout", ["a6", "label"])
def test_long_agenda_is_complete_or_states_number_of_missing_sessions(layout):
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    sessions = [
        make_workshop(event, f"{number} {LONG_TITLE}", starts_at=START + datetime.timedelta(hours=number))
        for number in range(12)
    ]
    make_holder(event, *sessions)

    content = render_badges(event, layout)
    text = pdf_text(content).split("\f")[1]
    shown = [number for number in range(12) if f"{number} Infra" in text]

    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= 9 - 0.01
    assert len(shown) == 12 or f"Et {12 - len(shown)} autres" in text
    assert any("/events/paper/agenda/" in address for address in decode_qr(content))


def test_page_prints_backs_immediately_and_in_job(client, event):
    client.force_login(make_administrator())
    page = client.get("/organize/paper/badges/").content.decode()
    at_once = client.post("/organize/paper/badges/a6/print/", {"back": "agenda", "flip": "short"})
    add_people(event, MAX_IMMEDIATE_BADGES)
    client.post("/organize/paper/badges/a4x4/print/", {"back": "agenda", "flip": "short"})
    run_waiting_tasks()

    assert 'name="back"' in page
    assert "Atelier Bbb" in pdf_text(b"".join(at_once.streaming_content))
    assert "Atelier Bbb" in pdf_text(Job.objects.get().file.read())
    assert client.post("/organize/paper/badges/a6/print/", {"back": "nothing"}).status_code == 422


def test_command_prints_backs(event, tmp_path):
    call_command("badges", "paper", output=tmp_path / "a.pdf", back="agenda")

    assert "Atelier Bbb" in pdf_text((tmp_path / "a.pdf").read_bytes())


@pytest.mark.parametrize("options", [{"back": "nothing"}, {"back": "agenda", "flip": "middle"}])
def test_command_refuses_unknown_back_or_flip(event, tmp_path, capsys, options):
    with pytest.raises(SystemExit) as refused:
        call_command("badges", "paper", output=tmp_path / "a.pdf", **options)

    assert refused.value.code == 2
    assert [*options.values()][-1] in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
