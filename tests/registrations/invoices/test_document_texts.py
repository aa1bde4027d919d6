"""Texts of documents about VAT and late payment, and the buyer on the page of a receivable."""

import pytest
from django.utils import translation

from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.forms.actions import BuyerForm
from registrations.invoices.ledger.charges import ChargeItem
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def read_pdf(document) -> str:
    return " ".join(pdf_text(get_invoice_pdf(document)).split())


def test_exempt_lines_are_not_said_to_have_vat_at_zero_percent(issuer):
    dues = ChargeItem("dues", "Dues", 480_000, 0, exemption="VATEX-EU-132-1L")

    text = read_pdf(issue_invoice(receivable=make_receivable(dues, language="en")))

    assert "Exempt from VAT: €4,800.00" in text
    assert "0%" not in text


def test_credit_note_does_not_threaten_with_late_payment_penalties(issuer):
    invoice = issue_invoice(receivable=make_receivable(language="en"))

    text = read_pdf(credit_invoice(invoice=invoice, reason="Mistake"))

    assert "Late payment penalties" not in text
    assert "€40" not in text
    assert "Reason: Mistake" in text


def test_receivable_shows_country_and_vat_number_of_a_foreign_buyer(issuer, treasurer):
    receivable = make_receivable(country="DE", siren="", vat_number="DE136695976")

    page = treasurer.get(f"/en/organize/money/owed/{receivable.reference}/")

    assert "Germany" in page.text
    assert "VAT DE136695976" in page.text


def test_siren_with_a_wrong_check_digit_is_told_from_one_of_wrong_length():
    with translation.override("en"):
        errors = [
            BuyerForm({"name": "A", "country": "FR", "siren": siren}).errors["siren"][0]
            for siren in ("542051181", "54205118")
        ]

    assert "check digit" in errors[0]
    assert "nine digits" in errors[1]
