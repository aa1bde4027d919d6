"""Clicks counted in the browser: ten invoices issued and sent in three, a ticket changed in four."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from convention.club.models import ClubRole
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.invoices.models.documents import Invoice, InvoiceMail
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_person, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
VIEWS = pytest.mark.parametrize(("screen", "language"), [("phone", "fr"), ("desktop", "en")], indirect=True)


class ClickCounter:
    """Click on a page, and count the clicks; each page on the way is checked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()
        self.count += 1
        assert_no_sideways_scroll(self.page)
        assert_accessible(self.page)


def make_orders(number: int) -> list:
    """Place that many orders on invoice of one event with two tickets."""
    event = make_event(slug="congress")
    make_ticket(event, name="Visiteur", name_en="Visitor", price=12_000)
    make_ticket(event, slug="vip", name="Soutien", name_en="Supporter", price=20_000)
    make_addon(event)
    orders = []
    for position in range(number):
        place = RequestedPlace(ticket="guest", first_name="Zoé", last_name=f"Müller {position}")
        billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
        request = OrderRequest(email=f"b{position}@example.org", places=(place,), billing=billing)
        order = place_order(event=event, request=request, context=make_verified_context())
        sync_receivable(order)
        orders.append(order)
    return orders


def sign_in_with_role(page: Page, site: str, role: str) -> None:
    person = make_person()
    ClubRole.objects.create(person=person, role=role)
    sign_in(page, Client(), site, person)


@VIEWS
def test_ten_invoices_are_issued_and_sent_in_three_clicks(browser_page, site, prefix, run_tasks):
    make_issuer()
    make_orders(10)
    sign_in_with_role(browser_page, site, "treasurer")
    clicks = ClickCounter(browser_page)
    browser_page.goto(f"{prefix}/organize/")

    clicks.click("a[href$='/organize/money/']")
    clicks.click("a[href*='/money/issue/']")
    clicks.click("main form[method=post] .button")
    run_tasks()

    assert clicks.count == 3
    assert Invoice.objects.count() == 10
    assert InvoiceMail.objects.filter(sent_at__isnull=False).count() == 10


@VIEWS
def test_a_ticket_is_changed_in_four_clicks(browser_page, site, prefix):
    [order] = make_orders(1)
    registration = order.registrations.get()
    sign_in_with_role(browser_page, site, "organizer")
    clicks = ClickCounter(browser_page)
    browser_page.goto(f"{prefix}/organize/congress/registrations/{registration.reference}/")

    clicks.click("a[href$='/change/']")
    clicks.click("label:has-text('Soutien'), label:has-text('Supporter')")
    clicks.click("main form[method=get] .button")
    clicks.click("main form[method=post] .button")

    registration.refresh_from_db()
    assert clicks.count == 4
    assert registration.price == 20_000
