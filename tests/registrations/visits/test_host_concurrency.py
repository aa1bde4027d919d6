"""Concurrent actions at the host: one decision, one list version and one sign-in succeed."""

import threading

import pytest
from django.db import transaction
from django.utils import timezone

from convention.errors import ConventionError
from convention.events.models import Event
from registrations.changes.cancel import cancel_as_attendee
from registrations.models import Registration
from registrations.visits.applications.veto import veto_application
from registrations.visits.hosts.contacts import add_host_contact
from registrations.visits.hosts.replacements import approve_visitor, propose_replacement
from registrations.visits.hosts.sign_in import SIGN_IN_LINK_DURATION, use_sign_in_link
from registrations.visits.lifecycle.host_change import end_host_access
from registrations.visits.models import HostLink, Identity, VisitorList
from registrations.visits.models.identities import hash_token
from registrations.visits.visitor_list.contents import decrypt_content
from registrations.visits.visitor_list.create import create_list
from tests.factories import make_administrator, make_company, make_member
from tests.page_forms import load_form
from tests.registrations.visits.hosts import make_host, make_hosted, make_identified
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def name_outcome(action):
    """Run `action` and return "done", or the class name of the error."""
    try:
        action()
    except ConventionError as error:
        return type(error).__name__
    return "done"


def test_concurrent_approvals_and_vetoes_leave_at_most_one_place():
    visit = make_hosted()
    replaced = make_identified(visit, 1)
    made = propose_replacement(application=replaced, replacement=make_member(replaced.company))
    actions = [lambda: approve_visitor(application=made)] * 3 + [
        lambda: veto_application(application=made)
    ] * 3
    results = run_in_threads([lambda action=action: name_outcome(action) for action in actions])
    made.refresh_from_db()

    agreed = made.registration_id is not None and made.registration.cancelled_at is None

    # A veto may still follow an approval; there is never more than one place.
    assert sorted(set(results)) == ["NotOpenNow", "done"]
    assert results.count("done") <= 2
    standing = Registration.objects.confirmed().filter(event=visit.event)
    assert standing.count() == (1 if agreed or made.host_approved_at is None else 0)


def test_concurrent_list_creation_makes_one_version():
    visit = make_hosted()
    make_identified(visit, 1)

    results = run_in_threads([lambda: name_outcome(lambda: create_list(visit=visit))] * 5)

    assert sorted(results) == ["ListUnchanged"] * 4 + ["done"]
    assert VisitorList.objects.count() == 1


def test_list_created_during_cancellations_contains_no_identity_of_those_who_left():
    visit = make_hosted()
    leaves, vetoed, _stays = (make_identified(visit, number) for number in range(3))

    results = run_in_threads(
        [
            lambda: name_outcome(lambda: create_list(visit=visit)),
            lambda: name_outcome(lambda: cancel_as_attendee(registration=leaves.registration)),
            lambda: name_outcome(lambda: veto_application(application=vetoed)),
            lambda: name_outcome(lambda: create_list(visit=visit)),
        ]
    )

    rows = [row for made in visit.lists.all() for row in decrypt_content(made).rows]
    left = [row for row in rows if row["key"] in (leaves.pk, vetoed.pk)]
    assert set(results) <= {"done", "ListUnchanged"}
    assert rows != []
    assert [row for row in left if row["identity"]] == []
    assert Identity.objects.count() == 1


def test_contact_added_while_the_host_changes_does_not_stay():
    visit = make_hosted()
    event = Event.objects.get(pk=visit.event_id)
    has_ended_access, was_answered = threading.Event(), threading.Event()

    def change_host():
        event.host = make_company(role="vendor")
        with transaction.atomic():
            event.save()
            end_host_access(visit=visit)
            has_ended_access.set()
            # Under the lock of the visit the other one is answered only after this transaction.
            was_answered.wait(timeout=2)

    def add_contact():
        has_ended_access.wait(timeout=30)
        try:
            return name_outcome(
                lambda: add_host_contact(visit=visit, name="Sophie", email="sophie@hote.example")
            )
        finally:
            was_answered.set()

    results = run_in_threads([change_host, add_contact])

    assert results == [None, "InvalidFields"]
    assert not visit.host_contacts.filter(ended_at=None).exists()


def test_concurrent_use_of_link_signs_in_once():
    contact = make_host(make_hosted())
    token = "t" * 43
    HostLink.objects.create(
        contact=contact, hash=hash_token(token), expires_at=timezone.now() + SIGN_IN_LINK_DURATION
    )

    results = run_in_threads([lambda: name_outcome(lambda: use_sign_in_link(token=token))] * 5)

    assert sorted(results) == ["LinkExpired"] * 4 + ["done"]


def test_change_of_the_host_during_vetoes_deadlocks_with_none_of_them():
    visit, administrator = make_hosted(), make_administrator()
    applications = [make_identified(visit, number) for number in range(4)]
    hosts = [make_company(role="vendor") for _number in range(4)]
    client, page = make_client(administrator), f"/organize/{visit.event.slug}/settings/"
    forms = [load_form(client, page) | {"host": [str(host.pk)]} for host in hosts]
    clients = [make_client(administrator) for _host in hosts]
    work = [
        job
        for application, form, own_client in zip(applications, forms, clients, strict=True)
        for job in (
            lambda a=application: veto_application(application=a),
            lambda f=form, c=own_client: c.post(page, f),
        )
    ]

    results = run_in_threads(work)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert {answer.status_code for answer in results[1::2]} <= {200, 302}
    assert not Registration.objects.confirmed().filter(event=visit.event).exists()
