"""E-mails that ask buyers for the billing details of their invoice."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import ClubRole
from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.invoices.models import Receivable
from registrations.order_request import OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_person
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def treasurer():
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)
    return make_client(person)


@pytest.fixture
def incomplete(event) -> Receivable:
    """Return the receivable of an order without an address."""
    make_issuer()
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller")
    request = OrderRequest(email="b@example.org", places=(place,), language="en")
    return sync_receivable(place_order(event=event, request=request, context=make_verified_context()))


def ask_buyers(treasurer):
    return treasurer.post("/en/organize/money/issue/ask/", follow=True)


def test_buyer_gets_the_link_to_enter_billing_details(treasurer, incomplete, run_tasks, mailoutbox):
    mailoutbox.clear()

    page = ask_buyers(treasurer)
    run_tasks()

    [mail] = [mail for mail in mailoutbox if "Billing details" in mail.subject]
    assert "e-mail to 1 buyer" in page.text
    assert mail.to == ["b@example.org"]
    assert f"/orders/{incomplete.reference}/" in mail.body
    assert "/billing/" in mail.body


def test_buyer_is_asked_once_a_week_at_most(treasurer, incomplete):
    ask_buyers(treasurer)
    again = ask_buyers(treasurer)
    Receivable.objects.update(details_asked_at=timezone.now() - datetime.timedelta(days=8))
    later = ask_buyers(treasurer)

    assert "No buyer was asked" in again.text
    assert "e-mail to 1 buyer" in later.text


def test_buyer_without_an_order_is_not_asked(treasurer):
    make_issuer()
    make_receivable(street="", city="")

    page = ask_buyers(treasurer)

    assert "No buyer was asked" in page.text
