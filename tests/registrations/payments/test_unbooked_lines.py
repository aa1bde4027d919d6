"""The page of the accountant's entries names the bank lines that are not among them."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from lxml import html

from registrations.payments.bank.assignments import assign_line, ignore_line
from registrations.payments.models import BankLine
from tests.registrations.invoices.factories import make_issuer, make_receivable
from tests.registrations.payments.statements import BOOKED_ON
from tests.registrations.payments.test_bank import import_lines
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def english():
    make_issuer()
    with translation.override("en"):
        yield


@pytest.fixture
def client(treasurer) -> Client:
    return make_client(treasurer)


def read_page(client, day: datetime.date = BOOKED_ON) -> str:
    answer = client.get(reverse("accounting"), {"first": day.isoformat(), "last": day.isoformat()})
    return " ".join(html.fromstring(answer.content).find(".//main").text_content().split())


def test_lines_set_aside_or_not_matched_are_counted_and_summed(client):
    import_lines((90_000, "Mairie", "subvention", ""), (700, "Zzz", "", ""), (-34_000, "Traiteur", "", ""))
    ignore_line(line=BankLine.objects.get(amount=90_000), reason="grant")

    text = read_page(client)

    expected = "3 bank lines of the period are not included, because they are set aside or unmatched: "
    assert expected + "€907.00 received, €340.00 paid." in text


def test_assigned_part_of_a_line_is_not_counted(client):
    import_lines((90_000, "Mairie", "", ""))
    receivable = make_receivable()
    assign_line(line=BankLine.objects.get(), reference=receivable.reference, amount=12_000)

    text = read_page(client)

    assert "1 bank line of the period is not included" in text
    assert "€780.00 received." in text


def test_lines_of_another_day_are_not_counted(client):
    import_lines((90_000, "Mairie", "", ""))

    text = read_page(client, BOOKED_ON + datetime.timedelta(days=1))

    assert "not included" not in text


def test_lines_that_are_assigned_are_not_mentioned(client):
    receivable = make_receivable()
    import_lines((12_000, "Mairie", "", receivable.reference))

    text = read_page(client)

    assert "not included" not in text


def test_assigned_line_is_not_set_aside_from_an_old_page(client):
    import_lines((12_000, "Mairie", "", ""))
    line = BankLine.objects.get()
    assign_line(line=line, reference=make_receivable().reference, amount=12_000)

    page = client.post(reverse("bank-line-ignore", args=[line.pk]), {"ignore-reason": "grant"}, follow=True)

    message = html.fromstring(page.content).find(".//main").text_content()
    assert "This line is assigned; undo the assignment first." in message
