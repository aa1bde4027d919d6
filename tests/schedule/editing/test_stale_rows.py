"""What is removed or published while somebody else edits it: nothing is lost, and nothing comes back."""

import pytest

from convention.errors import NotFound
from convention.events.models import Room
from schedule.conflicts.planning_rules import save_room_planning
from schedule.editing.draft_slots import load_state
from schedule.editing.programme_parts import remove_programme_item, save_programme_item
from schedule.editing.rooms import remove_room, save_room
from schedule.editing.sessions import edit_session, remove_session
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


def test_a_session_removed_twice_at_once_is_not_found():
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
