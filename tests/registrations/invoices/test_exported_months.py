"""Payments dated in a month whose entries the accountant has already."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from registrations.invoices.accounting.exported_months import list_export_warnings, record_export
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]
LAST_OF_MONTH = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
FIRST_OF_MONTH = LAST_OF_MONTH.replace(day=1)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def record_payment_by_form(treasurer, day: datetime.date):
    typed = {"amount": "40", "method": "transfer", "received_on": day.isoformat()}
    address = reverse("receivable-pay", args=[make_receivable().reference])
    return treasurer.post(address, typed, follow=True)


def test_payment_by_hand_in_an_exported_month_asks_for_a_new_export(issuer, treasurer):
    period = {"first": FIRST_OF_MONTH.isoformat(), "last": LAST_OF_MONTH.isoformat()}
    treasurer.get(reverse("accounting-fec"), period)

    answer = record_payment_by_form(treasurer, FIRST_OF_MONTH)

    month = date_format(FIRST_OF_MONTH, "F Y")
    assert f"This changes {month}, which was exported on" in answer.text


def test_payment_in_a_month_that_was_not_exported_needs_none(issuer, treasurer):
    answer = record_payment_by_form(treasurer, FIRST_OF_MONTH)

    assert "send the new export to the accountant" not in answer.text


def test_current_month_needs_no_warning(db):
    today = timezone.localdate()
    record_export(today.replace(day=1), today)

    assert list_export_warnings([today]) == []


def test_each_month_is_named_once(db):
    record_export(FIRST_OF_MONTH, LAST_OF_MONTH)

    assert len(list_export_warnings([FIRST_OF_MONTH, LAST_OF_MONTH])) == 1


def test_day_outside_of_the_exported_period_needs_no_warning(db):
    record_export(FIRST_OF_MONTH, LAST_OF_MONTH - datetime.timedelta(days=5))

    assert list_export_warnings([LAST_OF_MONTH]) == []
