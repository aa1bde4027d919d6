"""Test that presence is the same in any order of scans, applied one by one or at once."""

import datetime
import functools
import uuid

from hypothesis import given
from hypothesis import strategies as some

from badges.attendance.scanning.presence import (
    NEVER_SCANNED,
    CountedScan,
    PresenceState,
    apply_scan,
    compute_presence,
    find_conflicts,
    find_prior_state_among,
)

NINE = datetime.datetime(2026, 6, 17, 9, tzinfo=datetime.UTC)


def make_counted_scan(minutes, **fields):
    values = {"device_id": 1, "uid": uuid.uuid4(), "direction": "in"}
    return CountedScan(at=NINE + datetime.timedelta(minutes=minutes), **values | fields)


scan_lists = some.lists(
    some.builds(
        CountedScan,
        at=some.integers(0, 40).map(lambda steps: NINE + datetime.timedelta(seconds=5 * steps)),
        device_id=some.integers(1, 3),
        uid=some.uuids(),
        direction=some.sampled_from(["in", "out"]),
        has_override=some.booleans(),
        resolution=some.sampled_from(["", "", "reentry", "duplicate", "wrong_badge", "misuse"]),
        device_sequence=some.integers(0, 3),
    ),
    max_size=12,
)


@given(scan_lists, some.randoms())
def test_presence_does_not_depend_on_scan_order(story, random):
    shuffled = random.sample(story, len(story))
    assert compute_presence(shuffled) == compute_presence(story)


@given(scan_lists)
def test_presence_invariants_hold(story):
    state = compute_presence(story)

    assert state.version == len(story)
    assert state.is_inside is False or state.last_entered_at is not None
    assert (state.entries == 0) == (state.first_entered_at is None)
    assert state.has_conflict == bool(find_conflicts(story))
    assert 0 <= state.seconds_inside <= 200


@given(scan_lists)
def test_scans_applied_one_by_one_give_same_presence_as_all_at_once(story):
    ordered = sorted(story, key=lambda one: one.sort_key)
    assert functools.reduce(apply_scan, ordered, NEVER_SCANNED) == compute_presence(story)


def test_entries_on_two_devices_are_conflict():
    first, second = make_counted_scan(0), make_counted_scan(30, device_id=2)
    state = compute_presence([second, first])

    assert state == PresenceState(
        is_inside=True, first_entered_at=first.at, last_entered_at=first.at, last_device=1, entries=1,
        has_conflict=True, last_scan_at=second.at, version=2,
    )  # fmt: skip
    assert find_conflicts([second, first]) == [second]


def test_resolution_decides_entries_and_clears_conflict():
    first = make_counted_scan(0)
    for resolution, entries in (("reentry", 2), ("duplicate", 1), ("wrong_badge", 1), ("misuse", 1)):
        state = compute_presence([first, make_counted_scan(30, device_id=2, resolution=resolution)])
        assert state.entries == entries
        assert not state.has_conflict


def test_time_inside_is_summed_over_all_stays():
    state = compute_presence(
        [
            make_counted_scan(0),
            make_counted_scan(10, direction="out"),
            make_counted_scan(20),
            make_counted_scan(25, direction="out"),
            make_counted_scan(26, direction="out"),
        ]
    )

    assert state.seconds_inside == 15 * 60
    assert state.entries == 2
    assert not state.is_inside


def test_prior_state_of_late_entry_includes_next_entry():
    later = make_counted_scan(10, device_id=2, gate_name="B")
    meeting = find_prior_state_among([later], make_counted_scan(0))

    assert meeting.is_inside
    assert not meeting.is_same_device
    assert meeting.entered_at == later.at
    assert (
        find_prior_state_among([make_counted_scan(5, direction="out"), later], make_counted_scan(0)).is_inside
        is False
    )
