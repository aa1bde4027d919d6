"""Descriptions of conflicts, placement costs and fixes in both languages."""

import zoneinfo

import pytest
from django.utils import translation

from schedule.conflicts.describe import (
    KIND_LABELS,
    PlacementDescriber,
    describe_affected,
    describe_conflict,
    describe_fix,
)
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import WARN, ConflictKind
from schedule.conflicts.placements import compute_placement_costs
from schedule.conflicts.suggest_fix import suggest_fix
from schedule.conflicts.timetable import Conflict
from schedule.models import Session

from .timetables import AULA, LAB, at, make_timetable, place

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
NAMES = {number: f"Ada {number}" for number in range(1, 7)}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", [*ConflictKind])
@pytest.mark.parametrize("number", [1, 2])
def test_every_conflict_kind_has_a_label_and_a_description(language, kind, number):
    timetable = make_timetable(
        (place(at(9), at(10)), {"track": 1}),
        (None, {"role": Session.Role.BREAK}),
        track_names={1: "Cloud"},
        speaker_names=NAMES,
    )
    conflict = Conflict(
        kind, WARN, (1, 2), persons=(1, 2)[:number], attendee_count=3, room=AULA, amount=number,
        missing_features=("piano",),
    )  # fmt: skip

    with translation.override(language):
        text = describe_conflict(timetable, conflict)
        label = str(KIND_LABELS[kind])

    assert text.endswith(".")
    assert "%" not in text
    assert label


@pytest.mark.parametrize(
    ("persons", "attendees", "english", "french"),
    [
        ((), 0, "", ""),
        ((), 1, "1 attendee", "1 participant"),
        ((1,), 37, "Ada 1 and 37 attendees", "Ada 1 et 37 participants"),
        ((1, 2), 0, "Ada 1 and Ada 2", "Ada 1 et Ada 2"),
        (
            (1, 2, 3, 4, 5),
            0,
            "Ada 1, Ada 2, Ada 3 and 2 other people",
            "Ada 1, Ada 2, Ada 3 et 2 autres personnes",
        ),
    ],
)
def test_affected_people_are_described(persons, attendees, english, french):
    timetable = make_timetable((place(at(9), at(10)), {}), speaker_names=NAMES)
    conflict = Conflict(ConflictKind.ROOM, WARN, (1,), persons, attendees)

    with translation.override("en"):
        assert describe_affected(timetable, conflict) == english
    with translation.override("fr"):
        assert describe_affected(timetable, conflict) == french


def test_fix_is_described_with_the_local_time_of_the_event():
    state = place(at(9), at(10), is_room_pinned=True)
    timetable = make_timetable((state, {}), (state, {}))
    fix = suggest_fix(timetable, find_conflicts(timetable)[0])

    with translation.override("en"):
        assert describe_fix(timetable, fix, PARIS) == "Move “Session 1” to 12:00"
    with translation.override("fr"):
        assert (
            describe_fix(timetable, fix, PARIS)
            == "Déplacer «\u202fSession 1\u202f» (nouvel horaire\u202f: 12\u00a0h)"
        )


def test_placement_description_counts_conflicting_favourites():
    stars = frozenset("abcdef")
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(11), at(12), LAB), {}),
        favourites={1: stars | {"g"}, 2: stars},
    )
    costs = compute_placement_costs(timetable, 1)

    with translation.override("en"):
        sentences = PlacementDescriber(timetable, costs).describe(costs.cells[AULA, at(11)])

    assert sentences == [
        "6 people want to see both sessions.",
        "6 people, of the 7 who want to see it, also want to see another session at that time.",
    ]
    assert PlacementDescriber(timetable, costs).describe(costs.cells[AULA, at(9)]) == []
