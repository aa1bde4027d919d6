"""The error page leads to the event only from an address that has the event's slug."""

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole
from convention.errors import ConventionError
from convention.events.publishing.cancel_event import cancel_event
from tests.factories import make_administrator, make_event, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.once]


class Refused(ConventionError):
    status = 409


def render_refusal(path: str) -> str:
    request = RequestFactory().post(path)
    request.user, request.resolver_match = AnonymousUser(), resolve(path)
    return render(request, "error.html", {"error": Refused("Impossible")}).content.decode()


def test_refusal_on_an_events_page_leads_to_the_event():
    make_event(slug="conf")

    page = render_refusal("/events/conf/register/")

    assert 'href="/events/conf/"' in page


def test_slug_of_an_organizers_page_is_not_taken_for_an_events():
    page = render_refusal("/organize/conf/questions/diet/remove/")

    assert "/events/diet/" not in page


def post_and_read_back_links(client, referrer: str) -> list[str]:
    """Post a form that is refused; return where the error page leads back."""
    organizer = make_person(email="organizer@example.org")
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    client.force_login(organizer)
    path = f"/en/organize/{make_event().slug}/registrations/UNKNOWN/renew/"
    page = html.fromstring(client.post(path, headers={"Referer": referrer}).content)
    return page.xpath("//p[@class='actions']/a[.='Back']/@href")


def test_refused_form_leads_back_to_its_page(client):
    links = post_and_read_back_links(client, "http://testserver/en/organize/?page=2")

    assert links == ["http://testserver/en/organize/?page=2"]


def test_refused_form_does_not_lead_to_another_site(client):
    links = post_and_read_back_links(client, "https://example.net/")

    assert links == []


def test_form_refused_on_the_response_to_an_earlier_post_has_no_way_back(client):
    event = make_event(slug="again")
    organizer = make_person(email="organizer@example.org")
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    client.force_login(organizer)
    path = f"/en/organize/{event.slug}/registrations/UNKNOWN/renew/"

    page = html.fromstring(client.post(path, headers={"Referer": f"http://testserver{path}"}).content)

    assert page.xpath("//p[@class='actions']/a[.='Back']") == []


def read_title(page: str) -> str:
    return html.fromstring(page).findtext(".//title")


def test_title_is_a_noun_and_the_sentence_a_heading(client, settings):
    page = client.get("/en/events/unknown/").text

    assert read_title(page) == f"Page not found · {settings.SITE_NAME}"
    assert "We could not find this event." in html.fromstring(page).findtext(".//h1")


def test_title_of_an_unknown_address_is_a_noun(client, settings):
    page = client.get("/en/nowhere/").text

    assert read_title(page) == f"Page not found · {settings.SITE_NAME}"


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"registration_closes_at": -1}, "Registration closed"),
        ({"registration_opens_at": 1}, "Registration not open yet"),
    ],
)
def test_title_of_closed_registration_names_the_event(client, settings, fields, title):
    times = {name: timezone.now() + datetime.timedelta(days=days) for name, days in fields.items()}
    make_event(slug="conf", name="Conf", **times)

    page = client.get("/en/events/conf/register/").text

    assert read_title(page) == f"{title} · Conf · {settings.SITE_NAME}"


def test_title_of_a_cancelled_events_registration_names_the_event(client, settings):
    event = make_event(slug="conf", name="Conf")
    cancel_event(event=event, reason="Strike", requested_by=make_administrator())

    page = client.get("/en/events/conf/register/").text

    assert read_title(page) == f"Event cancelled · Conf · {settings.SITE_NAME}"
