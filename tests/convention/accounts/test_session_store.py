"""An ended session stays ended, even if another request still writes to it."""

import datetime

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.accounts.session_store import SessionStore

pytestmark = pytest.mark.django_db


def kept(**values: int) -> SessionStore:
    session = SessionStore()
    session.update(values)
    session.save()
    return session


def test_what_is_noted_is_there_for_the_next_page(django_assert_num_queries):
    key = kept(a=1).session_key
    session = SessionStore(key)
    with django_assert_num_queries(2):
        session["b"] = 2
        session.save()
    assert dict(SessionStore(key).items()) == {"a": 1, "b": 2}


def test_a_session_that_ended_meanwhile_does_not_come_back():
    session = SessionStore(kept(a=1).session_key)
    assert session["a"] == 1
    Session.objects.all().delete()
    session["b"] = 2
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_an_expired_session_is_none_and_who_has_its_key_gets_another():
    key = kept(a=1).session_key
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    session = SessionStore(key)
    session["b"] = 2
    session.save()
    assert session.session_key != key
    assert dict(SessionStore(session.session_key).items()) == {"b": 2}
    assert dict(SessionStore(key).items()) == {}


def test_another_key_takes_along_what_was_kept_and_the_old_one_opens_nothing():
    session = kept(a=1)
    old = session.session_key
    session.cycle_key()
    assert dict(SessionStore(session.session_key).items()) == {"a": 1}
    assert dict(SessionStore(old).items()) == {}


def test_a_session_that_is_flushed_is_gone():
    session = kept(a=1)
    session.flush()
    assert (session.session_key, Session.objects.count()) == (None, 0)
    session["b"] = 2
    session.save()
    assert Session.objects.count() == 1
