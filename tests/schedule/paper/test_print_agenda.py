"""The agenda on paper: complete titles and no overlapping letters, in both languages."""

import datetime
import io
import re

import pdfplumber
import pytest
from django.core.management import call_command
from django.utils.translation import override
from pypdf import PdfReader

from convention.errors import ConventionError
from convention.events.models import Event
from convention.typeset import FontWeight
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.paper.print_agenda import print_agenda
from schedule.paper.printed_programme import load_printed_programme
from schedule.paper.text_layout import break_into_lines
from schedule.prints.fingerprint import fingerprint_printed_content
from tests.factories import make_event, make_room, make_session
from tests.pdf_readers import decode_qr, pdf_text
from tests.registrations.sponsors.factories import make_package, make_sponsorship

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DIFFICULT_TITLES = [
    "L’" + "infrastructure " * 20 + "fin",
    "مرحبا بالعالم الحديث في المؤتمر السنوي",
    "שלום עולם",
    "日本語の発表",
    "ชีวิตที่ดีในศูนย์ข้อมูล",
    "Ελληνικά και Кириллица",
    "Multi-cloud: hybrid/edge — day-2",
    "Court",
    "Ça <b>va</b> & bien",
]
START = datetime.datetime(2094, 6, 15, 7, tzinfo=datetime.UTC)


@pytest.fixture
def event():
    return make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))


def create_sessions(event, rooms):
    for column in range(rooms):
        name = f"Salle {event.rooms.count()} " + "au nom interminable " * (column % 5)
        room = make_room(event, name=name.strip())
        for slot in range(8):
            start = START + datetime.timedelta(minutes=45 * slot + 5 * (column % 4))
            title = DIFFICULT_TITLES[(column + slot) % len(DIFFICULT_TITLES)]
            make_session(
                event,
                title,
                room=room,
                starts_at=start,
                minutes=(15, 30, 60)[slot % 3],
                speakers=["Ana Dupré"],
            )


def print_to_bytes(event, **options):
    file = io.BytesIO()
    print_agenda(event, file=file, **options)
    return file.getvalue()


def words(text):
    """Return the text with each run of white space replaced by one space."""
    return " ".join(text.split())


def find_missing_titles(event, content):
    text = words(pdf_text(content))
    return [title for title in event.sessions.values_list("title", flat=True) if words(title) not in text]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["booklet", "grid", "doors"])
def test_all_titles_are_complete_with_30_rooms_and_difficult_titles(event, kind):
    create_sessions(event, 30)
    assert find_missing_titles(event, print_to_bytes(event, format_name=kind)) == []


@pytest.mark.parametrize("kind", ["booklet", "grid", "doors"])
@pytest.mark.parametrize("rooms", [2, 13])
def test_no_letter_is_off_the_page_or_on_another(event, kind, rooms):
    create_sessions(event, rooms)
    with pdfplumber.open(io.BytesIO(print_to_bytes(event, format_name=kind))) as document:
        for page in document.pages:
            for char in page.chars:
                assert 0 <= char["x0"] <= char["x1"] <= page.width + 0.5
                assert 0 <= char["top"] <= char["bottom"] <= page.height
            assert find_overprinted_letters(page.chars) == []


def find_overprinted_letters(chars):
    """Return pairs of letters at the same position, except for combining marks."""
    spots = {}
    clashes = []
    for char in chars:
        if char["width"] < 1 or not char["text"].strip():
            continue
        spot = (round(char["x0"] + char["width"] / 2), round((char["top"] + char["bottom"]) / 2))
        if spot in spots:
            clashes.append((spots[spot], char["text"]))
        spots[spot] = char["text"]
    return clashes


def test_french_punctuation_is_not_separated_by_a_line_break():
    for width in range(75, 200, 3):
        rows = break_into_lines(
            "Vraiment : qui « sait » quoi ? Rien !", FontWeight.BOLD, width=width, size=12
        )
        assert [row for row in rows if row[0] in ":;!?»"] == []
        assert [row for row in rows if row.endswith("«")] == []


def test_night_session_is_printed_on_the_day_before(event):
    room = make_room(event, name="Bar")
    late = datetime.datetime(2094, 6, 16, 0, 30, tzinfo=datetime.UTC)

    make_session(event, "Nuit", room=room, starts_at=late, day=datetime.date(2094, 6, 15))

    assert [day for day, _items in load_printed_programme(event).days] == [datetime.date(2094, 6, 15)]


