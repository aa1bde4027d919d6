"""Grids: a linear time axis, type that is readable at its distance, and complete titles."""

import datetime
import io
import itertools

import pytest

from convention.events.models import Event
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.paper.grids.cells import compress_numbers
from schedule.paper.grids.columns import ColumnLimits, TimedItem, arrange_column
from schedule.paper.grids.day_axis import build_axis, choose_cuts, select_band
from schedule.paper.grids.plan import GridJob, GridLabels, plan_day
from schedule.paper.grids.track_legend import code_tracks
from schedule.paper.print_agenda import print_sheets
from schedule.paper.print_options import PrintOptions
from schedule.paper.printed_programme import PrintedSession
from tests.factories import make_event, make_room, make_session, make_track
from tests.pdf_readers import find_bad_words, find_smallest_type, pdf_sizes, pdf_text

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."
HAND, POSTER = PrintOptions("grid", language="fr"), PrintOptions("poster", paper="a0", distance="2m")
numbers = itertools.count(1)


def make_item(title="Titre", *, room="A", start=0, minutes=45, role="talk", speakers=()):
    starts_at = START + datetime.timedelta(minutes=start)
    return PrintedSession(
        next(numbers), title, "", starts_at, starts_at + datetime.timedelta(minutes=minutes), START.date(),
        room, "", "", "", tuple(speakers), "", "9 h – 10 h", is_cancelled=False, role=role,
    )  # fmt: skip


def plan(sessions, papers=("a4", "a3"), type_size=9.0):
    rooms = list(dict.fromkeys(session.room for session in sessions if session.room))
    return plan_day(
        GridJob(sessions, rooms, papers, type_size, GridLabels("All", "None"), code_tracks(sessions))
    )


def fill_event(rooms, title=LONG_TITLE):
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    tracks = [make_track(event, name=f"Parcours {number}", slug=f"t{number}") for number in range(4)]
    for column in range(rooms):
        room = make_room(event, name=f"Salle {column} " + "au nom interminable " * (column % 5))
        for slot in range(8):
            make_session(
                event, f"{title} {column}/{slot}", room=room, track=tracks[column % 4],
                starts_at=START + datetime.timedelta(minutes=60 * slot + 5 * (column % 4)),
                minutes=(5, 30, 60)[slot % 3], speakers=["Ana Dupré", "Zoé Martin"],
            )  # fmt: skip
    make_session(event, "Déjeuner", role="break", starts_at=START + datetime.timedelta(hours=9))
    return event


def draw(event, options):
    file = io.BytesIO()
    print_sheets(event, file=file, options=options)
    return file.getvalue()


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("rooms", [3, 30])
def test_no_word_of_a_grid_is_lost_cut_or_overlapped(rooms):
    event = fill_event(rooms)

    content = draw(event, HAND)

    assert find_bad_words(content) == []
    text = " ".join(pdf_text(content).split())
    titles = [" ".join(title.split()) for title in event.sessions.values_list("title", flat=True)]
    assert [title for title in titles if title not in text] == []


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize(("options", "smallest"), [(HAND, 9), (POSTER, 28)])
def test_type_is_readable_at_its_distance(options, smallest):
    event = fill_event(5, "Un titre court")

    assert find_smallest_type(draw(event, options)) >= smallest - 0.01


@pytest.mark.django_db
@pytest.mark.once
def test_poster_has_the_chosen_paper_and_no_cut_or_overlapping_word():
    content = draw(fill_event(6), POSTER)

    assert find_bad_words(content) == []
    assert {tuple(sorted(map(round, size))) for size in pdf_sizes(content)} == {(840, 1188)}


@pytest.mark.django_db
@pytest.mark.once
def test_legend_explains_the_letters_of_tracks():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=1))
    for name in ("Réseaux", "Énergie"):
        make_session(event, f"Sur {name}", track=make_track(event, name=name, slug=name[:1]), starts_at=START)

    text = pdf_text(draw(event, HAND))

    assert "A Énergie" in text
    assert "B Réseaux" in text


def test_all_sheets_of_a_day_have_one_linear_axis():
    sessions = [
        make_item(LONG_TITLE, room=f"R{room}", start=30 * slot + 7 * (slot % 3), minutes=25)
        for room in range(26)
        for slot in range(20)
    ]

    sheets = plan(sessions).sheets

    assert len(sheets) > 1
    assert {sheet.scale for sheet in sheets} == {sheets[0].scale}
    assert all(
        sheet.get_y(sheet.band[0] + 60) - sheet.get_y(sheet.band[0]) == pytest.approx(60 * sheet.scale)
        for sheet in sheets
    )


