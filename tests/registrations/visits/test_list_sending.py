"""A list under way: what happens between the button and the mail server, and what then counts."""

import pytest
from cryptography.fernet import Fernet
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client

from convention.codes.encryption import DecryptionFailed
from convention.errors import NotOpenNow
from registrations.visits.hosts.permissions import list_expected_visitors
from registrations.visits.identity.identities import save_identity
from registrations.visits.models import Visit, VisitorList
from registrations.visits.visitor_list.create import create_list
from registrations.visits.visitor_list.lock import lock_list, unlock_list
from registrations.visits.visitor_list.send import revoke_link, send_list, send_list_mail
from tests.registrations.visits.hosts import (
    DAY,
    answers_of,
    make_hosted,
    make_identified,
    make_sent_list,
    token_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """A list whose mail waits for the worker."""
    visit = make_hosted(days=15, lock_working_days=1)
    make_identified(visit, 1)
    return send_list(visitor_list=create_list(visit=visit))


def test_a_list_that_is_opened_again_stays_here_and_can_be_locked_later(asked, run_tasks, mailoutbox):
    unlock_list(visit=asked.visit)
    run_tasks()
    visit = Visit.objects.get()
    assert (len(mailoutbox), visit.sent_at, visit.state) == (0, None, Visit.State.PUBLISHED)
    assert lock_list(visit=visit).state == Visit.State.LOCKED
    make_identified(visit, 2)
    assert make_sent_list(visit).count == 2


def test_an_older_version_goes_out_no_more_once_a_newer_one_does(asked, mailoutbox):
    make_identified(asked.visit, 2)
    newer = make_sent_list(asked.visit)
    send_list_mail.func(asked.pk)  # its worker was late
    assert [token_in(mail) for mail in mailoutbox] == [token_in(mailoutbox[0])]
    visit = Visit.objects.get()
    assert list_expected_visitors(visit).count() == newer.count == 2
    asked.refresh_from_db()
    assert asked.sent_at is None
    assert asked.link_hash == ""
    assert not asked.is_being_sent


def test_after_the_visit_no_list_goes_out(asked, mailoutbox):
    event = asked.visit.event
    event.starts_at, event.ends_at = event.starts_at - 16 * DAY, event.ends_at - 16 * DAY
    event.save()
    send_list_mail.func(asked.pk)
    assert mailoutbox == []


def test_of_two_mails_of_a_worker_that_died_both_arrive_and_the_later_one_opens(asked, mailoutbox):
    send_list_mail.func(asked.pk)
    VisitorList.objects.update(sent_at=None)  # it died before it noted that
    send_list_mail.func(asked.pk)
    first, second = mailoutbox
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    opened = [Client().get(f"/host/lists/{token_in(mail)}/").status_code for mail in mailoutbox]
    assert opened == [410, 200]


def test_what_is_revoked_while_it_goes_out_does_not_count(asked, monkeypatch, mailoutbox):
    def sent_late(backend, messages, send=EmailBackend.send_messages):
        revoke_link(visitor_list=asked)
        return send(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", sent_late)
    send_list_mail.func(asked.pk)
    visit = Visit.objects.get()
    assert (len(mailoutbox), visit.sent_at, visit.applications.get().listed_at) == (1, None, None)
    assert Client().get(f"/host/lists/{token_in(mailoutbox[0])}/").status_code == 410


def test_what_is_revoked_before_its_link_is_stored_is_not_mailed(asked, mailoutbox):
    def revoke_first(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and '"link_hash"' in sql and VisitorList.objects.get().send_requested_at:
            VisitorList.objects.update(send_requested_at=None)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(revoke_first):
        send_list_mail.func(asked.pk)

    assert mailoutbox == []


def test_what_was_sent_is_opened_no_more(asked):
    send_list_mail.func(asked.pk)
    with pytest.raises(NotOpenNow, match="stays locked"):
        unlock_list(visit=asked.visit)


def test_a_key_that_was_lost_is_no_end_of_lists(asked, settings):
    send_list_mail.func(asked.pk)
    settings.IDENTITY_KEYS = [Fernet.generate_key().decode()]
    visit, application = asked.visit, asked.visit.applications.get()
    with pytest.raises(DecryptionFailed, match=f"enter them again: {application.person}"):
        create_list(visit=visit)
    save_identity(application=application, answers=answers_of(1))
    assert (make_sent_list(visit).number, visit.lists.count()) == (2, 2)
