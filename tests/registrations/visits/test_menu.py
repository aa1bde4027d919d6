"""What the menu of every page leads to: members to the visits, the secretary to the season."""

import re

import pytest

from convention.club.models import ClubRole, Employment
from convention.events.models import EventRole
from tests.factories import LONG_AGO, make_administrator, make_company, make_event, make_member, make_person
from tests.registrations.visits.hosts import make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def menu_of(person):
    page = make_client(person).get("/me/").content.decode()
    [menu] = re.findall(r'<nav class="site-nav".*?</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', menu)


def make_seller():
    person = make_person()
    Employment.objects.create(person=person, company=make_company(role="vendor"), starts_on=LONG_AGO)
    return person


@pytest.mark.parametrize(
    ("make", "leads_to"),
    [
        (make_person, []),
        (make_member, ["/visits/"]),
        (make_seller, ["/season/proposals/"]),
        (make_secretary, ["/organize/", "/organize/season/", "/organize/privacy/"]),
        (make_administrator, ["/organize/", "/organize/money/"]),
    ],
)
def test_the_menu_leads_to_ones_own_pages(make, leads_to):
    make_event()
    assert menu_of(make()) == ["/", *leads_to, "/me/"]


def test_the_menu_of_the_secretary_stays_the_same_with_visits_of_their_own():
    event, person = make_event(), make_secretary()
    home_before = make_client(person).get("/organize/")
    before = menu_of(person)

    EventRole.objects.create(event=event, person=person, role="organizer", starts_on=LONG_AGO)

    assert home_before.status_code == 200
    assert menu_of(person) == before
    ClubRole.objects.create(person=person, role="organizer", starts_on=LONG_AGO)
    assert menu_of(person) == before


def test_hosts_find_their_pages_without_an_account(client):
    assert client.get("/accounts/login/").content.decode().count('href="/host/"') == 2
