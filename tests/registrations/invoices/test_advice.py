"""What the page of a receivable advises the treasurer to do."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from registrations.invoices.documents.invoiced_balance import load_invoiced_balance
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.advice import AdviceKind, list_advice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import withdraw_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.receivable_list import annotate_receivables
from registrations.invoices.models import Invoice, Reminder
from registrations.invoices.views.receivables import build_facts
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


def list_advice_kinds(receivable) -> list[AdviceKind]:
    """Return the kinds of advice for a receivable."""
    documents = list(receivable.invoices.order_by("pk"))
    payments = list(receivable.payments.all())
    today = receivable.created_at.date()
    facts = build_facts(
        compute_balance(receivable),
        load_invoiced_balance(receivable),
        documents,
        payments,
        unpaid_due_on=annotate_receivables(today).get(pk=receivable.pk).unpaid_due_on,
    )
    return [one.kind for one in list_advice(facts, today=today)]


def test_each_receivable_state_has_its_advice(issuer, client):
    little, much, twice, gone = (make_receivable(GUESTS, DINNER) for _ in range(4))
    for receivable in (little, much, twice, gone):
        issue_invoice(receivable=receivable)
    record_payment(receivable=little, amount=1_000, method="transfer")
    record_payment(receivable=much, amount=50_000, method="transfer")
    for _ in range(2):
        record_payment(receivable=twice, amount=42_600, method="transfer")
    withdraw_charges(receivable=gone, keys=["dinner"])
    fresh = make_receivable()
    assert [list_advice_kinds(receivable) for receivable in (little, much, twice, gone, fresh)] == [
        [AdviceKind.UNDERPAID],
        [AdviceKind.OVERPAID],
        [AdviceKind.PAID_TWICE],
        [AdviceKind.NEEDS_CREDIT],
        [AdviceKind.NEEDS_INVOICE],
    ]
    assert "Payé deux fois\u202f: 426,00\u00a0€ de trop" in html.fromstring(
        client.get(reverse("receivable", args=[twice.reference])).content
    ).text_content().replace("\n", " ")


def test_next_invoice_after_a_deposit_is_the_rest(issuer, client):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=10_000)

    with translation.override("en"):
        page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "€260.00 is due and not invoiced yet." in page


def test_paid_deposit_is_not_underpaid(issuer):
    receivable = make_receivable(GUESTS)
    deposit = issue_deposit_invoice(receivable=receivable, amount=10_000)
    record_payment(receivable=receivable, amount=deposit.total, method="transfer")

    kinds = list_advice_kinds(receivable)

    assert kinds == [AdviceKind.NEEDS_INVOICE]


def test_partly_paid_deposit_claims_the_rest_of_the_deposit(issuer, client):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=10_000)
    record_payment(receivable=receivable, amount=4_000, method="transfer")

    with translation.override("en"):
        page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "Underpaid by €60.00." in page


def test_uninvoiced_receivable_that_is_underpaid_needs_no_credit_note(client):
    receivable = make_receivable(GUESTS)
    record_payment(receivable=receivable, amount=4_000, method="transfer")

    with translation.override("en"):
        page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "Request the balance, or reduce the amount due." in page
    assert "credit note for it" not in page


def test_overdue_deposit_is_overdue_with_its_own_amount(issuer, client):
    receivable = make_receivable(GUESTS)
    long_ago = timezone.localdate() - datetime.timedelta(days=200)
    issue_deposit_invoice(receivable=receivable, amount=10_000, issued_on=long_ago)

    with translation.override("en"):
        page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "€100.00 has been overdue since" in page


def test_final_invoice_is_advised_after_deposits_of_the_whole_amount(issuer, client):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=36_000)

    with translation.override("en"):
        answer = client.get(reverse("receivable", args=[receivable.reference]))

    links = html.fromstring(answer.content).xpath("//main//a/@href")
    assert "Deposits cover the whole amount. Issue the final invoice" in read_main_text(answer)
    assert reverse("receivable-deposit", args=[receivable.reference]) not in links


def make_overdue_invoice(**fields) -> Invoice:
    long_ago = timezone.localdate() - datetime.timedelta(days=90)
    return issue_invoice(receivable=make_receivable(GUESTS, **fields), issued_on=long_ago)


def read_overdue_advice(client, invoice: Invoice):
    """Return the advice on the page of an overdue invoice, as an element."""
    with translation.override("en"):
        answer = client.get(reverse("receivable", args=[invoice.receivable.reference]))
    [item] = html.fromstring(answer.content).xpath("//ul[@class='attention']/li")
    return item


def test_overdue_invoice_waits_for_the_next_reminder(issuer, client):
    invoice = make_overdue_invoice()
    Reminder.objects.create(invoice=invoice, step=issuer.reminder_days[0])

    advice = read_overdue_advice(client, invoice)

    assert "Reminders are sent automatically." in advice.text_content()


def test_overdue_invoice_is_claimed_after_the_last_reminder(issuer, client):
    invoice = make_overdue_invoice()
    Reminder.objects.create(invoice=invoice, step=max(issuer.reminder_days))

    advice = read_overdue_advice(client, invoice)

    assert "No further reminder will be sent." in advice.text_content()
    assert advice.xpath(".//a/@href") == [f"/en/organize/money/invoices/{invoice.pk}/send/"]


def test_buyer_without_an_address_is_not_reminded(issuer, client):
    invoice = make_overdue_invoice(email="")

    advice = read_overdue_advice(client, invoice)

    assert "No further reminder will be sent." in advice.text_content()
    assert advice.xpath(".//a/@href") == [f"/en/organize/money/owed/{invoice.receivable.reference}/pay/"]
