"""Links in the site menu: visits for members, the season for the secretary."""

import datetime
import re

import pytest
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole, Employment
from convention.events.models import EventRole
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
    make_secretary,
)
from tests.registrations.visits.factories import make_visit
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
        (make_secretary, ["/organize/", "/organize/season/", "/organize/club/", "/organize/privacy/"]),
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

    assert home_before.url == "/organize/season/"
    assert list_menu_links(person) == before
    ClubRole.objects.create(person=person, role="organizer", starts_on=START_OF_2020)
    assert list_menu_links(person) == before


@pytest.fixture
def upcoming_visit():
    return make_visit()


@pytest.fixture
def past_visit():
    return make_visit(starts_at=timezone.now() - datetime.timedelta(days=20))


def list_refused_links(person, address):
    """Return the links of the page's main part that the person may not follow."""
    client = make_client(person)
    page = html.fromstring(client.get(address).content)
    links = {link for link in page.xpath("//main//a/@href") if link.startswith("/")}
    return {link for link in links if client.get(link).status_code >= 400}


def list_season_pages(visits):
    yield from (
        "/season/",
        "/season/?season=2019",
        "/visits/",
        "/organize/season/",
        "/organize/season/proposals/",
    )
    for visit in visits:
        yield from (f"/visits/{visit.event.slug}/", f"/organize/{visit.event.slug}/visit/")


def test_secretary_may_follow_each_link_of_the_season(upcoming_visit, past_visit):
    secretary = make_secretary()

    refused = {
        page: list_refused_links(secretary, page) for page in list_season_pages([upcoming_visit, past_visit])
    }

    assert not any(refused.values()), refused


def test_member_is_offered_proposals_and_lessons(past_visit):
    client = make_client(make_member())

    assert 'href="/season/proposals/new/"' in client.get("/season/").text
    assert 'href="/season/proposals/"' in client.get("/visits/").text
    assert 'href="/visits/learned/"' in client.get(f"/visits/{past_visit.event.slug}/").text


def test_visit_names_event_settings_to_organizers_only(upcoming_visit):
    address = f"/organize/{upcoming_visit.event.slug}/visit/"
    text = "se modifient dans les réglages de l’événement"

    assert text not in make_client(make_secretary()).get(address).text
    assert text in make_client(make_administrator()).get(address).text


def test_login_page_links_to_host_pages(client):
    assert client.get("/accounts/login/").content.decode().count('href="/host/"') == 2
