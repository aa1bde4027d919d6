"""Bank lines that name the number of an ordered quotation."""

import datetime

import pytest

from registrations.billing.receivables import sync_receivable
from registrations.invoices.models import Receivable
from registrations.models import Order
from registrations.payments.bank.matching import (
    BankLineFacts,
    LineMatch,
    MatchKind,
    PayableIndex,
    PayableItem,
    match_line,
    split_typed_references,
)
from registrations.payments.bank.payables import build_payable_index
from registrations.payments.models import BankLine
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.factories import order_by_card
from tests.registrations.payments.test_bank import import_lines

NUMBER = "D2026-000001"
ACME = PayableItem("7KQ2M9XD", "Acme", 12_000, document_numbers=(NUMBER,))
PAID = PayableItem("PAIDPAID", "Acme", 0, document_numbers=(NUMBER,), was_paid=True)
OTHER = PayableItem("BH7Q7FAR", "Acme", 9_000, document_numbers=(NUMBER,))


def match(cents: int, *items: PayableItem) -> LineMatch:
    line_facts = BankLineFacts(cents, "DEVIS D2026-000001 BC-77", "X", datetime.date(2027, 3, 1))
    return match_line(line_facts, PayableIndex.build_index(items))


@pytest.mark.parametrize(
    ("cents", "items", "kind", "references"),
    [
        (12_000, [ACME], MatchKind.EXACT, ["7KQ2M9XD"]),
        (21_000, [ACME, OTHER], MatchKind.EXACT, ["7KQ2M9XD", "BH7Q7FAR"]),
        (12_000, [PAID, ACME], MatchKind.EXACT, ["7KQ2M9XD"]),
        (12_000, [ACME, OTHER], MatchKind.SEVERAL_REFERENCES, ["7KQ2M9XD", "BH7Q7FAR"]),
        (12_000, [PAID], MatchKind.ALREADY_PAID, []),
    ],
)
def test_number_of_a_quotation_names_its_orders(cents, items, kind, references):
    found = match(cents, *items)

    assert found.kind == kind
    assert [reference for reference, _cents in found.parts] == references


def test_less_than_the_order_of_a_quotation_is_too_little():
    found = match(10_000, PAID, ACME)

    assert found.kind == MatchKind.UNDERPAID
    assert found.reference == "7KQ2M9XD"


def test_typed_number_of_a_quotation_names_the_orders_that_owe_something():
    index = PayableIndex.build_index([PAID, ACME, OTHER])

    items, _unknown = split_typed_references("d2026-000001", index)

    assert items == [ACME, OTHER]


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("is_billed", [True, False])
def test_payables_have_the_number_of_the_quotation(event, is_billed):
    order_by_card(event, payment="invoice")
    Order.objects.update(quotation_number=NUMBER)
    if not is_billed:
        Receivable.objects.all().delete()

    [item] = build_payable_index().items.values()

    assert item.document_numbers == (NUMBER,)


@pytest.mark.django_db
@pytest.mark.once
def test_line_that_names_the_quotation_is_recorded_at_its_import(event):
    make_issuer()
    order = order_by_card(event, payment="invoice")
    Order.objects.update(quotation_number=NUMBER)
    sync_receivable(order)

    import_lines((12_000, "Inconnu", "DEVIS D2026-000001 BC-77", ""))

    assert BankLine.objects.get().assignments.get().receivable.reference == order.reference
