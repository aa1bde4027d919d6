"""A document that the treasurer issues is e-mailed at once if documents are sent automatically."""

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import withdraw_charges
from registrations.invoices.models import Invoice, InvoiceMail, Issuer
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, confirm_form, post_form, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BUYER = "buyer@example.org"


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def sending_issuer(issuer) -> Issuer:
    """Return an issuer who sends documents automatically."""
    Issuer.objects.update(sends_since=timezone.now())
    return issuer


def read_buttons(answer) -> list[str]:
    return html.fromstring(answer.content).xpath("//main//form//button[not(@name)]/text()")


def test_page_that_issues_an_invoice_says_that_it_sends_it(sending_issuer, client):
    receivable = make_receivable(GUESTS, email=BUYER)

    page = client.get(reverse("receivable-issue", args=[receivable.reference]))

    assert read_buttons(page) == ["Issue and send"]
    assert f"We will e-mail the PDF to {BUYER}." in read_main_text(page)


def test_issued_invoice_is_shown_as_being_sent_at_once(sending_issuer, client):
    receivable = make_receivable(GUESTS, email=BUYER)

    answer = post_form(client, "receivable-issue", receivable.reference)

    assert f"It is being sent to {BUYER}." in answer.text
    assert "being sent" in read_main_text(answer)
    assert InvoiceMail.objects.get().invoice == Invoice.objects.get()


def test_issued_invoice_is_sent_once(sending_issuer, client, run_tasks, mailoutbox):
    receivable = make_receivable(GUESTS, email=BUYER)

    post_form(client, "receivable-issue", receivable.reference)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[BUYER]]


def test_page_says_that_nothing_is_sent_to_a_buyer_without_an_address(sending_issuer, client):
    receivable = make_receivable(GUESTS, email="")

    page = client.get(reverse("receivable-issue", args=[receivable.reference]))

    assert read_buttons(page) == ["Issue the invoice"]
    assert "The buyer has no e-mail address, so nothing will be sent." in read_main_text(page)


def test_invoice_is_not_sent_without_automatic_sending(issuer, client):
    receivable = make_receivable(GUESTS, email=BUYER)

    page = client.get(reverse("receivable-issue", args=[receivable.reference]))
    post_form(client, "receivable-issue", receivable.reference)

    assert read_buttons(page) == ["Issue the invoice"]
    assert BUYER not in read_main_text(page)
    assert not InvoiceMail.objects.exists()


def test_preview_of_a_deposit_says_that_it_is_sent(sending_issuer, client):
    receivable = make_receivable(GUESTS, email=BUYER)

    preview = post_form(client, "receivable-deposit", receivable.reference, amount="100")

    assert read_buttons(preview) == ["Issue and send"]
    assert f"We will e-mail the PDF to {BUYER}." in read_main_text(preview)


def test_credit_note_for_what_is_no_longer_due_is_sent_at_once(sending_issuer, client):
    receivable = make_receivable(GUESTS, DINNER, email=BUYER)
    issue_invoice(receivable=receivable)
    withdraw_charges(receivable=receivable, keys=["dinner"])

    answer = confirm_form(client, "receivable-credit", receivable.reference, reason="Cancelled")

    assert f"It is being sent to {BUYER}." in answer.text
    assert InvoiceMail.objects.get().invoice.kind == "credit_note"


def test_both_documents_of_a_correction_are_sent_at_once(sending_issuer, client):
    receivable = make_receivable(GUESTS, email=BUYER)
    invoice = issue_invoice(receivable=receivable)
    post_form(client, "receivable-buyer", receivable.reference, name="Right name")

    page = client.get(reverse("invoice-correct", args=[invoice.pk]))
    answer = post_form(client, "invoice-correct", invoice.pk, reason="Name")

    assert f"We will e-mail the PDFs to {BUYER}." in read_main_text(page)
    assert f"They are being sent to {BUYER}." in answer.text
    assert InvoiceMail.objects.count() == 2
