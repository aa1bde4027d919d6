"""VAT on collection of money that came before the receivable was recorded."""

import datetime

import pytest
from django.utils import timezone

from registrations.invoices.accounting.vat_report import build_vat_report
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.receivable_history import ReceivableHistory
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_accounting import charge, day, document, list_movements

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_vat_of_a_payment_before_its_receivable_is_due_once_the_receivable_is_recorded():
    history = ReceivableHistory(
        "A",
        (charge(1, 12_000, added=33),),
        (document(34, (1, 12_000, 10_000)),),
        ((day(0), 12_000),),
    )
    assert list_movements(history) == [(33, 10_000, 2_000)]


def test_vat_of_what_was_overpaid_is_due_once_another_item_is_owed():
    history = ReceivableHistory("A", (charge(1, 12_000), charge(2, 3_000, added=33)), (), ((day(2), 15_000),))
    assert list_movements(history) == [(2, 10_000, 2_000), (33, 2_500, 500)]


def test_receivable_recorded_after_its_payment_leaves_the_declared_month_as_it_was(issuer):
    today = timezone.localdate()
    last_month = today.replace(day=1) - datetime.timedelta(days=1)
    receivable = make_receivable()
    record_payment(receivable=receivable, amount=12_000, method="transfer", received_on=last_month)

    declared = build_vat_report(last_month.replace(day=1), last_month, vat_due="collection")
    current = build_vat_report(today.replace(day=1), today, vat_due="collection")

    assert declared == []
    assert [row.vat_cents for row in current] == [2_000]
