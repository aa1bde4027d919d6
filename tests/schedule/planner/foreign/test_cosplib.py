"""Conferences in CoSPLib's workbooks: read, judged, solved and written."""

import copy
import datetime
import io
import random
import re
import time
from dataclasses import replace

import pytest
import xlsxwriter
from django.core.management import call_command

from convention.errors import UnreadableFile
from schedule.planner.foreign.cosplib.block_moves import BlockMoves
from schedule.planner.foreign.cosplib.block_state import PARKED_PENALTY, BlockState
from schedule.planner.foreign.cosplib.conference import make_timetable
from schedule.planner.foreign.cosplib.judge import count_presenter_conflicts, is_complete, judge_timetable
from schedule.planner.foreign.cosplib.read_conference import read_conference
from schedule.planner.foreign.cosplib.solve_conference import (
    BlockAnnealer,
    ConferenceProblem,
    ConferenceTooFull,
    solve_conference,
)
from schedule.planner.foreign.cosplib.timetable_workbook import read_timetable, write_timetable
from schedule.planner.search.run_search import run_search

ROOMS = ["Aula", "Lab"]
SESSIONS = [("Mon1", 2, 9, 10), ("Mon2", 3, 14, 15), ("Tue1", 2, 22, 23)]
TRACKS = [("Trees", "Ada"), ("Lakes", ""), ("Stars", "Ada, Bo")]
# Reference, track, slots, order, time zone, presenters, attendees, penalties by session and room.
SUBMISSIONS = [
    ["t1", "Trees", 1, 1, "GMT+0", "Cy", "Di", "", "", "", "", ""],
    ["t2", "Trees", 1, 2, "GMT+0", "Di", "", 5, "", "", "", ""],
    ["t3", "Trees", 2, 0, "GMT+5", "Ed", "Cy", "", "", "", "", 7],
    ["l1", "Lakes", 1, 0, "GMT-9", "Cy", "", "", "", 2, "", ""],
    ["l2", "Lakes", 2, 0, "GMT+0", "Flo", "Bo", "", "", "", "", ""],
    ["s1", "Stars", 1, 1, "GMT+0", "Flo, Gus", "", "", "", "", "", ""],
    ["s2", "Stars", 1, 2, "GMT+0", "Hal", "", "", 3, "", "", ""],
    [8, "Stars", 1, 0, "GMT+0", "Ada", "", "", "", "", "", ""],
]
WEIGHTS = [2, 1, 10, 3, 1, 4, 5, 1, 6, 1, 1, 100, 2, 50, 0, 1]
WINDOWS = [
    ("Local time zone:", "GMT+1"),
    ("Suitable", ""),
    ("From:", datetime.time(9, 30)),
    ("To:", "21:30"),
    ("Less suitable", ""),
    ("From:", datetime.time(7)),
    ("To:", datetime.time(23)),
    ("Penalty:", 1),
    ("Unsuitable", ""),
    ("Penalty:", 10),
]


def make_sheets() -> dict[str, list[list]]:
    names = [session[0] for session in SESSIONS]
    windows = [*WINDOWS, *[("", "")] * 6]
    return {
        "parameters": [
            ["", "", "", "Weights", ""],
            *([*window, "", "", weight] for window, weight in zip(windows, WEIGHTS, strict=True)),
        ],
        "submissions": [
            ["Reference", "Track", "Slots", "Order", "Zone", "P", "A", *names, *ROOMS],
            # Copy the rows, because tests change cells.
            *map(list, SUBMISSIONS),
        ],
        "tracks": [["Tracks", "Chairs"], *map(list, TRACKS)],
        "sessions": [
            ["Sessions", "Max", "Date", "Start", "End"],
            *(
                [name, slots, "2026-06-01", datetime.time(start), datetime.time(end)]
                for name, slots, start, end in SESSIONS
            ),
        ],
        "rooms": [["Rooms"], *([room] for room in ROOMS)],
        "tracks_sessions|penalty": [["", *names], ["Trees", "", 1, ""], ["Lakes"], ["Stars", 2]],
        "tracks_rooms|penalty": [["", *ROOMS], ["Trees", "", 3], ["Lakes", 1], ["Stars"]],
        "similar tracks": [["", "Trees", "Lakes", "Stars"], ["Trees", "", 4, ""], ["Lakes", 99], ["Stars"]],
        "sessions_rooms|penalty": [["", *ROOMS], ["Mon1"], ["Mon2"], ["Tue1", "", 1]],
    }