def test_every_session_is_once_on_a_sheet_in_its_room_and_at_its_time():
    sessions = [make_item(room=f"R{room}", start=50 * slot) for room in range(12) for slot in range(9)]

    placed = [
        (item.session.session_id, room, START + datetime.timedelta(minutes=block.start))
        for sheet in plan(sessions).sheets
        for room, column in zip(sheet.rooms, sheet.columns, strict=True)
        for block in column
        for item in block.items
    ]

    assert sorted(placed) == [(session.session_id, session.room, session.starts_at) for session in sessions]


def test_break_without_a_room_spans_all_rooms():
    break_session = make_item("Pause", room="", start=60, minutes=30, role="break")

    sheet = plan([make_item(room="A"), make_item(room="B"), break_session]).sheets[0]

    assert [block.items[0].session.title for block in sheet.spans] == ["Pause"]
    assert "Pause" not in {b.items[0].session.title for column in sheet.columns for b in column}


def test_short_plenaries_are_grouped_across_all_rooms():
    talks = [make_item(room=room, start=90, minutes=600) for room in ("A", "B")]
    welcome = make_item("Accueil", room="A", start=0, minutes=5, role="plenary")
    opening = make_item("Ouverture", room="A", start=5, minutes=45, role="plenary")

    sheet = plan([*talks, welcome, opening], papers=("a4",)).sheets[0]

    assert [[item.session.title for item in block.items] for block in sheet.spans] == [
        ["Accueil", "Ouverture"]
    ]


def test_break_parallel_to_a_session_has_a_separate_column():
    break_session = make_item("Pause", room="", start=10, minutes=30, role="break")

    sheet = plan([make_item(room="A", start=0), break_session]).sheets[0]

    assert sheet.rooms == ("All", "A")
    assert sheet.spans == ()


def test_short_titles_are_set_larger_than_the_minimum():
    assert plan([make_item("Court")]).sheets[0].page.type_size > 9


def test_overlapping_sessions_of_a_room_are_side_by_side():
    items = [TimedItem(make_item(), 0, 60), TimedItem(make_item(), 30, 90), TimedItem(make_item(), 120, 150)]

    blocks = arrange_column(items, [], ColumnLimits(2, 10, 0, 180))

    assert [(block.lane_index, block.lane_count) for block in blocks] == [(0, 2), (1, 2), (0, 1)]


def test_sessions_too_short_for_a_line_are_grouped_with_their_neighbours():
    items = [TimedItem(make_item(), 5 * number, 5 * number + 5) for number in range(6)]

    blocks = arrange_column(items, [], ColumnLimits(2, 12, 0, 60))

    assert sum(len(block.items) for block in blocks) == 6
    assert all(block.text_end - block.text_start >= 12 for block in blocks)


def test_a_session_across_a_cut_is_on_both_sheets_unless_its_part_is_too_short():
    items = [TimedItem(make_item("Long"), 0, 120), TimedItem(make_item("Short"), 55, 65)]

    morning = [item.session.title for item in select_band(items, (0, 60), 10)]
    afternoon = [item.session.title for item in select_band(items, (60, 120), 10)]

    assert morning == ["Long"]
    assert afternoon == ["Long", "Short"]


def test_day_is_cut_at_the_time_with_the_fewest_running_sessions():
    sessions = [make_item(start=0, minutes=100), make_item(room="B", start=100, minutes=100)]

    assert choose_cuts(build_axis(sessions, "All"), 2)[0][1] == 100


def test_numbers_of_a_group_are_written_as_ranges():
    assert compress_numbers([3, 4, 5, 9, 4]) == "3–5, 9"


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [
        "jres-2022.ics",
        *(
            pytest.param(name, marks=pytest.mark.soak)
            for name in ("38c3-hub.xml", "fosdem-2018-pentabarf.xml", "debconf23-wafer.xml")
        ),
    ],
)
@pytest.mark.parametrize("options", [HAND, POSTER], ids=["hand", "poster"])
def test_grids_of_real_programmes_have_no_cut_or_overlapping_word(schedules_dir, name, options):
    import_schedule(slug="real", data=(schedules_dir / name).read_bytes())

    content = draw(Event.objects.get(slug="real"), options)

    assert find_bad_words(content) == []
