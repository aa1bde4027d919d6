"""Pay by card on a phone: abandoned, expired, retried, declined, paid and confirmed; then the badge."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from convention.events.models import Event
from registrations.models import Order, Registration
from registrations.periodic_jobs import release_expired_holds
from tests.factories import make_event, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.journeys.test_registering import fill_billing, fill_person, press_continue
from tests.stripe_standin import StandIn


@pytest.fixture
def congress(site: str) -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    make_ticket(event, slug="guest", name="Invité", name_en="Guest", price=12_000, capacity=10)
    return event


@pytest.fixture
def stripe(site: str, congress: Event, settings):
    with StandIn(webhook=f"{site}/stripe/webhook/") as standin:
        settings.STRIPE_SECRET_KEY = standin.key
        settings.STRIPE_WEBHOOK_SECRET = standin.post.secret
        settings.STRIPE_API_BASE = standin.url
        yield standin


def check_page(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_a_guest_pays_by_card(browser_page: Page, prefix: str, stripe: StandIn, run_tasks, mailoutbox):
    page = browser_page
    page.goto(f"{prefix}/events/congress/register/")
    fill_person(page)
    press_continue(page)
    page.locator("[name=choice-0-ticket][value=guest]").check()
    press_continue(page)
    fill_billing(page)
    page.locator("[name=payment][value=card]").check()
    check_page(page)
    press_continue(page)
    expect(page.locator("h1")).to_have_text(re.compile("Payer 120|Pay €120"))
    check_page(page)

    # Leave Stripe's page, let the hold expire, and start again.
    press_continue(page)
    expect(page).to_have_url(re.compile(re.escape(stripe.url)))
    page.locator("#back").click()
    expect(page.locator("h1")).to_have_text(re.compile("Payer 120|Pay €120"))
    Registration.objects.update(hold_expires_at=timezone.now())
    release_expired_holds()
    page.reload()
    expect(page.locator(".notice.warning")).to_be_visible()
    check_page(page)
    press_continue(page)

    # A declined card, then a valid one.
    page.locator("#card").fill("4000 0000 0000 0002")
    page.locator("button[value=card]").click()
    expect(page.locator(".error")).to_be_visible()
    page.locator("#card").fill("4242 4242 4242 4242")
    page.locator("button[value=card]").click()
    expect(page.locator("[data-awaiting-payment]")).to_be_visible()
    check_page(page)
    assert set(stripe.post.deliver(times=2)) == {200}
    run_tasks()
    expect(page.locator("h1")).to_have_text(re.compile("Inscription confirmée|Registration confirmed"))
    check_page(page)
    assert page.locator("a[href$='badge.pdf']").count() == 1
    order = Order.objects.get()
    assert [registration.state for registration in order.registrations.all()] == ["confirmed"]
    assert len(mailoutbox) == 1
