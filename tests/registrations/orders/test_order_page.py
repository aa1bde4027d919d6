"""The page behind an order's link: what is paid, what is left to pay, and the next step."""

import pytest
from lxml import html

from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.payments import record_payment
from tests.factories import make_order, make_registration
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db


def read_facts(answer) -> dict[str, str]:
    """Return the page's facts, label by label."""
    page = html.fromstring(answer.content)
    return {
        row.findtext("dt"): " ".join(" ".join(row.find("dd").itertext()).split())
        for row in page.xpath("//main//dl[contains(@class, 'facts')]/div")
    }


def make_invoice_order(event: Event, **fields):
    order = make_order(event, payment="invoice", total=15_500, email="z@example.org", language="en", **fields)
    make_registration(event.tickets.get(), order=order, price=15_500)
    return order


def test_unpaid_order_shows_amount_due_and_how_to_transfer_it(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)

    facts = read_facts(client.get(order.manage_path))

    assert facts["Amount due"].startswith("€155 ")
    assert facts["Transfer reference"].endswith("Pay by bank transfer")


def test_part_paid_order_shows_total_and_what_is_left_to_transfer(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)
    record_payment(receivable=sync_receivable(order), amount=10_000, method="transfer")

    facts = read_facts(client.get(order.manage_path))

    assert "Amount due" not in facts
    assert facts["Total"].endswith("Paid: €100 Still to pay: €55")
    assert facts["Transfer reference"].endswith("Pay by bank transfer")


def test_paid_order_invites_no_payment(client, event: Event):
    make_issuer()
    order = make_invoice_order(event)
    record_payment(receivable=sync_receivable(order), amount=15_500, method="cash")

    facts = read_facts(client.get(order.manage_path))

    assert facts["Total"] == "€155, paid incl. €25.83 VAT (20%)"
    assert "Amount due" not in facts
    assert "Transfer reference" not in facts
