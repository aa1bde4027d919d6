"""Every kind of sheet with titles of 300 characters, 30 rooms, and the largest published schedule."""

import datetime
import io
import time

import pytest

from convention.events.models import Event
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.models import SessionSpeaker
from schedule.paper.grids.sizes import MIN_TYPE_SIZES
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.sheet_kinds import SHEET_KINDS
from tests.factories import make_event, make_room, make_session, make_track
from tests.pdf_readers import decode_qr, find_bad_words, find_smallest_type, pdf_text, render_pdf
from tests.schedule.paper.comparisons import make_comparison

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."
MAX_SECONDS = 15
# Kinds that shorten long titles: they are overviews.
OVERVIEWS = {"card"}
MIN_TYPE_SIZE_BY_KIND = {
    "doors": MIN_TYPE_SIZES["1m"],
    "changes": MIN_TYPE_SIZES["1m"],
    "poster": MIN_TYPE_SIZES["1m"],
}


@pytest.fixture
def event():
    event = make_event(
        slug="paper", name=LONG_TITLE[:200], starts_at=START, ends_at=START + datetime.timedelta(days=1)
    )
    tracks = [make_track(event, name=f"Parcours {number}", slug=f"t{number}") for number in range(4)]
    for column in range(30):
        room = make_room(event, name=f"Salle {column} " + "au nom interminable " * (column % 5))
        for slot in range(3):
            session = make_session(
                event, f"{LONG_TITLE} {column}/{slot}", room=room, track=tracks[column % 4],
                starts_at=START + datetime.timedelta(minutes=90 * slot + 5 * (column % 4)),
                minutes=(20, 45, 90)[slot], speakers=["Ana Dupré", f"Zoé N{column}"],
                abstract="Un texte. " * 9,
            )  # fmt: skip
    SessionSpeaker.objects.filter(session=session).update(part=SessionSpeaker.Part.CHAIR)
    make_session(event, LONG_TITLE, role="break", starts_at=START + datetime.timedelta(hours=5))
    return event


def draw(event, kind, **options):
    file = io.BytesIO()
    comparison = make_comparison(event) if kind in {"changes", "doors"} else None
    options = PrintOptions(kind, since=1 if kind == "changes" else None, **options)
    print_sheets(event, file=file, options=options, comparison=comparison)
    return file.getvalue()


@pytest.mark.long
@pytest.mark.parametrize("kind", SHEET_KINDS)
def test_no_word_is_cut_overlapped_too_small_or_lost(event, kind):
    content = draw(event, kind)
    text = " ".join(pdf_text(content).split())
    titles = {" ".join(title.split()) for title in event.sessions.values_list("title", flat=True)}
    if kind == "chairs":
        titles = {title for title in titles if title.endswith("29/2")}
    elif kind == "speakers":
        # The break has no speaker, and one session only chairs.
        titles = {title for title in titles if title[-1].isdigit() and not title.endswith("29/2")}

    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= MIN_TYPE_SIZE_BY_KIND.get(kind, 9) - 0.01
    assert kind in OVERVIEWS or {title for title in titles if title not in text} == set()


def test_poster_type_is_readable_at_two_metres(event):
    content = draw(event, "poster", paper="a0", distance="2m")

    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= MIN_TYPE_SIZES["2m"] - 0.01


@pytest.mark.parametrize("kind", SHEET_KINDS)
def test_each_sheet_has_version_date_and_qr_code_of_the_live_page(kind):
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    make_session(event, "Titre", room=make_room(event, name="Curie"), starts_at=START, speakers=["Ana"])
    make_session(event, "Autre", starts_at=START, speakers=["Bo"])
    SessionSpeaker.objects.filter(speaker__name="Bo").update(part=SessionSpeaker.Part.CHAIR)

    content = draw(event, kind)
    pages = pdf_text(content).split("\f")

    assert [page for page in pages if "État du" not in page] == []
    assert any("/events/paper/agenda/" in code for code in decode_qr(render_pdf(content, dpi=200)[0]))


@pytest.mark.soak
@pytest.mark.parametrize("kind", [kind for kind in SHEET_KINDS if kind != "changes"])
@pytest.mark.parametrize("name", ["emf-2018.frab.xml", "38c3-hub.xml", "fosdem-2018-pentabarf.xml"])
def test_largest_published_schedules_are_drawn_correctly_in_time(schedules_dir, name, kind):
    import_schedule(slug="real", data=(schedules_dir / name).read_bytes())
    event, file = Event.objects.get(slug="real"), io.BytesIO()

    # Processor time: other programs on the machine make no sheet slower.
    began = time.process_time()
    print_sheets(event, file=file, options=PrintOptions(kind))
    seconds = time.process_time() - began

    assert find_bad_words(file.getvalue()) == []
    assert seconds < MAX_SECONDS
