"""Events between the request to send a list and the mail server, and which list then counts as sent."""

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
    extract_token,
    make_host,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_sent_list,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def queued_list():
    """Return a list whose mail is queued for the worker."""
    visit = make_hosted(days=15, lock_working_days=1)
    make_identified(visit, 1)
    return send_list(visitor_list=create_list(visit=visit))


def test_unlocked_list_is_not_mailed_and_can_be_locked_later(queued_list, run_tasks, mailoutbox):
    unlock_list(visit=queued_list.visit)
    run_tasks()

    visit = Visit.objects.get()
    assert len(mailoutbox) == 0
    assert visit.sent_at is None
    assert visit.state == Visit.State.PUBLISHED
    assert lock_list(visit=visit).state == Visit.State.LOCKED

    make_identified(visit, 2)

    assert make_sent_list(visit).count == 2


def test_older_version_is_not_mailed_after_newer_one(queued_list, mailoutbox):
    make_identified(queued_list.visit, 2)
    newer = make_sent_list(queued_list.visit)

    send_list_mail.func(queued_list.pk)  # its worker was late

    assert [extract_token(mail) for mail in mailoutbox] == [extract_token(mailoutbox[0])]
    visit = Visit.objects.get()
    assert list_expected_visitors(visit).count() == newer.count == 2
    queued_list.refresh_from_db()
    assert queued_list.sent_at is None
    assert queued_list.link_hash == ""
    assert not queued_list.is_being_sent


def test_list_is_not_mailed_after_visit(queued_list, mailoutbox):
    event = queued_list.visit.event
    event.starts_at, event.ends_at = event.starts_at - 16 * DAY, event.ends_at - 16 * DAY
    event.save()

    send_list_mail.func(queued_list.pk)

    assert mailoutbox == []


def test_list_mailed_again_after_worker_crash_is_opened_by_later_link(queued_list, mailoutbox):
    send_list_mail.func(queued_list.pk)
    VisitorList.objects.update(sent_at=None)  # the worker died before it saved that
    send_list_mail.func(queued_list.pk)

    first, second = mailoutbox

    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]

    opened = [Client().get(f"/host/lists/{extract_token(mail)}/").status_code for mail in mailoutbox]

    assert opened == [410, 200]


def test_list_revoked_during_sending_does_not_count_as_sent(queued_list, monkeypatch, mailoutbox):
    def sent_late(backend, messages, send=EmailBackend.send_messages):
        revoke_link(visitor_list=queued_list)
        return send(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", sent_late)
    send_list_mail.func(queued_list.pk)
    visit = Visit.objects.get()
    assert len(mailoutbox) == 1
    assert visit.sent_at is None
    assert visit.applications.get().listed_at is None
    assert Client().get(f"/host/lists/{extract_token(mailoutbox[0])}/").status_code == 410


def test_list_revoked_before_link_is_stored_is_not_mailed(queued_list, mailoutbox):
    def revoke_first(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and '"link_hash"' in sql and VisitorList.objects.get().send_requested_at:
            VisitorList.objects.update(send_requested_at=None)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(revoke_first):
        send_list_mail.func(queued_list.pk)

    assert mailoutbox == []


def test_sent_list_cannot_be_unlocked(queued_list):
    send_list_mail.func(queued_list.pk)
    with pytest.raises(NotOpenNow, match="stays locked"):
        unlock_list(visit=queued_list.visit)


def test_list_can_be_sent_again_after_encryption_key_was_lost(queued_list, settings):
    send_list_mail.func(queued_list.pk)
    settings.IDENTITY_KEYS = [Fernet.generate_key().decode()]

    visit, application = queued_list.visit, queued_list.visit.applications.get()

    with pytest.raises(DecryptionFailed, match=f"enter them again: {application.person}"):
        create_list(visit=visit)

    save_identity(application=application, answers=make_identity_answers(1))

    assert make_sent_list(visit).number == 2
    assert visit.lists.count() == 2


def test_contacts_are_mailed_once_for_a_version_that_is_sent_again(run_tasks, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    made, contact = make_sent_list(visit), make_host(visit)
    run_tasks()
    mailoutbox.clear()

    send_list(visitor_list=made)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[visit.security_email]]
    assert contact.email != visit.security_email
