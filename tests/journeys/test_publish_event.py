"""Next year's event: from a copy to open registration, at most twelve clicks."""

import datetime

import pytest
from django.test import Client
from playwright.sync_api import expect

from convention.events.models import Event
from tests.factories import make_administrator, make_event, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
MAX_CLICKS = 12


def test_a_copied_event_is_open_after_a_few_clicks(open_page, site):
    source = make_event(
        slug="convention-2027", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(hours=10)
    )
    make_ticket(source, name="Invité", capacity=100)
    page, clicks = open_page("phone", "en"), 0
    sign_in(page, Client(), site, make_administrator())
    page.goto("/en/organize/convention-2027/")

    page.get_by_role("link", name="Copy the event").click()
    assert_accessible(page)
    page.get_by_label("Name", exact=True).fill("Convention 2028")
    page.get_by_label("First day").fill("2028-06-14")
    page.get_by_role("button", name="Create a draft").click()
    expect(page.get_by_role("heading", name="Publish the event")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Publish anyway").click()
    clicks += 3

    expect(page.get_by_text("/en/events/convention-2028/", exact=False).first).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert clicks <= MAX_CLICKS
    assert Event.objects.get(slug="convention-2028").is_registration_open()
