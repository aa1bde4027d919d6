"""E-mails and pages of transfer orders say alike how to pay and when the invoice comes."""

import pytest
from django.utils import timezone

from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.models import Order
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_event, make_ticket
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


def place_invoice_order(event: Event, **context) -> Order:
    place = RequestedPlace(ticket="guest", first_name="Zoe", last_name="Roi", email="zoe@example.org")
    request = OrderRequest(
        email="zoe@example.org", places=(place,), language="en", billing=BillingDetails(name="Acme")
    )
    return place_order(event=event, request=request, **context)


@pytest.mark.parametrize(
    ("issue_time", "sentence"),
    [
        ("by_hand", "The organizer will issue the invoice later."),
        ("payment", "We will send the invoice once you have paid."),
    ],
)
def test_confirmation_of_a_transfer_order_says_when_the_invoice_comes(
    client, run_tasks, mailoutbox, issue_time, sentence
):
    is_by_hand = issue_time == "by_hand"
    make_issuer(issues_on=issue_time, issues_since=None if is_by_hand else timezone.now())
    make_ticket(event := make_event(), price=12_000)

    order = place_invoice_order(event, context=make_verified_context())
    run_tasks()

    [mail] = mailoutbox
    assert sentence in mail.body
    assert sentence in mail.alternatives[0][0]
    assert sentence in client.get(order.manage_path).text


def test_order_from_before_the_setting_is_not_promised_an_invoice_after_payment(client):
    """Orders from before the issuer's setting are left to the treasurer."""
    make_ticket(event := make_event(), price=12_000)
    order = place_invoice_order(event, context=make_verified_context())
    make_issuer(issues_on="payment", issues_since=timezone.now())

    text = client.get(order.manage_path).text

    assert "The organizer will issue the invoice later." in text
    assert "We will send the invoice once you have paid." not in text


@pytest.mark.parametrize(
    ("iban", "promise"),
    [
        ("FR1420041010050500013M02606", "we will e-mail you the bank details and when to pay."),
        ("", "you will find the bank details and the due date on the invoice."),
    ],
)
def test_verification_mail_promises_what_the_confirmation_says(run_tasks, mailoutbox, iban, promise):
    make_issuer(iban=iban)
    make_ticket(event := make_event(), price=12_000)

    place_invoice_order(event)
    run_tasks()

    [mail] = mailoutbox
    assert promise in " ".join(mail.body.split())
