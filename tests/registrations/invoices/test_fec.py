"""Numbers and document references of the accountant's entries."""

import datetime

import pytest
from django.utils import timezone

from registrations.invoices.accounting.fec_export import render_fec
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.receivable_list import ReceivableFilter
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_entry_has_the_same_number_in_the_file_of_a_month_and_of_the_year(issuer):
    march, april = datetime.date(2026, 3, 10), datetime.date(2026, 4, 10)
    receivable = make_receivable()
    for day in (march, april):
        record_payment(receivable=receivable, amount=100, method="cash", received_on=day)

    def read_numbers(first: datetime.date) -> dict[str, str]:
        rows = [line.split("\t") for line in render_fec(issuer, first, april).decode().splitlines()[1:]]
        return {row[8]: row[2] for row in rows if row[0] == "CA"}

    year, month = read_numbers(datetime.date(2026, 1, 1)), read_numbers(datetime.date(2026, 4, 1))

    assert len(month) == 1
    assert month.items() <= year.items()


def test_document_reference_of_a_payment_is_found_by_a_search(issuer):
    receivable = make_receivable()
    payment = record_payment(
        receivable=receivable, amount=100, method="transfer", external_id="bank:1a96b573"
    )

    today = timezone.localdate()
    [line] = [row for row in render_fec(issuer, today, today).decode().splitlines() if "\t411000\t" in row]

    reference = line.split("\t")[8]
    assert reference == f"{receivable.reference}-{payment.pk}"
    assert list(ReceivableFilter(search_text=reference).list_receivables(today=today)) == [receivable]
