"""Concurrent double submits of a form: the second waits for the first and changes nothing."""

import pytest

from schedule.board.copy_frame import copy_frame
from schedule.conflicts.kinds import ConflictKind, KindRule
from schedule.conflicts.planning_rules import save_kind_rules, save_walking_times
from schedule.drafts.current_draft import get_current_draft
from schedule.models import ConflictLevel
from tests.factories import make_event, make_room
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_a_frame_copied_twice_at_once_creates_each_room_once():
    source, event = make_event(slug="last-year"), make_event(slug="this-year")
    for number in range(5):
        make_room(source, name=f"Room {number}")
    draft = get_current_draft(event)

    copied = run_in_threads([lambda: copy_frame(draft=draft, source=source, author=None)] * 4)

    assert sorted(frame.rooms for frame in copied) == [0, 0, 0, 5]
    assert event.rooms.count() == 5


def test_rules_saved_twice_at_once_are_stored_once():
    event = make_event()
    kind = next(iter(ConflictKind))
    rules = {kind: KindRule(level=ConflictLevel.Level.IGNORE)}

    saved = run_in_threads([lambda: save_kind_rules(event=event, rules=rules)] * 6)

    assert saved == [None] * 6
    assert event.conflict_levels.count() == 1


def test_walking_times_saved_twice_at_once_are_stored_once():
    event = make_event()

    saved = run_in_threads([lambda: save_walking_times(event=event, minutes={("a", "b"): 5})] * 6)

    assert saved == [None] * 6
    assert event.walking_times.count() == 1
