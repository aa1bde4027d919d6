"""Invoices of a company that belong to no order: which its contact sees, and how they are paid."""

import pytest
from lxml import html

from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.ledger.manual_charges import MANUAL_KEY_PREFIX, record_manual_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Receivable
from tests.registrations.company.factories import make_desk
from tests.registrations.invoices.factories import make_issuer, make_receivable

pytestmark = pytest.mark.django_db
DUES = ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Cotisation 2027", 240_000, 2000)


def bill_by_hand(name: str, siren: str = "", *, key: str = "1") -> Receivable:
    buyer = Buyer(name=name, siren=siren, street="1 quai", postcode="69002", city="Lyon")
    return record_manual_charges(idempotency_key=key, buyer=buyer, items=[DUES])


def read_invoices(desk) -> list[list[str]]:
    """Return the cells of the table of other invoices in English."""
    page = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)
    rows = page.xpath("//section[h2='Other invoices']//tbody/tr")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in rows]


def test_contact_sees_an_unpaid_invoice_without_an_order_and_how_to_pay_it():
    make_issuer()
    desk = make_desk(siren="542051180")
    receivable = bill_by_hand("Acme SA, comptabilité", "542051180")
    document = issue_invoice(receivable=receivable)

    [[number, subject, due, total, payment]] = read_invoices(desk)
    page = desk.client.get(f"{desk.at}/orders/").text
    pdf = desk.client.get(f"{desk.at}/invoices/{document.pk}.pdf")

    assert number.startswith(f"{document.number} Invoice, ")
    assert subject == "Cotisation 2027"
    assert due.endswith(str(document.due_on.year))
    assert total == "€2,400"
    assert payment.startswith("to pay: €2,400 Transfer reference: RF")
    assert "FR14" in page
    assert pdf["Content-Type"] == "application/pdf"


def test_paid_invoice_asks_for_no_payment():
    make_issuer()
    desk = make_desk(siren="542051180")
    receivable = bill_by_hand("Acme", "542051180")
    issue_invoice(receivable=receivable)

    record_payment(receivable=receivable, amount=240_000, method="transfer")

    [[*_others, due, _total, payment]] = read_invoices(desk)
    assert (due, payment) == ("–", "paid")
    assert "FR14" not in desk.client.get(f"{desk.at}/orders/").text


def test_company_without_siren_is_recognized_by_its_name():
    make_issuer()
    desk = make_desk(siren="")
    issue_invoice(receivable=bill_by_hand(desk.company.name))

    rows = read_invoices(desk)

    assert len(rows) == 1


def test_company_of_the_same_name_with_another_siren_is_another_one():
    make_issuer()
    desk = make_desk(siren="542051180")
    document = issue_invoice(receivable=bill_by_hand(desk.company.name, "732829320"))

    rows = read_invoices(desk)
    pdf = desk.client.get(f"{desk.at}/invoices/{document.pk}.pdf")

    assert rows == []
    assert pdf.status_code == 404


def test_order_that_only_names_the_company_is_not_listed():
    make_issuer()
    desk = make_desk(siren="542051180")
    # As for an order of anybody who typed the company's name and SIREN.
    document = issue_invoice(receivable=make_receivable(name=desk.company.name, siren="542051180"))

    rows = read_invoices(desk)
    pdf = desk.client.get(f"{desk.at}/invoices/{document.pk}.pdf")

    assert rows == []
    assert pdf.status_code == 404


def test_what_is_not_invoiced_yet_is_not_listed():
    desk = make_desk(siren="542051180")

    bill_by_hand("Acme", "542051180")

    assert read_invoices(desk) == []
