"""The roles of a person are queried once in a request, and not cached for longer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.club.models import ClubRole
from convention.club.permission_cache import enable_permission_cache
from convention.club.permissions import get_club_roles, is_club_administrator
from convention.errors import Forbidden
from convention.events.permissions import can_organize, has_event_role, has_organized_event
from convention.events.roles import end_event_role
from tests.factories import START_OF_2020, make_administrator, make_event, make_person, make_staff
from tests.site_objects import make_client, make_delegated_role, make_delegation

pytestmark = pytest.mark.django_db
PAGES = ("", "registrations/", "tickets/", "attendance/", "schedule/", "settings/", "mail/", "badges/")


def make_outside_organizer(event):
    person = make_person()
    make_delegated_role(make_delegation(event), person)
    return person


READERS = {
    "administrator": (lambda _event: make_administrator(), 1),
    "organizer": (make_staff, 2),
    "outside organizer": (make_outside_organizer, 2),
}


ROLES = ('FROM "club_clubrole"', 'FROM "events_eventrole"')


def is_role_query(statement):
    """Return whether the SQL reads the table of roles itself, not within another query."""
    return any("FROM" not in statement.partition(role)[0] for role in ROLES if role in statement)


@pytest.mark.parametrize("reader", READERS)
def test_organizer_page_queries_roles_once(reader):
    event = make_event()
    make, readings = READERS[reader]
    client, found = make_client(make(event)), {}

    for page in PAGES:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/organize/{event.slug}/{page}").status_code == 200
        found[page] = sum(is_role_query(query["sql"]) for query in asked)

    assert found == dict.fromkeys(PAGES, readings)


def test_role_removed_between_requests_gives_no_access():
    event = make_event()
    person = make_staff(event)

    client = make_client(person)

    assert client.get(f"/organize/{event.slug}/tickets/").status_code == 200

    person.event_roles.all().delete()

    assert client.get(f"/organize/{event.slug}/tickets/").status_code == 403


def test_permissions_are_cached_only_if_cache_is_enabled_for_person():
    person = make_person()

    assert get_club_roles(person) == frozenset()
    assert not has_organized_event(person)

    role = ClubRole.objects.create(person=person, role="administrator", starts_on=START_OF_2020)
    make_event()

    assert is_club_administrator(person)
    assert has_organized_event(person)

    enable_permission_cache(person)

    assert is_club_administrator(person)

    role.delete()

    assert is_club_administrator(person)
    assert not is_club_administrator(type(person).objects.get())


def test_organizer_with_cached_permissions_cannot_end_own_role():
    event = make_event()
    person = make_staff(event)

    enable_permission_cache(person)

    assert can_organize(person, event)
    assert not has_event_role(person, make_event(), "organizer")
    with pytest.raises(Forbidden):
        end_event_role(role=person.event_roles.get(), actor=person)
    assert person.event_roles.get().ends_on is None
