"""Moves in a draft: history, concurrent editors, undo and redo."""

import datetime
import random
from dataclasses import replace

import pytest

from convention.events.models import Event
from schedule.drafts.current_draft import copy_draft, get_current_draft, load_slot_states
from schedule.drafts.moves import (
    NothingToUndo,
    SlotChangedMeanwhile,
    find_last_batch,
    list_moves,
    make_moves,
    redo_last_batch,
    undo_batch,
    undo_last_batch,
)
from schedule.drafts.slot_state import SlotState
from schedule.models import ScheduleDraft
from tests.factories import make_event, make_person, make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def make_state(event: Event, hours: int = 0, **values: object) -> SlotState:
    starts_at = event.starts_at.astimezone(datetime.UTC) + hours * HOUR
    return replace(SlotState(None, starts_at, starts_at + HOUR), **values)  # type: ignore[arg-type]  # any columns


def test_the_first_draft_is_a_copy_of_the_published_programme():
    event = make_event()
    placed = make_session(event)
    unplaced = make_session(event, starts_at=None)

    draft = get_current_draft(event)

    assert load_slot_states(draft) == {placed.pk: SlotState.of_session(placed)}
    assert unplaced.pk not in load_slot_states(draft)
    assert get_current_draft(event) == draft


def test_moving_a_session_changes_the_draft_and_not_the_session():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    later = make_state(event, 3)

    moves = make_moves(draft=draft, states={session.pk: later}, author=None)

    session.refresh_from_db()
    assert load_slot_states(draft) == {session.pk: later}
    assert session.starts_at == event.starts_at
    assert [move.number for move in moves] == [1]
    assert draft.revision == 1


def test_move_to_the_same_slot_is_not_recorded():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)

    moves = make_moves(draft=draft, states=dict(load_slot_states(draft)), author=None)

    assert moves == []
    assert draft.revision == 0
    assert load_slot_states(draft).keys() == {session.pk}


def test_two_editors_can_move_different_sessions():
    event = make_event()
    first, second = make_session(event), make_session(event)
    draft = get_current_draft(event)
    anna, benoit = make_person(), make_person()

    make_moves(draft=draft, states={first.pk: make_state(event, 1)}, author=anna, seen_revision=0)
    make_moves(draft=draft, states={second.pk: make_state(event, 2)}, author=benoit, seen_revision=0)

    assert load_slot_states(draft) == {first.pk: make_state(event, 1), second.pk: make_state(event, 2)}


def test_editor_cannot_overwrite_an_unseen_move():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    anna, benoit = make_person(), make_person()
    make_moves(draft=draft, states={session.pk: make_state(event, 1)}, author=anna, seen_revision=0)

    with pytest.raises(SlotChangedMeanwhile) as error:
        make_moves(draft=draft, states={session.pk: make_state(event, 2)}, author=benoit, seen_revision=0)

    assert error.value.current_states == {session.pk: make_state(event, 1)}
    assert load_slot_states(draft) == {session.pk: make_state(event, 1)}


def test_the_same_move_by_two_editors_is_no_conflict():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    make_moves(draft=draft, states={session.pk: None}, author=make_person(), seen_revision=0)

    moves = make_moves(draft=draft, states={session.pk: None}, author=make_person(), seen_revision=0)

    assert moves == []


def test_undo_and_redo_apply_to_own_moves_only():
    event = make_event()
    first, second = make_session(event), make_session(event)
    draft = get_current_draft(event)
    start = load_slot_states(draft)
    anna, benoit = make_person(), make_person()
    make_moves(draft=draft, states={first.pk: make_state(event, 1)}, author=anna)
    make_moves(draft=draft, states={second.pk: None}, author=benoit)

    undo_last_batch(draft=draft, author=anna)
    after_undo = load_slot_states(draft)
    redo_last_batch(draft=draft, author=anna)

    assert after_undo == {first.pk: start[first.pk]}
    assert load_slot_states(draft) == {first.pk: make_state(event, 1)}
    with pytest.raises(NothingToUndo):
        redo_last_batch(draft=draft, author=anna)


