"""Sessions of working groups, in the files published for ROADEF."""

import json

import pytest
from django.core.management import call_command
from django.utils import translation

from convention.errors import UnreadableFile
from schedule.planner.exact.working_groups import GroupSession
from schedule.planner.foreign.group_instance import is_group_instance, read_group_instance

INSTANCE = """
conference_sessions = 4
slots = 2
papers_range = [2,3]
# max_parallel_sessions = 14
working_groups = 2
np= [3,
     3, 2, 2]
npMax = [3, 3]

session_groups = [[1], [1], [2], []]
"""


def test_sessions_are_read_with_their_talks_and_groups():
    programme = read_group_instance(INSTANCE.encode(), max_parallel=5)

    assert programme.sessions == (
        GroupSession(3, frozenset({1})),
        GroupSession(3, frozenset({1})),
        GroupSession(2, frozenset({2})),
        GroupSession(2),
    )
    assert programme.slot_sizes == (3, 3)
    assert programme.part_sizes == (2, 3)
    assert programme.max_parallel == 5


def test_surplus_numbers_of_talks_are_ignored():
    data = INSTANCE.replace("np= [3,", "np= [3, 1,").encode()

    programme = read_group_instance(data, max_parallel=2)

    assert [session.talks for session in programme.sessions] == [3, 1, 3, 2]


def test_group_instance_is_recognized():
    assert is_group_instance(INSTANCE.encode())
    assert not is_group_instance(b'{"session_groups": []}')
    assert not is_group_instance(b"PK session")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("npMax = [3, 3]", "", "does not assign “npMax”"),
        ("[[1], [1], [2], []]", "[[1], [1]]", "4 sessions, but talks for 4 and groups for 2"),
        ("[3, 3]", "[3, -3]", "“npMax” in the instance must be a number"),
        ("[3, 3]", "[3, open('/etc/passwd')]", "must assign numbers"),
        ("[3, 3]", "[3, 3", "must assign numbers"),
        ("[3, 3]", "(" * 5_000, "must assign numbers"),
        ("[3, 3]", "3", "“npMax” in the instance must be a number"),
        ("[1], [1]", "1, [1]", "“session_groups” in the instance must be a number"),
        ("sessions = 4", "sessions = 10**9", "must assign numbers"),
        ("sessions = 4", "sessions = 5000", "“conference_sessions” in the instance"),
        ("[3, 3]", "[" + "3, " * 100_000 + "]", "at most 200000 bytes"),
        ("[3, 3]", "[" + "3," * 60_000 + "]", "sessions × slots × sizes"),
        ("slots = 2", "slots = 2\0", "must assign numbers"),
    ],
)
def test_invalid_instance_is_refused_with_an_error_message(old, new, sentence):
    data = INSTANCE.replace(old, new).encode()

    with pytest.raises(UnreadableFile, match=sentence):
        read_group_instance(data, max_parallel=2)


@pytest.mark.parametrize(
    ("options", "parallel", "conflicts"), [([], 2, 0), (["--parallel=4"], 4, 0), (["--parallel=2"], 2, 0)]
)
def test_the_command_proves_the_fewest_conflicts(options, parallel, conflicts, tmp_path, capsys):
    source, target = tmp_path / "groups.py", tmp_path / "plan.json"
    source.write_text(INSTANCE)

    with translation.override("en"):
        call_command("plan", "--instance", str(source), "--output", str(target), *options)

    plan = json.loads(target.read_text())
    printed = capsys.readouterr().out
    assert f"Sessions in parallel: {parallel}\n" in printed
    assert f"at once: {conflicts} (proven to be the fewest)" in printed
    assert {key: sum(talks for _slot, talks in parts) for key, parts in plan.items()} == {
        "1": 3,
        "2": 3,
        "3": 2,
        "4": 2,
    }
    assert plan["1"][0][0] != plan["2"][0][0]


def test_too_few_parallel_sessions_are_refused_and_no_file_is_written(tmp_path, capsys):
    source, target = tmp_path / "groups.py", tmp_path / "plan.json"
    source.write_text(INSTANCE)

    with translation.override("en"), pytest.raises(SystemExit) as ended:
        call_command("plan", "--instance", str(source), "--output", str(target), "--parallel=1")

    assert ended.value.code == 2
    assert "do not fit" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("arguments", [["x"], ["--instance=x.json", "--output=y"]])
def test_parallel_option_requires_an_instance_of_working_groups(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text("{}")

    with translation.override("en"), pytest.raises(SystemExit) as ended:
        call_command("plan", *arguments, "--parallel=2")

    assert ended.value.code == 2
    assert capsys.readouterr().err == "--parallel needs an instance of working groups.\n"
