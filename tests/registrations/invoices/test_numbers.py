"""No gap and no number twice, whatever fails and whoever comes at once."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import IntegrityError, transaction

from registrations.invoices import numbering
from registrations.invoices.issue import issue
from registrations.invoices.models import Invoice, Receivable, Series
from tests.conftest import ROOT, database_url
from tests.rush import in_threads

from .conftest import make_issuer
from .makers import make_receivable

AT_ONCE = 24


class Failure(Exception):
    """Something after the number was given."""


def issue_or_fail(pk: int) -> str:
    """Issue; every third transaction fails at its end."""
    with transaction.atomic():
        document = issue(receivable=Receivable.objects.get(pk=pk))
        if pk % 3 == 0:
            raise Failure
    return document.number


def sequences() -> list[int]:
    return list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.django_db
def test_a_transaction_that_fails_gives_its_number_back(issuer):
    receivables = [make_receivable() for _ in range(9)]
    for receivable in receivables:
        with contextlib.suppress(Failure):
            issue_or_fail(receivable.pk)
    assert sequences() == list(range(1, 7))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_no_gap():
    make_issuer()
    keys = [make_receivable().pk for _ in range(AT_ONCE)]
    done = in_threads([lambda pk=pk: issue_or_fail(pk) for pk in keys])
    issued = [result for result in done if isinstance(result, str)]
    assert {type(result) for result in done} == {str, Failure}
    assert sequences() == list(range(1, len(issued) + 1))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_number_comes_twice(monkeypatch):
    """The negative control: the same rush, reading the last number without waiting for the others."""

    def unlocked(*, code, on):
        series, _is_new = Series.objects.get_or_create(code=code, year=on.year)
        time.sleep(0.02)
        Series.objects.filter(pk=series.pk).update(last=series.last + 1)
        return series.last + 1

    monkeypatch.setattr("registrations.invoices.documents.next_number", unlocked)
    make_issuer()
    keys = [make_receivable().pk for _ in range(AT_ONCE)]
    done = in_threads([lambda pk=pk: issue_or_fail(pk) for pk in keys])
    assert any(isinstance(result, IntegrityError) for result in done)
    assert numbering.next_number is not unlocked


KILLED = """
import django; django.setup()
from django.db import transaction
from registrations.invoices.issue import issue
from registrations.invoices.models import Receivable
with transaction.atomic():
    print(issue(receivable=Receivable.objects.get(reference="KILLED")).number, flush=True)
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
    assert issue(receivable=make_receivable()).number == number
    assert sequences() == [1]
