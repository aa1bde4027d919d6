"""The page that refunds a payment states what becomes due again, and the receivable gives one advice."""

import pytest
from django.urls import reverse
from django.utils import translation
from lxml import html

from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.ledger.manual_charges import MANUAL_KEY_PREFIX
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import cancel_payment, complete_refund, request_refund
from registrations.invoices.models import Payment, Refund
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import GUESTS, confirm_form, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
HALL = ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Salle", 36_000, 2000)


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def pay_invoice(*charges, received: int = 36_000) -> Payment:
    receivable = make_receivable(*charges or [GUESTS])
    issue_invoice(receivable=receivable)
    return record_payment(receivable=receivable, amount=received, method="transfer")


def refund(client, payment: Payment, amount: str, **typed):
    values = {"amount": amount, "reason": "Dinner cancelled", **typed}
    return client.post(reverse("payment-refund", args=[payment.pk]), values, follow=True)


def read_receivable_text(client, payment: Payment) -> str:
    return read_main_text(client.get(reverse("receivable", args=[payment.receivable.reference])))


def test_a_refund_that_is_due_again_is_previewed(issuer, client):
    payment = pay_invoice()

    text = read_main_text(refund(client, payment, "55"))

    assert "Balance due: €0.00 before the refund, €55.00 after it." in text
    assert "The buyer will owe €55.00 again." in text
    assert Refund.objects.count() == 0


def test_the_preview_names_what_is_due_without_the_overpaid_part(issuer, client):
    payment = pay_invoice(received=40_000)

    text = read_main_text(refund(client, payment, "55"))

    assert "The buyer will owe €15.00 again." in text


def test_a_refund_of_more_than_is_left_is_refused_before_the_preview(issuer, client):
    payment = pay_invoice()

    answer = refund(client, payment, "400")

    assert answer.context["preview"] is None
    assert "At most €360 of this payment can be refunded." in read_main_text(answer)


def test_a_confirmed_refund_is_recorded_after_the_preview(issuer, client):
    payment = pay_invoice()

    values = {"amount": "55", "reason": "Dinner cancelled"}
    confirm_form(client, "payment-refund", payment.pk, **values)

    assert Refund.objects.get().amount == 5_500


def test_a_refund_by_card_has_our_reference_until_the_processor_gives_its_own(issuer, client):
    receivable = make_receivable(GUESTS)
    payment = record_payment(receivable=receivable, amount=40_000, method="test")

    refund(client, payment, "40")

    requested = Refund.objects.get()
    assert requested.external_id.startswith("hand-")
    assert requested.document_reference == f"{receivable.reference}-R{requested.pk}"


def test_a_refund_of_an_overpaid_sum_is_recorded_without_a_preview(issuer, client):
    payment = pay_invoice(received=40_000)

    refund(client, payment, "40")

    assert Refund.objects.get().amount == 4_000


def test_the_refund_page_links_to_the_credit_note(issuer, client):
    payment = pay_invoice()
    invoice = payment.receivable.invoices.get()

    answer = client.get(reverse("payment-refund", args=[payment.pk]))

    links = html.fromstring(answer.content).xpath("//main//a/@href")
    assert reverse("invoice-credit", args=[invoice.pk]) in links
    assert "The buyer will owe the refunded amount again." in read_main_text(answer)


def test_the_refund_page_of_a_receivable_by_hand_links_to_its_lines(issuer, client):
    payment = pay_invoice(HALL)

    answer = client.get(reverse("payment-refund", args=[payment.pk]))

    links = html.fromstring(answer.content).xpath("//main//a/@href")
    assert reverse("receivable-lines", args=[payment.receivable.reference]) in links


def test_a_refund_to_send_is_the_only_to_do(issuer, client):
    payment = pay_invoice()
    request_refund(payment=payment, amount=150, reason="gesture")

    text = read_receivable_text(client, payment)

    assert "€1.50 still has to be refunded." in text
    assert "Underpaid" not in text
    assert "due again" not in text


def test_a_refund_that_was_sent_asks_for_the_credit_note(issuer, client):
    payment = pay_invoice()
    complete_refund(refund=request_refund(payment=payment, amount=150, reason="gesture"))

    text = read_receivable_text(client, payment)

    assert "€1.50 is due again after a refund." in text
    assert "Underpaid" not in text


def test_a_payment_cancelled_as_a_mistake_is_no_refund(issuer, client):
    payment = pay_invoice(received=35_000)
    mistake = record_payment(receivable=payment.receivable, amount=1_000, method="cash")
    cancel_payment(payment=mistake, reason="typed twice")

    text = read_receivable_text(client, payment)

    assert "Underpaid by €10.00." in text
