"""Doors ask for somebody's roles once in a request, however many of them there are; and never for longer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.club.asked import ask_once
from convention.club.doors import administers, club_roles
from convention.club.models import ClubRole
from convention.errors import Forbidden
from convention.events.appoint import dismiss
from convention.events.doors import has_event_role, organizes, runs_something, staffs_something
from tests.doors import client_of, delegated, named_under
from tests.factories import LONG_AGO, make_administrator, make_event, make_person, make_staff

pytestmark = pytest.mark.django_db
PAGES = ("", "registrations/", "tickets/", "attendance/", "schedule/", "settings/", "mail/", "badges/")


def outsider(event):
    person = make_person()
    named_under(delegated(event), person)
    return person


READERS = {
    "administrator": (lambda _event: make_administrator(), 1),
    "organizer": (make_staff, 2),
    "outside organizer": (outsider, 2),
}


ROLES = ('FROM "club_clubrole"', 'FROM "events_eventrole"')


def asks_for_roles(statement):
    """Whether it asks who somebody is: of the roles alone, not within a question about something else."""
    return any("FROM" not in statement.partition(role)[0] for role in ROLES if role in statement)


@pytest.mark.parametrize("reader", READERS)
def test_each_page_of_an_organizer_reads_the_roles_once(reader):
    event = make_event()
    make, readings = READERS[reader]
    client, found = client_of(make(event)), {}
    for page in PAGES:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/organize/{event.slug}/{page}").status_code == 200
        found[page] = sum(asks_for_roles(query["sql"]) for query in asked)
    assert found == dict.fromkeys(PAGES, readings)


def test_what_ends_between_two_requests_ends():
    event = make_event()
    person = make_staff(event)
    client = client_of(person)
    assert client.get(f"/organize/{event.slug}/tickets/").status_code == 200
    person.event_roles.all().delete()
    assert client.get(f"/organize/{event.slug}/tickets/").status_code == 403


def test_answers_are_kept_of_nobody_but_whom_a_request_brings():
    person = make_person()
    assert (club_roles(person), runs_something(person)) == (frozenset(), False)
    role = ClubRole.objects.create(person=person, role="administrator", starts_on=LONG_AGO)
    make_event()
    assert (administers(person), runs_something(person), staffs_something(person)) == (True, True, True)
    ask_once(person)
    assert administers(person)
    role.delete()
    assert administers(person)
    assert not administers(type(person).objects.get())


def test_who_ends_an_own_role_is_asked_about_anew():
    event = make_event()
    person = make_staff(event)
    ask_once(person)
    assert organizes(person, event)
    assert not has_event_role(person, make_event(), "organizer")
    with pytest.raises(Forbidden):
        dismiss(role=person.event_roles.get(), by=person)
    assert person.event_roles.get().ends_on is None
