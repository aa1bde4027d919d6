"""A voucher, an add-on and a price that changes, on a phone, with and without JavaScript."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from convention.events.models import Event
from registrations.models import PriceStep, Registration
from tests.factories import make_addon, make_event, make_ticket, make_voucher
from tests.journeys.test_registering import check_page, fill_billing, fill_person, press_continue

pytestmark = [pytest.mark.parametrize("screen", ["phone"], indirect=True), pytest.mark.once]


@pytest.fixture
def congress(site: str) -> Event:
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    guest = make_ticket(event, name="Invité", name_en="Guest", price=15_000, capacity=10)
    PriceStep.objects.create(ticket=guest, price=12_000, ends_at=timezone.now() + datetime.timedelta(days=20))
    make_ticket(event, slug="vip", name="Cercle", name_en="Circle", price=50_000, is_public=False, position=2)
    make_addon(event, vat_rate=1000)
    make_voucher(event, guest, value=20)
    return event


def register_with_voucher(page: Page, prefix: str, check: Callable[[Page], None]) -> None:
    """Register, from the event's page to the order; `check` inspects each page, which needs JavaScript."""
    page.goto(f"{prefix}/events/congress/")
    expect(page.locator("main")).to_contain_text(re.compile(r"120.€|€120"))
    check(page)
    press_continue(page)
    fill_person(page)
    press_continue(page)
    page.locator("[name=code]").fill("nothing")
    page.locator("[name=apply]").click()
    expect(page.locator("#error-summary li")).to_have_count(1)
    check(page)
    page.locator("[name=code]").fill("half")
    page.locator("[name=apply]").click()
    expect(page.locator("#code")).to_contain_text("HALF")
    page.locator("[name=choice-0-ticket][value=guest]").check()
    page.locator("[name=choice-0-addons][value=dinner]").check()
    check(page)
    press_continue(page)
    expect(page.locator("tfoot")).to_contain_text(re.compile("141"))
    check(page)
    fill_billing(page)
    PriceStep.objects.all().delete()
    press_continue(page)
    expect(page.locator("tfoot")).to_contain_text(re.compile("165"))
    expect(page.locator(".messages li")).to_have_count(2)
    assert not Registration.objects.exists()
    check(page)
    press_continue(page)
    expect(page.locator("main")).to_contain_text(re.compile("Dîner|Dinner"))
    check(page)
    assert Registration.objects.get().order.total == 16_500


@pytest.mark.long
def test_changed_price_is_shown_again_before_ordering(browser_page: Page, prefix: str, congress: Event):
    register_with_voucher(browser_page, prefix, check_page)


def test_changed_price_is_shown_again_without_javascript(no_javascript: Page, prefix: str, congress: Event):
    register_with_voucher(no_javascript, prefix, lambda _page: None)