def write_workbook(sheets: dict[str, list[list]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        time_format = book.add_format({"num_format": "hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, datetime.time):
                        sheet.write_datetime(number, column, value, time_format)
                    else:
                        sheet.write(number, column, value)
    return target.getvalue()


@pytest.fixture
def conference():
    return read_conference(write_workbook(make_sheets()))


def place(conference, *contents: str):
    """Return a timetable from the references of each block's submissions."""
    numbers = {
        str(submission.name).removesuffix(".0"): number
        for number, submission in enumerate(conference.submissions)
    }
    return make_timetable(conference, [[numbers[name] for name in block.split()] for block in contents])


def test_conflicts_are_read_from_presenters_attendees_and_chairs(conference):
    names = [str(submission.name).removesuffix(".0") for submission in conference.submissions]

    assert [names[number] for number in sorted(conference.presenter_conflicts[0])] == ["l1", "8"]  # Cy, Ada
    assert [names[number] for number in sorted(conference.presenter_conflicts[7])] == [
        "t1",
        "t2",
        "t3",
    ]  # Ada
    assert [names[number] for number in sorted(conference.attendee_conflicts[4])] == ["s1", "s2", "8"]  # Bo
    assert conference.chair_conflicts == (frozenset({2}), frozenset(), frozenset({0}))


def test_similar_tracks_count_above_the_diagonal(conference):
    assert conference.similar_tracks[0][1] == conference.similar_tracks[1][0] == 4


def test_timezone_penalties_use_the_presenters_local_time(conference):
    # 9 to 10, 14 to 15 and 22 to 23 at GMT+1.
    assert conference.submissions[0].timezone_penalties == (1, 0, 1)  # GMT+0: 8, 13 and 21 o'clock
    assert conference.submissions[2].timezone_penalties == (0, 0, 10)  # GMT+5: 13, 18 and 2 o'clock
    assert conference.submissions[3].timezone_penalties == (10, 10, 0)  # GMT-9: 23, 4 and 12 o'clock


def test_judge_returns_penalties_by_name(conference):
    timetable = place(conference, "t1 t2", "l2", "t3", "l1", "s1 s2", "8")

    penalties = judge_timetable(conference, timetable)

    assert is_complete(conference, timetable)
    assert count_presenter_conflicts(conference, timetable) == 0
    assert penalties["similar_tracks"] == 3 * 4 * 2
    assert penalties["parallel_tracks"] == 4
    assert penalties["rooms_per_track"] == 1
    assert penalties["submissions_sessions"] == 5
    assert "order" not in penalties
    assert "torn_submissions" not in penalties


def test_presenters_in_two_rooms_are_counted(conference):
    timetable = place(conference, "t1 t2", "l1", "t3", "l2", "s1 s2", "8")

    assert count_presenter_conflicts(conference, timetable) == 1
    assert judge_timetable(conference, timetable)["presenters"] == 100


def test_wrong_order_is_penalized(conference):
    timetable = place(conference, "t2 t1", "l1", "t3", "l2", "s1 s2", "8")

    assert judge_timetable(conference, timetable)["order"] == 6 * 2


def test_torn_submission_gets_prohibitive_penalty(conference):
    timetable = place(conference, "t1 t2", "l1", "t3", "l2", "s1 s2", "8")
    torn = [list(slots) for slots in timetable.slots]
    torn[3][0] = None

    changed = type(timetable)(timetable.tracks, tuple(map(tuple, torn)))

    assert judge_timetable(conference, changed)["torn_submissions"] >= 10_000_000
    assert not is_complete(conference, changed)


@pytest.mark.parametrize("seed", range(3))
def test_incremental_penalties_equal_recomputed_ones(conference, seed):
    state = BlockState(conference)
    generator = random.Random(seed)
    moves = BlockMoves(state, generator)

    for _move in range(400):
        before, total = state.export_contents(), state.total
        moves.make_move()
        state.settle()
        if generator.random() < 0.5 and state.total - total < PARKED_PENALTY:
            state.accept()
        else:
            state.undo()
            assert state.export_contents() == before
        timetable = make_timetable(conference, state.contents[:-1])
        parked = sum(state.lengths[number] for number in state.contents[-1])
        presenters = judge_timetable(conference, timetable).get("presenters", 0)
        own = {**judge_timetable(conference, timetable), "presenters": presenters * 10**4}
        own.pop("torn_submissions", None)
        assert state.total == sum(own.values()) + parked * PARKED_PENALTY


def test_refill_track_respects_submission_order():
    sheets = make_sheets()
    sheets["submissions"][7][3] = 3  # s2, after s1 and another one
    conference = read_conference(write_workbook(sheets))
    state = BlockState(conference)
    state.import_contents([[], [7], [], [6], [], [5], []])
    moves = BlockMoves(state, random.Random(1))

    for _move in range(100):
        moves.refill_track()
        state.settle()
        state.accept()

    sequence = [number for block in state.contents[:-1] for number in block if number > 4]
    assert sequence == [5, 7, 6]


def test_search_starts_at_higher_temperature_for_heavier_weights(conference):
    heavy = replace(conference, weights={**conference.weights, "order": 10**6})

    temperatures = [
        BlockAnnealer(one, BlockState(one).export_contents(), 1).find_temperatures()[0]
        for one in (conference, heavy)
    ]

    assert temperatures == [10_000, 100_000]


def test_solution_is_complete_and_without_presenter_conflicts(conference):
    result = solve_conference(conference=conference, seconds=0.1, seed=3, process_count=1)

    assert is_complete(conference, result.timetable)
    assert result.presenter_conflicts == 0


def test_the_same_seed_and_budget_give_the_same_timetable(conference):
    parked = BlockState(conference)

    outcomes = [
        run_search(
            problem=ConferenceProblem(conference),
            layout=parked.export_contents(),
            total=parked.total,
            seconds=0.1,
            # So late that the clock does not cut the search on a busy machine.
            deadline=time.monotonic() + 60,
            seed=3,
            process_count=1,
        )
        for _run in range(2)
    ]

    assert outcomes[0] == outcomes[1]
    assert outcomes[0].total < parked.total
    assert not outcomes[0].is_capped


def test_timetable_round_trips_through_workbook(conference):
    timetable = place(conference, "t1 t2", "l2", "t3", "l1", "s1 s2", "8")

    written = write_timetable(conference, timetable, {"order": 1})

    assert read_timetable(conference, written) == timetable


def test_a_conference_without_enough_slots_is_refused():
    sheets = make_sheets()
    sheets["submissions"] += [[f"x{number}", "Lakes", 3, 0, "GMT+0", "", ""] for number in range(3)]

    with pytest.raises(ConferenceTooFull):
        solve_conference(conference=read_conference(write_workbook(sheets)), seconds=0.1, process_count=1)


def drop_sheet(sheets):
    del sheets["rooms"]


def repeat_submission(sheets):
    sheets["submissions"].append(sheets["submissions"][1])


def name_unknown_track(sheets):
    sheets["submissions"].append(["x", "Clouds", 1, 0, "GMT+0", "", ""])


def write_text_as_weight(sheets):
    sheets["parameters"][1][4] = "much"


def write_bad_zone(sheets):
    sheets["submissions"][1] = ["x", "Trees", 1, 0, "Paris", "", ""]


def empty_sessions(sheets):
    sheets["sessions"] = sheets["sessions"][:1]


def cut_columns(sheets, name, width):
    sheets[name] = [row[:width] for row in sheets[name]]


def narrow_submissions(sheets):
    cut_columns(sheets, "submissions", 4)


def narrow_parameters(sheets):
    sheets["parameters"] = [[*row[:1], "", ""] for row in sheets["parameters"][:-1]] + [["", "", "end"]]


def narrow_sessions(sheets):
    cut_columns(sheets, "sessions", 3)


def drop_chairs(sheets):
    cut_columns(sheets, "tracks", 1)


def empty_matrix(sheets):
    sheets["similar tracks"] = []


def drop_length(sheets):
    sheets["sessions"][2][1] = ""


def write_huge_length(sheets):
    sheets["submissions"][1] = ["t1", "Trees", 1e30, 1, "GMT+0", "Cy", "Di"]


def write_time_as_text(sheets):
    sheets["sessions"][1][3] = "soon"


def add_submissions(sheets):
    sheets["submissions"] += [[f"x{number}", "Lakes", 1, 0, "GMT+0", "", ""] for number in range(3_001)]


def add_sessions_and_rooms(sheets):
    sheets["sessions"] += [[f"s{number}", 1, "", "09:00", "10:00"] for number in range(1_000)]
    sheets["rooms"] += [[f"r{number}"] for number in range(1_000)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (drop_sheet, "no sheet “rooms”"),
        (repeat_submission, "Sheet “submissions” of the workbook cannot be read: “t1” appears twice."),
        (name_unknown_track, "names “Clouds”"),
        (write_text_as_weight, "“parameters”.*found “much” instead of a whole number"),
        (write_bad_zone, "“submissions”.*found “Paris” instead of a time zone such as GMT.2"),
        (empty_sessions, "“sessions”.*it needs at least 2 rows"),
        (narrow_submissions, "“submissions”.*it needs at least 7 columns"),
        (narrow_parameters, "“parameters”.*it needs at least 5 columns"),
        (narrow_sessions, "“sessions”.*it needs at least 5 columns"),
        (drop_chairs, "“tracks”.*it needs at least 2 columns"),
        (empty_matrix, "“similar tracks”.*it needs at least 1 rows"),
        (drop_length, "“sessions”.*found an empty cell instead of a number of time slots from 1 to 1000"),
        (write_huge_length, "“submissions”.*found “1e.30” instead of a whole number"),
        (write_time_as_text, "“sessions”.*found “soon” instead of a time of day such as 09:30"),
        (add_submissions, "has 3009 submissions: at most 3000 can be planned"),
        (add_sessions_and_rooms, "at most 5000000 submissions × sessions × rooms"),
    ],
)
def test_invalid_workbook_is_refused_with_an_error_message(change, sentence):
    sheets = make_sheets()
    change(sheets)

    with pytest.raises(UnreadableFile, match=sentence):
        read_conference(write_workbook(sheets))


@pytest.mark.parametrize("name", ["submissions", "tracks", "sessions", "rooms", "tracks_rooms|penalty"])
def test_blank_rows_are_ignored(conference, name):
    sheets = make_sheets()
    sheets[name].insert(2, [])

    assert read_conference(write_workbook(sheets)) == conference


def damage(sheets, generator) -> None:
    """Remove or change a sheet, a row, a column or a cell at random."""
    name = generator.choice(list(sheets))
    rows = sheets[name]
    damages = [
        lambda: sheets.pop(name),
        lambda: rows.pop() if rows else None,
        lambda: cut_columns(sheets, name, generator.randrange(8)),
        rows.clear,
    ]
    if generator.random() < 0.3:
        generator.choice(damages)()
        return
    row = generator.choice(rows or [[]])
    if row:
        row[generator.randrange(len(row))] = generator.choice(
            ["", "text", "GMT+99", "99:99", ":", -1, 0.5, 1e300, True, datetime.time(3), "=1/0", "é" * 300]
        )


def read_error_message(data: bytes) -> str:
    """Return the message that refuses a workbook, or "" if it can be read and prepared for the search."""
    try:
        conference = read_conference(data)
    except UnreadableFile as error:
        return str(error)
    timetable = make_timetable(conference, BlockState(conference).export_contents()[:-1])
    write_timetable(conference, timetable, judge_timetable(conference, timetable))
    return ""


SHEET_NAMES = "|".join(map(re.escape, make_sheets()))
REFUSAL = (
    f"The workbook has no sheet “({SHEET_NAMES})”\\."
    f"|Sheet “({SHEET_NAMES})” of the workbook (cannot be read: .+|names “.*”, which does not exist)\\."
)


@pytest.mark.parametrize("seed", range(200))
def test_damaged_workbook_is_read_or_refused_with_an_error_message(seed):
    generator = random.Random(seed)
    sheets = copy.deepcopy(make_sheets())
    for _damage in range(generator.choice([1, 1, 3])):
        damage(sheets, generator)

    sentence = read_error_message(write_workbook(sheets))

    assert sentence == "" or re.fullmatch(REFUSAL, sentence)
    assert len(sentence) < 250


def test_the_command_writes_a_workbook(conference, tmp_path, capsys):
    source, target = tmp_path / "conference.xlsx", tmp_path / "timetable.xlsx"
    source.write_bytes(write_workbook(make_sheets()))

    call_command("plan", "--instance", str(source), "--output", str(target), "--seconds", "0.1")

    assert is_complete(conference, read_timetable(conference, target.read_bytes()))
    assert "Presenters in two places: 0" in capsys.readouterr().out


def test_damaged_archive_is_refused():
    with pytest.raises(UnreadableFile, match="not an XLSX workbook"):
        read_conference(b"PK\3\4 nothing more")
