"""`manage.py plan` with instances in JSON."""

import json

import pytest
from django.core.management import call_command

from schedule.planner.costs import count_broken_rules
from schedule.planner.foreign.json_instance import read_json_instance
from schedule.planner.instance import Placing

INSTANCE = {
    "rooms": [{"id": 0, "capacity": 3}, {"id": 7, "capacity": 1}],
    "slots": [{"id": number, "day": 0, "half": number // 2} for number in range(4)],
    "sessions": [
        {"id": 0, "track": 0, "speakers": [1], "locked": [2, 7]},
        {"id": 1, "track": 0, "speakers": [1, 5], "locked": None},
        {"id": 2, "track": 1, "speakers": [5], "locked": None},
    ],
    "away": {"5": [0, 1]},
    "favourites": [[0, 1], [1, 2], [2]],
}


def run_plan(tmp_path, document, *arguments: str):
    source, target = tmp_path / "instance.json", tmp_path / "plan.json"
    source.write_text(document if isinstance(document, str) else json.dumps(document))
    call_command("plan", "--instance", str(source), "--output", str(target), "--seconds", "0", *arguments)
    return json.loads(target.read_text())


def test_a_plan_is_written_with_the_ids_of_the_file(tmp_path, capsys):
    plan = run_plan(tmp_path, INSTANCE)

    read = read_json_instance(json.dumps(INSTANCE).encode())
    placings = tuple(
        Placing(read.slot_ids.index(plan[str(session)][0]), read.room_ids.index(plan[str(session)][1]))
        for session in read.session_ids
    )
    assert plan["0"] == [2, 7]
    assert count_broken_rules(read.instance, placings) == 0
    assert "Weighted cost: " in capsys.readouterr().out


def change_instance(**parts):
    return {**INSTANCE, **parts}


def change_session(**values):
    return change_instance(sessions=[{**INSTANCE["sessions"][0], **values}, *INSTANCE["sessions"][1:]])


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([], "must be a JSON object"),
        ({}, "“rooms” is missing from the instance or malformed"),
        (change_instance(rooms=[]), "no rooms or no slots"),
        (
            change_instance(rooms=[{"id": 0, "capacity": 1}, {"id": 7, "capacity": -1}]),
            "“capacity” is missing from the instance",
        ),
        (
            change_instance(slots=[{"id": 0, "day": 0, "half": 0}] * 2),
            "Two entries of “slots” have the same id",
        ),
        (change_instance(favourites=[[0, 0]]), "the same attendee’s favourite twice"),
        (change_instance(favourites=[[9]]), "no session 9"),
        (change_instance(away={"5": [9]}), "no slot 9"),
        (change_instance(away=[]), "“away” is missing from the instance"),
        (change_session(locked=[2, 9]), "no room 9"),
        (change_session(locked=[True, 0]), "no slot True"),
        (change_session(locked=3), "“locked” is missing from the instance"),
        (change_session(speakers="Ada"), "“speakers” is missing from the instance"),
        (change_session(speakers=[[]]), "“speakers” is missing from the instance"),
        (change_session(id=True), "“sessions” is missing from the instance"),
    ],
)
def test_invalid_instance_is_refused_with_an_error_message(tmp_path, capsys, document, sentence):
    with pytest.raises(SystemExit) as ended:
        run_plan(tmp_path, document)

    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("arguments", [["--seconds=-1"], ["--seconds=nan"], ["--seed=-1"]])
def test_invalid_seconds_or_seed_is_refused(tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        run_plan(tmp_path, INSTANCE, *arguments)

    assert ended.value.code == 2
    assert arguments[0].partition("=")[0] in capsys.readouterr().err


def test_an_impossible_instance_names_the_rules(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run_plan(tmp_path, change_instance(away={"1": [2]}))

    assert ended.value.code == 2
    assert "Session “0” is locked to slot 2." in capsys.readouterr().err


def test_a_missing_file_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("plan", "--instance", str(tmp_path / "none.json"), "--output", str(tmp_path / "plan"))

    assert ended.value.code == 2
    assert "none.json" in capsys.readouterr().err
