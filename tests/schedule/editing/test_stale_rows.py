"""What is removed or published while somebody else edits it: nothing is lost, and nothing comes back."""

import pytest

from convention.errors import NotFound
from schedule.editing.draft_slots import load_state
from schedule.editing.sessions import edit_session, remove_session
from schedule.models import Session
from tests.factories import make_event, make_session
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
