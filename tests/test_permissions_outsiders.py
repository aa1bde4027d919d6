"""A host's session and an outside organizer reach only their own visit or event, at every address."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registrations.visits.hosts.contacts import add_host_contact
from registrations.visits.hosts.permissions import SESSION_KEY
from registrations.visits.models import Application, Proposal, Visit
from tests.factories import make_company, make_person
from tests.permission_table import EVERYONE, PERMISSIONS_BY_URL_NAME, SECRETARIES
from tests.site_objects import (
    is_allowed,
    list_url_patterns,
    make_client,
    make_delegated_role,
    make_delegation,
    make_event_objects,
    make_people_by_role,
)
from tests.test_permissions_objects import iterate_swapped_addresses

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SIGN_IN = {"host", "host-sign-in", "host-sign-out", "host-list"}
"""Open to everybody: the form that requests a link, and the pages that a secret opens."""


def send_request(client: Client, method: str, address: str):
    """Return the response to a request whose changes are rolled back."""
    with transaction.atomic():
        answer = client.generic(method, address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    assert answer.status_code < 500, f"{method} {address}"
    return answer


def make_host_client(visit: Visit) -> Client:
    """Return a client that a mailed link signed in as a contact of that visit."""
    contact = add_host_contact(visit=visit, name="Hana", email=f"hana{visit.pk}@hote.example")
    client = Client()
    session = client.session
    session[SESSION_KEY] = {"contact": contact.pk, "at": timezone.now().isoformat()}
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


@pytest.fixture(scope="module")
def shared_world(shared_rows):
    here, elsewhere = make_event_objects("here"), make_event_objects("elsewhere", spare=7)
    make_people_by_role(here, elsewhere.event)
    return here, elsewhere


@pytest.fixture
def world(shared_world, db):
    return shared_world


def get_visit(objects) -> Visit:
    return Visit.objects.get(event=objects.event)


def test_host_session_opens_own_visit(world):
    """Control for the tests below: the visit's own host is admitted with these arguments."""
    here, _elsewhere = world
    client = make_host_client(get_visit(here))

    opened = {
        name
        for name, arguments in list_url_patterns()
        if name.startswith("host-") and name not in SIGN_IN
        for method in ("GET", "POST")
        if is_allowed(send_request(client, method, here.address(name, arguments)))
    }

    assert opened == {"host-visit", "host-visit-list", "host-person", "host-briefing", "host-proposals"}


def test_host_session_opens_nothing_of_another_host(world):
    here, elsewhere = world
    client, opened = make_host_client(get_visit(here)), {}

    for name, arguments in list_url_patterns():
        if not name.startswith("host-") or name in SIGN_IN or not arguments:
            continue
        for swapped in [arguments, *([argument] for argument in arguments)]:
            given = here.arguments(name, arguments)
            given |= {one: elsewhere.arguments(name, arguments)[one] for one in swapped}
            for method in ("GET", "POST"):
                answer = send_request(client, method, reverse(name, kwargs=given))
                if answer.status_code not in {403, 404, 405}:
                    opened[name, tuple(swapped), method] = answer.status_code

    assert opened == {}


def test_host_session_has_no_rights_on_pages_of_the_club(world):
    here, _elsewhere = world
    client, stranger, differs = make_host_client(get_visit(here)), Client(), {}

    for name, arguments in list_url_patterns():
        if name.startswith("host") or PERMISSIONS_BY_URL_NAME.get(name) == EVERYONE:
            continue
        for method in ("GET", "POST"):
            address = here.address(name, arguments)
            answers = [send_request(one, method, address) for one in (client, stranger)]
            statuses = [answer.status_code for answer in answers]
            if statuses[0] != statuses[1] or is_allowed(answers[0]) != is_allowed(answers[1]):
                differs[name, method] = statuses

    assert differs == {}


@pytest.mark.parametrize("change", ["ended", "called off", "old"])
def test_host_session_ends_on_all_pages_immediately(world, change):
    here, _elsewhere = world
    visit = get_visit(here)
    client = make_host_client(visit)
    if change == "ended":
        visit.host_contacts.update(ended_at=timezone.now())
    elif change == "called off":
        Visit.objects.filter(pk=visit.pk).update(cancelled_at=timezone.now())
    else:
        session = client.session
        session[SESSION_KEY] = {**session[SESSION_KEY], "at": "2020-01-01T00:00:00+00:00"}
        session.save()

    opened = [
        (name, method)
        for name, arguments in list_url_patterns()
        if name.startswith("host-") and name not in SIGN_IN
        for method in ("GET", "POST")
        if is_allowed(send_request(client, method, here.address(name, arguments)))
    ]

    assert opened == []


def test_host_cannot_withdraw_proposals_of_members_or_other_hosts(world):
    here, elsewhere = world
    client = make_host_client(get_visit(here))
    other = add_host_contact(visit=get_visit(elsewhere), name="Paul", email="paul@autre.example")
    of_other = Proposal.objects.create(title="Centre de calcul", proposed_by_host=other, host=make_company())
    of_member = Proposal.objects.create(title="Visite du port", proposed_by=make_person(), host_name="x")
    for one in (of_other, of_member):
        assert client.post(reverse("host-proposal-withdraw", args=[one.pk])).status_code == 404
        one.refresh_from_db()
        assert one.set_aside_at is None

    page = client.get(reverse("host-proposals")).content.decode()

    assert "Centre de calcul" not in page
    assert "Visite du port" not in page


def test_host_cannot_decide_on_unlisted_applicant(world):
    """An application of the visit that the host was never sent is not found."""
    here, _elsewhere = world
    visit = get_visit(here)
    unlisted = Application.objects.create(visit=visit, person=make_person(), company=make_company())
    client = make_host_client(visit)
    for method in ("GET", "POST"):
        address = reverse("host-person", args=[visit.event.slug, unlisted.pk])
        assert send_request(client, method, address).status_code in {404, 405}


def test_outside_organizer_cannot_reach_objects_of_another_event(world):
    here, elsewhere = world
    person = make_person()
    make_delegated_role(make_delegation(here.event), person)
    client, found = make_client(person), {}

    for name, arguments, swapped in iterate_swapped_addresses():
        if name.startswith(("club-", "host-")) or PERMISSIONS_BY_URL_NAME.get(name) == SECRETARIES:
            continue
        given, other = here.arguments(name, arguments), elsewhere.arguments(name, arguments)
        address = reverse(name, kwargs={**given, swapped: other[swapped]})
        for method in ("GET", "POST"):
            status = send_request(client, method, address).status_code
            if status not in {403, 404, 405}:
                found[name, swapped, method] = status

    assert found == {}


@pytest.mark.long
def test_outside_organizer_has_no_rights_at_another_event(world):
    here, elsewhere = world
    person = make_person()
    make_delegated_role(make_delegation(here.event), person)
    client, stranger, opened = make_client(person), make_client(make_person()), {}

    for name, arguments in list_url_patterns():
        if (
            "event" not in arguments
            or PERMISSIONS_BY_URL_NAME.get(name) == EVERYONE
            or name.startswith("host-")
        ):
            continue
        for method in ("GET", "POST"):
            address = elsewhere.address(name, arguments)
            mine, theirs = (is_allowed(send_request(one, method, address)) for one in (client, stranger))
            if mine != theirs:
                opened[name, method] = (mine, theirs)

    assert opened == {}