def test_the_index_gives_the_pages_of_each_speaker(event):
    for number in range(40):
        make_session(
            event, f"Session {number:02}", speakers=[f"Orateur N{number:02}"], abstract="Un texte. " * 60
        )
    pages = [words(page.extract_text()) for page in PdfReader(io.BytesIO(print_to_bytes(event))).pages]
    index = words(" ".join(pages[len(pages) // 2 :]))
    for number in (0, 17, 39):
        told = int(re.findall(rf"Orateur N{number:02} (\d+)", index)[-1])
        assert f"Session {number:02}" in pages[told - 1]


def test_abstracts_are_printed_without_markup(event):
    make_session(event, "T", abstract="**Gras** et *fin*\n\n- un\n- deux")
    text = words(pdf_text(print_to_bytes(event)))

    assert "Gras et fin" in text
    assert "• un" in text


def test_dates_and_times_are_localized(event):
    make_session(event, "T")
    french = words(pdf_text(print_to_bytes(event, language="fr")).replace("\xa0", " "))

    english = words(pdf_text(print_to_bytes(event, language="en")).replace("\xa0", " "))

    assert "Mardi 15 juin 2094" in french
    assert "9 h – 9 h 50" in french
    assert "Tuesday 15 June 2094" in english
    assert "9:00–9:50" in english


def test_every_print_has_a_qr_code_of_the_live_page(event, settings):
    make_session(event, "T", room=make_room(event, name="A"))
    for kind in ("booklet", "grid", "doors"):
        assert f"{settings.SITE_URL}/events/paper/agenda/" in decode_qr(
            print_to_bytes(event, format_name=kind)
        )


def test_all_fonts_are_embedded(event):
    create_sessions(event, 3)
    for page in PdfReader(io.BytesIO(print_to_bytes(event))).pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in descendant["/FontDescriptor"].get_object()


@pytest.mark.parametrize("kind", ["booklet", "grid", "doors"])
def test_empty_programme_prints_a_notice(event, kind):
    assert "pas encore publié" in words(pdf_text(print_to_bytes(event, format_name=kind)))


def test_booked_session_without_a_time_is_in_the_printed_programme(event):
    session = make_session(event, "Sans horaire", starts_at=None)

    programme = load_printed_programme(event, booked_ids=[session.pk])

    assert [item.title for item in programme.untimed_sessions] == ["Sans horaire"]


def test_printed_programme_query_count_is_constant(event, django_assert_num_queries):
    create_sessions(event, 1)
    with django_assert_num_queries(5):
        load_printed_programme(event)
    create_sessions(event, 4)
    with django_assert_num_queries(5):
        load_printed_programme(event)


@pytest.mark.parametrize(
    "options",
    [
        {"format_name": "banner"},
        {"format_name": "personal"},
        {"language": "de"},
        {"format_name": "grid", "paper": "a5"},
        {"format_name": "doors", "paper": "a4"},
    ],
)
def test_unknown_kinds_languages_and_papers_are_refused(event, options):
    with pytest.raises(ConventionError):
        print_to_bytes(event, **options)


def test_agenda_command_writes_complete_files_or_none(event, tmp_path, capsys):
    make_session(event, "Fête 🎉")
    call_command("agenda", "paper", output=tmp_path / "a.pdf", format_name="grid", language="en")

    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    notices = capsys.readouterr().err
    assert "🎉" in notices
    assert f"{tmp_path}/a.pdf" in notices
    assert "1 page." in notices

    for bad in ({"format_name": "banner"}, {"output": tmp_path / "nowhere" / "a.pdf"}):
        with pytest.raises(SystemExit) as stop:
            call_command("agenda", "paper", **{"output": tmp_path / "b.pdf", **bad})
        assert stop.value.code == 2

    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_new_logo_changes_the_fingerprint(event):
    package = make_package(event, has_printed_logo=True)
    before = fingerprint_printed_content(event)

    make_sponsorship(package)

    assert fingerprint_printed_content(event) != before


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("fosdem-2008-pentabarf.xml", marks=pytest.mark.long),
        "jres-2022.ics",
        pytest.param("38c3-hub.xml", marks=pytest.mark.soak),  # a thousand sessions
        pytest.param("fosdem-2018-pentabarf.xml", marks=pytest.mark.soak),
    ],
)
def test_all_titles_of_real_programmes_are_printed(schedules_dir, name):
    import_schedule(slug="real", data=(schedules_dir / name).read_bytes())
    event = Event.objects.get(slug="real")
    with override("fr"):
        for kind in ("booklet", "grid", "doors"):
            assert find_missing_titles(event, print_to_bytes(event, format_name=kind)) == []
