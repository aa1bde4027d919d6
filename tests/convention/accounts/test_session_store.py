"""Our sessions behave as Django's: an ended one stays ended, even if another request still writes to it."""

import datetime

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.accounts.session_store import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[SessionStore, db.SessionStore], ids=["ours", "Django's"])
def store(request) -> type[db.SessionStore]:
    return request.param


def make_saved_session(store: type[db.SessionStore], **values: int) -> db.SessionStore:
    session = store()
    session.update(values)
    session.save()
    return session


def test_saved_value_is_loaded_by_next_request(store):
    key = make_saved_session(store, a=1).session_key
    session = store(key)
    session["b"] = 2
    session.save()

    assert dict(store(key).items()) == {"a": 1, "b": 2}


def test_each_store_reads_what_the_other_saved():
    ours, of_django = make_saved_session(SessionStore, a=1), make_saved_session(db.SessionStore, a=1)

    assert dict(db.SessionStore(ours.session_key).items()) == {"a": 1}
    assert dict(SessionStore(of_django.session_key).items()) == {"a": 1}


def test_session_is_read_and_updated_in_one_statement_each(django_assert_num_queries):
    session = SessionStore(make_saved_session(SessionStore, a=1).session_key)
    with django_assert_num_queries(2):
        session["b"] = 2
        session.save()


def test_saving_ended_session_fails_and_does_not_recreate_it(store):
    session = store(make_saved_session(store, a=1).session_key)

    assert session["a"] == 1

    Session.objects.all().delete()

    session["b"] = 2
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_expired_session_is_empty_and_saved_under_another_key(store):
    key = make_saved_session(store, a=1).session_key
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    session = store(key)
    session["b"] = 2
    session.save()

    assert session.session_key != key
    assert dict(store(session.session_key).items()) == {"b": 2}
    assert dict(store(key).items()) == {}


def test_cycle_key_moves_values_and_invalidates_old_key(store):
    session = make_saved_session(store, a=1)
    old = session.session_key

    session.cycle_key()

    assert dict(store(session.session_key).items()) == {"a": 1}
    assert dict(store(old).items()) == {}


def test_flushed_session_is_deleted_and_can_be_saved_again(store):
    session = make_saved_session(store, a=1)
    session.flush()

    assert session.session_key is None
    assert Session.objects.count() == 0

    session["b"] = 2
    session.save()

    assert Session.objects.count() == 1
