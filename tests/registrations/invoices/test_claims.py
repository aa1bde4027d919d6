"""The e-mail that claims the balance of an invoice, and its page."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from convention.text.dates import format_date
from registrations.invoices.documents.credit_notes import credit_invoice_amount
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import withdraw_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Invoice
from registrations.invoices.sending import queue_invoice_mail
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture
def late_invoice(issuer) -> Invoice:
    """Return an invoice of 360 euros in English that is overdue."""
    long_ago = timezone.localdate() - datetime.timedelta(days=90)
    return issue_invoice(receivable=make_receivable(GUESTS, language="en"), issued_on=long_ago)


@pytest.fixture
def send(run_tasks, mailoutbox):
    """Return a function that e-mails an invoice and returns the last e-mail."""

    def run(invoice: Invoice):
        queue_invoice_mail(invoice=invoice)
        run_tasks()
        return mailoutbox[-1]

    return run


def read_body(mail) -> str:
    return " ".join(mail.body.split())


def format_english_date(day: datetime.date) -> str:
    with translation.override("en"):
        return " ".join(format_date(day).split())


def test_claim_states_what_was_invoiced_credited_and_received(late_invoice, send):
    credit_invoice_amount(invoice=late_invoice, amount=6_000, reason="x")
    record_payment(receivable=late_invoice.receivable, amount=10_000, method="transfer")

    mail = send(late_invoice)

    due_on = format_english_date(late_invoice.due_on)
    sentence = f"Invoice {late_invoice.number} was due on {due_on}. Please pay the remaining €200.00."
    assert mail.subject == f"Balance due on invoice {late_invoice.number}"
    assert sentence in read_body(mail)
    assert "Invoiced: €360.00" in read_body(mail)
    assert "Credited: €60.00" in read_body(mail)
    assert "Received: €100.00" in read_body(mail)
    assert "Left to pay: €200.00" in read_body(mail)


def test_claim_names_what_was_withdrawn_without_a_credit_note(issuer, send):
    receivable = make_receivable(GUESTS, DINNER, language="en")
    invoice = issue_invoice(receivable=receivable)
    withdraw_charges(receivable=receivable, keys=["dinner"])
    record_payment(receivable=receivable, amount=6_000, method="transfer")

    mail = send(invoice)

    assert "No longer due: €66.00" in read_body(mail)
    assert "Credited" not in read_body(mail)
    assert "Left to pay: €300.00" in read_body(mail)


def test_html_of_a_claim_states_the_amounts(late_invoice, send):
    record_payment(receivable=late_invoice.receivable, amount=10_000, method="transfer")

    mail = send(late_invoice)

    [(content, _mimetype)] = mail.alternatives
    assert "Left to pay" in content
    assert "€260.00" in content


def test_claim_before_the_due_date_names_that_date(issuer, send):
    invoice = issue_invoice(receivable=make_receivable(GUESTS, language="en"))
    record_payment(receivable=invoice.receivable, amount=10_000, method="transfer")

    mail = send(invoice)

    day = format_english_date(invoice.due_on)
    assert f"Please pay the remaining €260.00 of invoice {invoice.number} by {day}." in read_body(mail)


def test_first_e_mail_of_an_unpaid_invoice_is_no_claim(late_invoice, send):
    mail = send(late_invoice)

    assert "Here is your invoice." in read_body(mail)
    assert "Left to pay" not in read_body(mail)


def test_second_e_mail_of_an_overdue_invoice_is_a_claim(late_invoice, send):
    send(late_invoice)

    mail = send(late_invoice)

    assert "Please pay the remaining €360.00." in read_body(mail)


def test_page_of_a_claim_states_recipient_and_amounts(late_invoice, client):
    record_payment(receivable=late_invoice.receivable, amount=10_000, method="transfer")

    with translation.override("en"):
        page = read_main_text(client.get(reverse("invoice-send", args=[late_invoice.pk])))

    assert f"Request the balance of {late_invoice.number}" in page
    assert late_invoice.receivable.email in page
    assert "The e-mail asks for €260.00, overdue since" in page
    assert "(invoiced €360.00, received €100.00, left to pay €260.00)." in page
