"""Differences between timetables, as data and in sentences."""

import datetime
import uuid
import zoneinfo
from dataclasses import replace

import pytest
from django.utils import translation

from schedule.versions.differences import ChangeKind, TimetableSlot, compare_timetables
from schedule.versions.sentences import describe_change, summarize_differences

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
START = datetime.datetime(2027, 6, 16, 9, tzinfo=PARIS)
HOUR = datetime.timedelta(hours=1)
SLOT = TimetableSlot(
    uuid.UUID(int=1), "Titre", START, START + HOUR, room_id=1, room_name="Curie", session_id=1
)


def compare(before, after):
    return compare_timetables(
        {slot.guid: slot for slot in (before,) if slot}, {slot.guid: slot for slot in (after,) if slot}
    )


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        (SLOT, []),
        (None, ["removed"]),
        (replace(SLOT, starts_at=START + HOUR, ends_at=START + 2 * HOUR), ["time"]),
        (replace(SLOT, ends_at=START + 2 * HOUR), ["time"]),
        (replace(SLOT, room_id=2, room_name="Pasteur"), ["room"]),
        (replace(SLOT, room_id=None, room_name=""), ["room"]),
        (replace(SLOT, room_name="Curie (renommée)"), []),
        (replace(SLOT, is_cancelled=True), ["cancelled"]),
        (replace(SLOT, title="Autre titre"), []),
        (
            replace(SLOT, ends_at=START + 2 * HOUR, room_id=2, is_cancelled=True),
            ["cancelled", "time", "room"],
        ),
    ],
)
def test_each_kind_of_change_is_found(after, kinds):
    differences = compare(SLOT, after)

    assert [list(change.kinds) for change in differences.changes] == ([kinds] if kinds else [])


def test_new_and_restored_sessions_are_found():
    assert compare(None, SLOT).changes[0].kinds == (ChangeKind.ADDED,)
    assert compare(replace(SLOT, is_cancelled=True), SLOT).changes[0].kinds == (ChangeKind.RESTORED,)


def test_change_of_the_programme_day_alone_notifies_no_session():
    before = replace(SLOT, day=START.date())

    differences = compare(before, replace(before, day=START.date() - datetime.timedelta(days=1)))

    assert differences.changes[0].kinds == (ChangeKind.DAY,)
    assert differences.notified_session_ids == []


def test_sessions_that_did_not_change_are_counted():
    other = replace(SLOT, guid=uuid.UUID(int=2))
    both = {SLOT.guid: SLOT, other.guid: other}

    differences = compare_timetables(both, {**both, other.guid: replace(other, is_cancelled=True)})

    assert differences.unchanged_count == 1
    assert [change.slot.guid for change in differences.changes] == [other.guid]


MOVED = replace(SLOT, starts_at=START + HOUR, ends_at=START + 2 * HOUR)
SENTENCES = [
    (SLOT, MOVED, "en", "Now Wednesday 16 June 2027, 10:00–11:00 instead of 9:00–10:00."),
    (SLOT, MOVED, "fr", "Nouvel horaire : mercredi 16 juin 2027, 10 h – 11 h (avant : 9 h – 10 h)."),
    (SLOT, replace(SLOT, room_id=2, room_name="Pasteur"), "en", "In Pasteur instead of Curie."),
    (SLOT, replace(SLOT, room_id=2, room_name="Pasteur"), "fr", "Salle : Pasteur (avant : Curie)."),
    (SLOT, None, "en", "Removed (previously Wednesday 16 June 2027, 9:00–10:00, Curie)."),
    (
        SLOT,
        None,
        "fr",
        "Session retirée du programme. Elle était prévue le mercredi 16 juin 2027, 9 h – 10 h, Curie.",
    ),
    (
        SLOT,
        replace(SLOT, is_cancelled=True),
        "en",
        "Cancelled (previously Wednesday 16 June 2027, 9:00–10:00, Curie).",
    ),
    (None, SLOT, "fr", "Nouvelle session : mercredi 16 juin 2027, 9 h – 10 h, Curie."),
]


@pytest.mark.parametrize(("before", "after", "language", "sentence"), SENTENCES)
def test_changes_are_described_in_both_languages(before, after, language, sentence):
    change = compare(before, after).changes[0]

    with translation.override(language):
        text = describe_change(change, PARIS)

    assert text.replace("\u00a0", " ").replace("\u202f", " ") == sentence


def test_the_summary_counts_by_kind():
    differences = compare(SLOT, replace(MOVED, room_id=2))

    with translation.override("en"):
        assert summarize_differences(differences) == "1 at another time, 1 in another room"
