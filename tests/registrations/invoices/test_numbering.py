"""Numbering: no gap and no duplicate, under failures and concurrency."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import IntegrityError, transaction

from registrations.invoices.documents import numbering
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import Invoice, NumberSeries, Receivable
from tests.conftest import ROOT, database_url
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.threads import run_in_threads

THREAD_COUNT = 24


class Failure(Exception):
    """Raised after a number was assigned."""


def issue_or_fail(pk: int) -> str:
    """Issue a document; every third transaction fails at its end."""
    with transaction.atomic():
        document = issue_invoice(receivable=Receivable.objects.get(pk=pk))
        if pk % 3 == 0:
            raise Failure
    return document.number


def list_sequences() -> list[int]:
    return list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.long
@pytest.mark.django_db
def test_failed_transaction_releases_its_number(issuer):
    receivables = [make_receivable() for _ in range(9)]
    for receivable in receivables:
        with contextlib.suppress(Failure):
            issue_or_fail(receivable.pk)

    assert list_sequences() == list(range(1, 7))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_invoices_leave_no_gap():
    make_issuer()
    keys = [make_receivable().pk for _ in range(THREAD_COUNT)]
    done = run_in_threads([lambda pk=pk: issue_or_fail(pk) for pk in keys])

    issued = [result for result in done if isinstance(result, str)]

    assert {type(result) for result in done} == {str, Failure}
    assert list_sequences() == list(range(1, len(issued) + 1))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_row_lock_numbers_are_duplicated(monkeypatch):
    """Negative control: concurrent invoices without the row lock get duplicate numbers."""

    def unlocked(*, series_code, issued_on):
        series, _is_new = NumberSeries.objects.get_or_create(code=series_code, year=issued_on.year)
        time.sleep(0.02)
        NumberSeries.objects.filter(pk=series.pk).update(last_number=series.last_number + 1)
        return series.last_number + 1

    monkeypatch.setattr("registrations.invoices.documents.invoice_writer.assign_next_number", unlocked)
    make_issuer()
    keys = [make_receivable().pk for _ in range(THREAD_COUNT)]
    done = run_in_threads([lambda pk=pk: issue_or_fail(pk) for pk in keys])
    assert any(isinstance(result, IntegrityError) for result in done)
    assert numbering.assign_next_number is not unlocked


KILLED = """
import django; django.setup()
from django.db import transaction
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import Receivable
with transaction.atomic():
    print(issue_invoice(receivable=Receivable.objects.get(reference="KILLED")).number, flush=True)
    input()
"""


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_no_gap():
    make_issuer()
    make_receivable(reference="KILLED")
    environ = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "convention.settings"}

    with subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=ROOT, env=environ, text=True, stdin=-1, stdout=-1
    ) as killed:
        number = killed.stdout.readline().strip()
        killed.send_signal(signal.SIGKILL)

    assert issue_invoice(receivable=make_receivable()).number == number
    assert list_sequences() == [1]
