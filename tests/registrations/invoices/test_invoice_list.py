"""The treasurer's list of invoices and credit notes."""

import datetime
import io
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registrations.invoices.accounting import invoice_list
from registrations.invoices.accounting.invoice_list import InvoiceFilter, derive_invoice_state
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from tests.registrations.invoices.factories import make_receivable
from tests.workbooks import read_values

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture
def documents(issuer) -> dict:
    """Return one document for each state, by state."""
    late_day = timezone.localdate() - datetime.timedelta(days=90)
    overdue = issue_invoice(receivable=make_receivable(name="Late"), issued_on=late_day)
    is_open, paid, credited = (issue_invoice(receivable=make_receivable(name=name)) for name in "ABC")
    record_payment(receivable=paid.receivable, amount=12_000, method="cash")
    credit_note = credit_invoice(invoice=credited, reason="Mistake")
    return {
        "overdue": overdue, "open": is_open, "paid": paid, "credited": credited, "credit_note": credit_note,
    }  # fmt: skip


def list_numbers(**fields) -> list[str]:
    rows = InvoiceFilter(**fields).list_invoices(today=timezone.localdate())
    return [row.number for row in rows]


@pytest.mark.parametrize("state", ["overdue", "open", "paid", "credited", "credit_note"])
def test_filter_by_state_agrees_with_the_state_shown(documents, state):
    today = timezone.localdate()

    [row] = InvoiceFilter(state=state).list_invoices(today=today)

    assert row == documents[state]
    assert derive_invoice_state(row, today=today) == state


def test_list_is_filtered_by_period_and_kind(documents):
    today = timezone.localdate()

    assert documents["overdue"].number not in list_numbers(first=today)
    assert list_numbers(last=today - datetime.timedelta(days=1)) == [documents["overdue"].number]
    assert list_numbers(kind="credit_note") == [documents["credit_note"].number]


def test_search_finds_number_buyer_and_reference(documents):
    overdue = documents["overdue"]

    assert list_numbers(search_text=overdue.number) == [overdue.number]
    assert list_numbers(search_text="late") == [overdue.number]
    assert list_numbers(search_text=overdue.receivable.reference) == [overdue.number]


def test_page_sums_invoices_less_credit_notes(documents, client):
    page = client.get("/en/organize/money/invoices/")

    assert page.context["totals"] == {"EUR": 3 * 12_000}
    assert f"Credits {documents['credited'].number}" in page.text


def test_list_takes_no_query_for_each_document(documents, client):
    address = reverse("invoice-list")
    with CaptureQueriesContext(connection) as few:
        client.get(address, {"kind": "credit_note"})
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(few)


def test_export_has_negative_amounts_for_credit_notes(documents, client):
    content = client.get("/en/organize/money/invoices.xlsx", {"kind": "credit_note"}).content

    header, row = read_values(content)

    values = dict(zip(header, row, strict=True))
    assert values["Number"] == documents["credit_note"].number
    assert values["Total"] == -120


def test_pdfs_of_a_period_are_downloaded_as_zip(documents, client):
    today = timezone.localdate().isoformat()

    content = client.get(reverse("invoice-list-pdfs"), {"first": today, "kind": "invoice"}).content

    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert sorted(names) == sorted(f"{documents[state].number}.pdf" for state in ("open", "paid", "credited"))


def test_too_many_pdfs_ask_for_a_shorter_period(documents, client, monkeypatch):
    monkeypatch.setattr(invoice_list, "MAX_PDFS_IN_ZIP", 2)

    page = client.get("/en/organize/money/invoices.zip", follow=True)

    assert "Choose a shorter period." in page.text
