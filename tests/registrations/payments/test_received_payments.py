"""The buyer reads that a payment was received: on the page after it, and in one e-mail."""

import pytest

from registrations.billing.receivables import sync_receivable
from registrations.booking.place_order import place_order
from registrations.invoices.ledger.payments import record_manual_payment
from registrations.invoices.models import Issuer, Payment
from registrations.invoices.sending import queue_new_invoice_mails
from registrations.invoices.uninvoiced import issue_due_invoices
from registrations.models import Order
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.received_payments import acknowledge_payment
from tests.buyer_verification import make_verified_context
from tests.registrations.invoices.conftest import make_issuer
from tests.registrations.payments.factories import begin_payment, order_by_card

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def issuer() -> Issuer:
    return make_issuer()


@pytest.fixture
def invoiced_order(event, run_tasks, mailoutbox) -> Order:
    """Make a confirmed English order on invoice, whose confirmation was sent."""
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(email="zoe@example.org", places=(place,), language="en", billing=billing)
    order = place_order(event=event, request=request, context=make_verified_context())
    run_tasks()
    mailoutbox.clear()
    return order


def build_page_path(order: Order, page: str) -> str:
    return f"/en/orders/{order.reference}/{order.manage_secret}/{page}/"


def test_card_payment_of_confirmed_order_is_acknowledged_with_receipt(
    client, settings, invoiced_order, run_tasks, mailoutbox
):
    settings.CARD_PAYMENT = True

    page = client.post(build_page_path(invoiced_order, "pay/test"), {"pay": "yes"}, follow=True).text
    run_tasks()

    assert "Payment received: €120. Thank you!" in page
    [mail] = mailoutbox
    assert mail.subject == "Payment received: The Convention"
    assert mail.to == ["zoe@example.org"]
    assert "your payment of €120" in mail.body
    assert "paid in full" in mail.body
    assert [attachment[0] for attachment in mail.attachments] == [
        f"receipt-{invoiced_order.reference}-{Payment.objects.get().pk}.pdf"
    ]


def test_payment_reported_by_webhook_is_acknowledged_once(
    client, stripe, invoiced_order, run_tasks, mailoutbox
):
    stripe.world.pay(begin_payment(invoiced_order))

    stripe.post.deliver()
    run_tasks()
    page = client.get(f"{build_page_path(invoiced_order, 'pay')}?returned=1", follow=True).text
    acknowledge_payment.enqueue(Payment.objects.get().pk)
    run_tasks()

    assert "Payment received: €120. Thank you!" in page
    assert len(mailoutbox) == 1


def test_confirmation_is_the_only_mail_of_a_payment_that_confirms(event, stripe, run_tasks, mailoutbox):
    order = order_by_card(event)
    Order.objects.update(language="en")
    stripe.world.pay(begin_payment(order))

    stripe.post.deliver()
    run_tasks()

    [mail] = mailoutbox
    assert mail.subject == "Registration confirmed: The Convention"


def test_payment_recorded_by_treasurer_is_acknowledged_with_the_rest(invoiced_order, run_tasks, mailoutbox):
    receivable = sync_receivable(invoiced_order)

    record_manual_payment(receivable=receivable, amount=5_000, method="transfer")
    run_tasks()

    [mail] = mailoutbox
    assert mail.subject == "Payment received: The Convention"
    assert "Still to pay: €70" in mail.body


def test_invoice_sent_because_of_payment_is_the_acknowledgement(
    issuer, invoiced_order, run_tasks, mailoutbox
):
    issuer.issues_on = Issuer.IssueTime.PAYMENT
    issuer.issues_since = issuer.sends_since = invoiced_order.created_at
    issuer.save()

    record_manual_payment(receivable=sync_receivable(invoiced_order), amount=12_000, method="transfer")
    run_tasks()
    issue_due_invoices()
    queue_new_invoice_mails()
    run_tasks()

    [mail] = mailoutbox
    assert "has been paid in full" in mail.body
