"""Open registration in a few clicks: next year's event from a copy in twelve, a new one in thirty."""

import datetime

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from convention.events.models import Event
from tests.factories import make_administrator, make_event, make_ticket
from tests.journeys.browsing import (
    assert_accessible,
    assert_no_csp_violations,
    assert_no_sideways_scroll,
    count_clicks,
    get_click_count,
    sign_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
MAX_COPY_CLICKS = 12
MAX_NEW_CLICKS = 30


def assert_good_page(page: Page) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_no_csp_violations(page)


def open_registration(page: Page, slug: str) -> None:
    """Publish the event from its checklist."""
    expect(page.get_by_role("heading", name="Publish the event")).to_be_visible()
    assert_good_page(page)
    page.get_by_role("button", name="Publish anyway").click()
    expect(page.get_by_text(f"/en/events/{slug}/", exact=False).first).to_be_visible()
    assert_good_page(page)
    assert Event.objects.get(slug=slug).is_registration_open()


def test_copied_event_opens_registration_within_click_limit(open_page, site):
    source = make_event(
        slug="convention-2027", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(hours=10)
    )
    make_ticket(source, name="Invité", capacity=100)
    page = open_page("phone", "en")
    sign_in(page, Client(), site, make_administrator())
    count_clicks(page)
    page.goto("/en/organize/convention-2027/")

    page.get_by_role("link", name="Copy the event").click()
    assert_good_page(page)
    page.get_by_label("Name", exact=True).fill("Convention 2028")
    page.get_by_label("First day").fill("2028-06-14")
    page.get_by_role("button", name="Create a draft").click()

    open_registration(page, "convention-2028")
    assert 5 <= get_click_count(page) <= MAX_COPY_CLICKS


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_new_event_opens_registration_within_click_limit(open_page, site, screen):
    page = open_page(screen, "en")
    sign_in(page, Client(), site, make_administrator())
    count_clicks(page)
    page.goto("/en/organize/")

    page.get_by_role("link", name="Create an event").first.click()
    assert_good_page(page)
    page.get_by_role("link", name="A convention").click()
    assert_good_page(page)
    page.get_by_label("Name", exact=True).fill("Convention 2028")
    page.get_by_label("Starts").fill("2028-06-14T09:00")
    page.get_by_label("Ends").fill("2028-06-15T18:00")
    page.get_by_label("Name of the other venue").fill("Palais des congrès")
    page.get_by_label("City of the other venue").fill("Annecy")
    page.get_by_role("button", name="Create a draft").click()
    # Only the price of the guest ticket has no default.
    page.get_by_role("listitem").filter(has_text="Free for non-members: Guest").get_by_role("link").click()
    page.get_by_role("link", name="Guest").first.click()
    page.get_by_label("Price", exact=False).first.fill("90")
    page.locator("main form[method=post] .button").first.click()
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("link", name="Publish", exact=True).first.click()

    open_registration(page, "convention-2028")
    assert Event.objects.get().tickets.get(slug="guest").price == 9000
    assert 10 <= get_click_count(page) <= MAX_NEW_CLICKS
