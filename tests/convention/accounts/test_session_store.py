"""An ended session stays ended, even if another request still writes to it."""

import datetime

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.accounts.session_store import SessionStore

pytestmark = pytest.mark.django_db


def make_saved_session(**values: int) -> SessionStore:
    session = SessionStore()
    session.update(values)
    session.save()
    return session


def test_saved_value_is_loaded_by_next_request(django_assert_num_queries):
    key = make_saved_session(a=1).session_key
    session = SessionStore(key)
    with django_assert_num_queries(2):
        session["b"] = 2
        session.save()
    assert dict(SessionStore(key).items()) == {"a": 1, "b": 2}


def test_saving_ended_session_fails_and_does_not_recreate_it():
    session = SessionStore(make_saved_session(a=1).session_key)
    assert session["a"] == 1
    Session.objects.all().delete()
    session["b"] = 2
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_expired_session_is_empty_and_saved_under_another_key():
    key = make_saved_session(a=1).session_key
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    session = SessionStore(key)
    session["b"] = 2
    session.save()
    assert session.session_key != key
    assert dict(SessionStore(session.session_key).items()) == {"b": 2}
    assert dict(SessionStore(key).items()) == {}


def test_cycle_key_moves_values_and_invalidates_old_key():
    session = make_saved_session(a=1)
    old = session.session_key
    session.cycle_key()
    assert dict(SessionStore(session.session_key).items()) == {"a": 1}
    assert dict(SessionStore(old).items()) == {}


def test_flushed_session_is_deleted_and_can_be_saved_again():
    session = make_saved_session(a=1)
    session.flush()
    assert (session.session_key, Session.objects.count()) == (None, 0)
    session["b"] = 2
    session.save()
    assert Session.objects.count() == 1
