"""Links in the site menu: visits for members, the season for the secretary."""

import re

import pytest

from convention.club.models import ClubRole, Employment
from convention.events.models import EventRole
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
)
from tests.registrations.visits.hosts import make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def list_menu_links(person):
    page = make_client(person).get("/me/").content.decode()
    [menu] = re.findall(r'<nav class="site-nav".*?</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', menu)


def make_seller():
    person = make_person()
    Employment.objects.create(person=person, company=make_company(role="vendor"), starts_on=START_OF_2020)
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
def test_menu_links_depend_on_role(make, leads_to):
    make_event()
    assert list_menu_links(make()) == ["/", *leads_to, "/me/"]


def test_secretary_menu_is_unchanged_by_organizer_role():
    event, person = make_event(), make_secretary()
    home_before = make_client(person).get("/organize/")
    before = list_menu_links(person)

    EventRole.objects.create(event=event, person=person, role="organizer", starts_on=START_OF_2020)

    assert home_before.status_code == 200
    assert list_menu_links(person) == before
    ClubRole.objects.create(person=person, role="organizer", starts_on=START_OF_2020)
    assert list_menu_links(person) == before


def test_login_page_links_to_host_pages(client):
    assert client.get("/accounts/login/").content.decode().count('href="/host/"') == 2
