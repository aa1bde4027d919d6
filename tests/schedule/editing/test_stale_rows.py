"""Rows removed or published during an edit: published changes stay, and removed rows are not restored."""

import pytest

from convention.errors import InvalidFields, NotFound
from convention.events.models import Room
from convention.web.edit_conflicts import compute_fingerprint
from schedule.conflicts.planning_rules import save_room_planning
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import InvalidPlacement, make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.draft_slots import load_state
from schedule.editing.programme_parts import remove_programme_item, save_programme_item
from schedule.editing.rooms import remove_room, save_room
from schedule.editing.sessions import add_session, edit_session, remove_session
from schedule.models import Session, Speaker, Track
from tests.factories import make_event, make_person, make_room, make_session, make_track
from tests.schedule.versions.timetables import change_slot, publish_current_draft

pytestmark = pytest.mark.django_db


def test_a_session_published_since_it_was_loaded_is_not_deleted():
    event = make_event()
    session = make_session(event, starts_at=None)
    change_slot(session)
    loaded = Session.objects.get(pk=session.pk)
    publish_current_draft(session)

    is_deleted = remove_session(session=loaded)

    assert not is_deleted
    assert event.sessions.get().starts_at is not None
    assert load_state(session) is None


def test_second_removal_of_a_session_is_not_found():
    session = make_session(make_event(), starts_at=None)
    loaded = Session.objects.get(pk=session.pk)
    remove_session(session=session)

    with pytest.raises(NotFound):
        remove_session(session=loaded)


def test_a_session_removed_since_it_was_loaded_is_not_edited():
    session = make_session(make_event(), starts_at=None)
    loaded = Session.objects.get(pk=session.pk)
    remove_session(session=session)

    with pytest.raises(NotFound):
        edit_session(session=loaded, seen_fingerprints={}, values={"title": "Again"})
    assert not Session.objects.exists()


def make_speaker(event):
    return Speaker.objects.create(event=event, name="Ada Byron")


@pytest.mark.parametrize("make_item", [make_track, make_speaker])
def test_an_item_removed_since_it_was_loaded_is_not_inserted_again(make_item):
    event = make_event()
    item = make_item(event)
    loaded = type(item).objects.get(pk=item.pk)
    remove_programme_item(event=event, item=item)

    with pytest.raises(NotFound):
        save_programme_item(event=event, item=loaded, changed_fields=["name"])
    assert not Track.objects.exists()
    assert not Speaker.objects.exists()


def test_a_room_removed_since_it_was_loaded_is_not_inserted_again():
    event = make_event()
    room = make_room(event)
    loaded = Room.objects.get(pk=room.pk)
    remove_room(event=event, room=room, author=make_person())

    with pytest.raises(NotFound):
        save_room(event=event, room=loaded, changed_fields=["name"])
    with pytest.raises(NotFound):
        save_room_planning(room=loaded, changed_fields=["zone"])
    assert not event.rooms.exists()


def test_a_session_removed_since_it_was_loaded_is_not_placed():
    event = make_event()
    session = make_session(event, starts_at=None)
    key = session.pk
    draft = get_current_draft(event)
    remove_session(session=session)

    with pytest.raises(NotFound):
        make_moves(draft=draft, states={key: SlotState(None, event.starts_at, event.ends_at)}, author=None)
    assert not draft.slots.exists()


def test_a_session_is_not_placed_in_a_room_that_was_removed():
    event = make_event()
    session, room = make_session(event, starts_at=None), make_room(event)
    state = SlotState(room.pk, event.starts_at, event.ends_at)
    draft = get_current_draft(event)
    remove_room(event=event, room=room, author=make_person())

    with pytest.raises(InvalidPlacement):
        make_moves(draft=draft, states={session.pk: state}, author=None)
    assert not draft.slots.exists()


def load_removed_rows(event):
    """Return a room, a track and a session as they were loaded before they were removed."""
    room, track, session = make_room(event), make_track(event), make_session(event, starts_at=None)
    loaded = {
        "room": Room.objects.get(pk=room.pk),
        "track": Track.objects.get(pk=track.pk),
        "follows": Session.objects.get(pk=session.pk),
    }
    remove_room(event=event, room=room, author=make_person())
    remove_programme_item(event=event, item=track)
    remove_session(session=session)
    return loaded


@pytest.mark.parametrize("name", ["room", "track", "follows"])
def test_new_session_cannot_reference_removed_rows(name):
    event = make_event()
    removed = load_removed_rows(event)[name]
    times = {"starts_at": event.starts_at, "ends_at": event.ends_at}

    with pytest.raises(InvalidFields) as error:
        add_session(event=event, values={"title": "New", **times, name: removed})
    assert error.value.field_errors.keys() == {name}
    assert not event.sessions.exists()


@pytest.mark.parametrize("name", ["room", "track", "follows"])
def test_edited_session_cannot_reference_removed_rows(name):
    event = make_event()
    session = make_session(event)
    removed = load_removed_rows(event)[name]

    with pytest.raises(InvalidFields) as error:
        edit_session(
            session=session, seen_fingerprints={name: compute_fingerprint(None)}, values={name: removed}
        )
    assert error.value.field_errors.keys() == {name}


def test_second_track_of_the_same_name_is_refused():
    event = make_event()
    first, second = (Track(name="Keynotes", slug=slug) for slug in ("a", "b"))
    save_programme_item(event=event, item=first, changed_fields=["name"])

    with pytest.raises(InvalidFields) as error:
        save_programme_item(event=event, item=second, changed_fields=["name"])
    assert error.value.field_errors.keys() == {"name"}
    assert event.tracks.count() == 1
