"""The error page leads to the event only from an address that has the event's slug."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.test import RequestFactory
from django.urls import resolve

from convention.errors import ConventionError
from tests.factories import make_event

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
