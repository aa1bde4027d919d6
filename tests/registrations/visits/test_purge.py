"""Seven days after a visit no identity is left in the database, in mails or in the log."""

import datetime
import logging

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone

from convention import hooks
from convention.audit.models import AuditEntry
from convention.errors import LinkExpired, NotOpenNow
from registrations.visits.identity.identities import save_identity
from registrations.visits.identity.purge import list_visits_to_purge, purge_due_data, purge_visit
from registrations.visits.identity.reencrypt import reencrypt_rows
from registrations.visits.models import HostLink, Identity, Visit, VisitorList
from registrations.visits.visitor_list.contents import read_list
from registrations.visits.visitor_list.create import create_list
from tests.factories import make_secretary
from tests.registrations.visits.find_identities import (
    decrypt_words,
    dump_database,
    find_identity_values,
    list_identity_values,
)
from tests.registrations.visits.hosts import (
    DAY,
    make_host,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_sent_list,
)

pytestmark = pytest.mark.django_db


def end_visit(visit, *, days):
    """Let the visit have ended `days` days ago."""
    ends = timezone.now() - days * DAY
    visit.event.starts_at, visit.event.ends_at = ends - datetime.timedelta(hours=6), ends
    visit.event.save()


def make_visit_with_all_data(run_tasks):
    """Create a visit with all that may contain an identity: lists, changes, readings, mails, files, links."""
    visit = make_hosted(fields=[*make_identity_answers(1)])
    one, two = make_identified(visit, 1), make_identified(visit, 2)
    make_sent_list(visit)
    client = Client()
    client.force_login(one.person)
    address = f"/visits/{visit.event.slug}/identity/"
    client.post(address, {**make_identity_answers(3), "document_number": "?"})  # refused, and shown again
    client.post(address, make_identity_answers(4))
    secretary = Client()
    secretary.force_login(make_secretary())
    lists = f"/organize/{visit.event.slug}/visit/lists/"
    secretary.post(f"{lists}make/")
    secretary.post(f"{lists}2/send/", {"language": "fr"})
    for action in ("open", "xlsx", "pdf"):
        assert secretary.post(f"{lists}2/", {"action": action}).status_code == 200
    host = make_host(visit)
    Client().post("/host/", {"email": host.email})
    run_tasks()
    return visit, two


def test_search_finds_identities_before_purge(run_tasks):
    """Negative control: the same search decrypts the stored identities and finds their values."""
    make_visit_with_all_data(run_tasks)
    text = dump_database()

    assert [value for value in list_identity_values(1, 2, 3, 4) if value in text] == []

    found = decrypt_words(text)

    assert [value for value in list_identity_values(1, 2, 4) if value not in found] == []


def test_search_finds_no_identities_after_purge(run_tasks, mailoutbox, caplog):
    caplog.set_level(logging.DEBUG)
    visit, _two = make_visit_with_all_data(run_tasks)
    kept = list(VisitorList.objects.order_by("pk").values_list("number", "hash", "count", "added", "changed"))
    read = AuditEntry.objects.filter(verb="visitor_list.read").count()
    end_visit(visit, days=7)
    purge_due_data()

    found = find_identity_values(1, 2, 3, 4, mails=mailoutbox, log=caplog.text)

    assert found == set()
    # Hashes, counts and the audit trail remain.
    after = VisitorList.objects.order_by("pk").values_list("number", "hash", "count", "added", "changed")
    assert list(after) == kept
    assert AuditEntry.objects.filter(verb="visitor_list.read").count() == read == 3
    assert AuditEntry.objects.get(verb="visit.purge").reason == "2 identities, 2 lists"
    assert Identity.objects.count() == 0
    assert HostLink.objects.count() == 0
    assert set(VisitorList.objects.values_list("encrypted_data", "link_hash", "link_expires_at")) == {
        (None, "", None)
    }


def test_backup_cannot_be_decrypted_after_key_was_replaced(run_tasks, settings):
    visit, _two = make_visit_with_all_data(run_tasks)
    backup = dump_database()
    old, new = settings.IDENTITY_KEYS[0], Fernet.generate_key().decode()
    end_visit(visit, days=7)
    purge_due_data()

    settings.IDENTITY_KEYS = [new, old]

    assert reencrypt_rows() == 0

    settings.IDENTITY_KEYS = [new]

    assert decrypt_words(backup) == ""


@pytest.mark.parametrize(("days", "is_due"), [(-1, False), (6.99, False), (7, True), (400, True)])
def test_purge_is_due_seven_days_after_visit(days, is_due):
    visit = make_hosted()
    end_visit(visit, days=days)

    assert list_visits_to_purge(at=timezone.now()) == ([visit] if is_due else [])


def test_secretary_sees_no_visitor_readiness_after_purge():
    visit = make_hosted(fields=[*make_identity_answers(1)])
    make_identified(visit, 1)
    secretary = Client()
    secretary.force_login(make_secretary())
    address = f"/en/organize/{visit.event.slug}/visit/lists/"
    assert "Visitor readiness" in secretary.get(address).text
    end_visit(visit, days=8)

    purge_visit(visit=visit)

    assert "Visitor readiness" not in secretary.get(address).text


def test_cancelled_visit_is_purged_at_once():
    visit = make_hosted()
    make_identified(visit, 1)
    Visit.objects.update(cancelled_at=timezone.now())

    purge_due_data()

    assert not Identity.objects.exists()


def test_purge_leaves_identities_of_other_visits():
    past, coming = make_hosted(), make_hosted()
    make_identified(past, 1)
    kept = make_identified(coming, 2)
    end_visit(past, days=8)

    purge_due_data()

    assert Identity.objects.get().application == kept


def test_visit_is_purged_once(run_tasks):
    visit, _two = make_visit_with_all_data(run_tasks)
    end_visit(visit, days=8)
    purge_due_data()
    purge_due_data()

    purge_visit(visit=visit)

    assert AuditEntry.objects.filter(verb="visit.purge").count() == 1


def test_identities_and_lists_cannot_be_saved_or_read_after_purge(run_tasks):
    visit, two = make_visit_with_all_data(run_tasks)
    end_visit(visit, days=8)

    purge_due_data()

    two.refresh_from_db()
    with pytest.raises(NotOpenNow):
        save_identity(application=two, answers=make_identity_answers(2))
    with pytest.raises(NotOpenNow):
        create_list(visit=visit)
    with pytest.raises(LinkExpired):
        read_list(visitor_list=visit.lists.first())


def test_purge_is_an_hourly_periodic_job():
    assert hooks.periodic_jobs.intervals["registrations.visits.identity.purge.purge_due_data"] == 3600