def test_redo_restores_the_most_recently_undone_move():
    event, anna = make_event(), make_person()
    session = make_session(event)
    draft = get_current_draft(event)
    for hours in (1, 2):
        make_moves(draft=draft, states={session.pk: make_state(event, hours)}, author=anna)
        undo_last_batch(draft=draft, author=anna)

    redo_last_batch(draft=draft, author=anna)

    assert load_slot_states(draft)[session.pk] == make_state(event, 2)


def test_new_move_clears_redo():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    anna = make_person()
    make_moves(draft=draft, states={session.pk: make_state(event, 1)}, author=anna)
    undo_last_batch(draft=draft, author=anna)
    make_moves(draft=draft, states={session.pk: make_state(event, 2)}, author=anna)

    with pytest.raises(NothingToUndo):
        redo_last_batch(draft=draft, author=anna)


def test_undo_skips_session_moved_by_another_editor_since():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    anna, benoit = make_person(), make_person()
    make_moves(draft=draft, states={session.pk: make_state(event, 1)}, author=anna)
    make_moves(draft=draft, states={session.pk: make_state(event, 2)}, author=benoit)

    result = undo_last_batch(draft=draft, author=anna)

    assert result.moves == []
    assert result.skipped_sessions == [session.pk]
    assert load_slot_states(draft) == {session.pk: make_state(event, 2)}


def test_a_batch_is_undone_as_a_whole():
    event = make_event()
    sessions = [make_session(event) for _number in range(3)]
    draft = get_current_draft(event)
    start = load_slot_states(draft)
    make_moves(draft=draft, states={one.pk: make_state(event, 5) for one in sessions}, author=None)

    undo_batch(draft=draft, batch=find_last_batch(draft), author=None)

    assert load_slot_states(draft) == start


def undo_everything(draft: ScheduleDraft) -> None:
    while batch := find_last_batch(draft):
        undo_batch(draft=draft, batch=batch, author=None)


@pytest.mark.parametrize("seed", range(3))
def test_random_moves_of_two_editors_match_history_and_can_be_undone(seed):
    rng = random.Random(seed)
    event = make_event()
    sessions = [make_session(event) for _number in range(6)]
    draft = get_current_draft(event)
    start = load_slot_states(draft)
    editors = [make_person(), make_person()]
    seen = {editor.pk: 0 for editor in editors}
    refused = 0

    for _number in range(60):
        editor, session = rng.choice(editors), rng.choice(sessions)
        state = rng.choice([None, make_state(event, rng.randrange(8))])
        try:
            make_moves(draft=draft, states={session.pk: state}, author=editor, seen_revision=seen[editor.pk])
        except SlotChangedMeanwhile:
            refused += 1
        if rng.random() < 0.5:
            seen[editor.pk] = draft.revision
    replayed = dict(start)
    for move in list_moves(draft):
        state = SlotState.from_json(move.after)
        if state:
            replayed[move.session_id] = state
        else:
            replayed.pop(move.session_id, None)

    assert refused
    assert replayed == load_slot_states(draft)
    undo_everything(draft)
    assert load_slot_states(draft) == start


def test_copied_draft_is_independent_of_its_original():
    event = make_event()
    session = make_session(event)
    draft = get_current_draft(event)
    copied = copy_draft(draft=draft, name="Variant")

    make_moves(draft=copied, states={session.pk: None}, author=None)

    assert load_slot_states(copied) == {}
    assert session.pk in load_slot_states(draft)


def test_move_query_count_does_not_depend_on_number_of_sessions(django_assert_num_queries):
    event = make_event()
    sessions = [make_session(event) for _number in range(30)]
    draft = get_current_draft(event)

    with django_assert_num_queries(8):
        make_moves(draft=draft, states={sessions[0].pk: make_state(event, 1)}, author=None)
    with django_assert_num_queries(8):
        make_moves(draft=draft, states={one.pk: make_state(event, 2) for one in sessions}, author=None)
