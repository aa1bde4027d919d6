"""Test that bank lines dated in the future are not imported, and what the summary counts."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_lines import StatementEntry, StatementFile, number_duplicates
from registrations.payments.models import BankLine
from tests.registrations.payments.statements import BOOKED_ON, csv_file

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DAY = datetime.timedelta(days=1)


def make_file(*days: datetime.date) -> StatementFile:
    return StatementFile("x.xml", "", number_duplicates(StatementEntry(day, 12_000) for day in days))


def test_line_of_tomorrow_is_imported():
    result = import_statement(file=make_file(BOOKED_ON, BOOKED_ON + DAY))

    assert BankLine.objects.count() == 2
    assert result.future_count == 0


def test_later_lines_are_left_out_and_counted():
    with translation.override("en"):
        result = import_statement(file=make_file(BOOKED_ON, BOOKED_ON + 2 * DAY, BOOKED_ON + 400 * DAY))

        assert BankLine.objects.get().booked_on == BOOKED_ON
        assert result.known_count == 0
        assert str(result).endswith("2 lines are dated in the future and are left out: check the file.")


def test_preview_says_that_a_line_is_dated_in_the_future(client, treasurer):
    client.force_login(treasurer)
    content = csv_file("Date;Montant;Libellé", f"{BOOKED_ON + 30 * DAY:%d/%m/%Y};12,00;Acme")
    upload = {"file": SimpleUploadedFile("x.csv", content), "check": "1"}

    page = client.post("/en/organize/money/bank/import/", upload).text

    assert "1 line is dated in the future and is left out: check the file." in page


def test_summary_counts_each_new_line_once():
    entries = [StatementEntry(BOOKED_ON, 700), StatementEntry(BOOKED_ON, -300)]

    result = import_statement(file=StatementFile("x.xml", "", entries))

    with translation.override("en"):
        summary = str(result)

    assert "New lines: 2." in summary
    assert "Refunds and other debits: 1. To review: 1." in summary
