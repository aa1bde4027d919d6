"""An invoice is corrected only if one of its details has changed, and the page says which."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from registrations.invoices.documents.corrections import NothingToCorrect, correct_invoice
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import Invoice, Issuer
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, post_form, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def invoice(issuer) -> Invoice:
    return issue_invoice(receivable=make_receivable(GUESTS, DINNER))


def open_correction(client, invoice):
    return client.get(reverse("invoice-correct", args=[invoice.pk]))


def move_buyer(invoice, street="2 rue Neuve") -> None:
    invoice.receivable.street = street
    invoice.receivable.save()


def test_an_unchanged_invoice_cannot_be_corrected(invoice):
    with pytest.raises(NothingToCorrect):
        correct_invoice(invoice=invoice, reason="x")

    assert Invoice.objects.count() == 1


def test_page_of_an_unchanged_invoice_leads_to_the_details(client, invoice):
    answer = open_correction(client, invoice)

    page = html.fromstring(answer.content)
    assert "so there is nothing to correct" in read_main_text(answer)
    assert page.xpath("//main//form") == []
    assert reverse("receivable-buyer", args=[invoice.receivable.reference]) in page.xpath("//main//a/@href")


def test_posting_the_page_of_an_unchanged_invoice_issues_nothing(client, invoice):
    client.post(reverse("invoice-correct", args=[invoice.pk]), {"reason": "x"})

    assert Invoice.objects.count() == 1


def test_page_shows_the_old_and_the_new_details(client, invoice):
    move_buyer(invoice)

    text = read_main_text(open_correction(client, invoice))

    assert "Street: “1 quai des Serveurs” becomes “2 rue Neuve”." in text
    assert "City:" not in text


def test_page_shows_changed_names_of_attendees(client, invoice):
    invoice.receivable.charges.filter(key="dinner").update(attendee="Zoé Martin")

    text = read_main_text(open_correction(client, invoice))

    assert "Line: “Dîner” becomes “Dîner, Zoé Martin”." in text


def test_page_shows_changed_details_of_the_issuer(client, invoice):
    Issuer.objects.update(city="Lyon")

    text = read_main_text(open_correction(client, invoice))

    assert "Issuer: city: “Paris” becomes “Lyon”." in text


def test_an_invoice_with_a_changed_address_is_replaced(client, invoice):
    move_buyer(invoice)

    post_form(client, "invoice-correct", invoice.pk, reason="address")

    assert invoice.receivable.invoices.last().buyer["street"] == "2 rue Neuve"


def test_an_invoice_credited_in_part_is_replaced_by_one_of_the_rest(invoice):
    credit_invoice(invoice=invoice, reason="x", line_ids=[invoice.lines.get(charge__key="dinner").pk])

    _credit_note, replacement = correct_invoice(invoice=invoice, reason="x")

    assert replacement.total == 36_000


def test_a_changed_address_names_the_invoice_that_has_the_old_one(client, invoice):
    answer = post_form(client, "receivable-buyer", invoice.receivable.reference, street="2 rue Neuve")

    assert f"Invoice {invoice.number} still has the old ones." in answer.text


def test_a_replaced_invoice_of_the_same_amount_keeps_its_due_date(issuer):
    invoice = issue_invoice(receivable=make_receivable(GUESTS), issued_on=datetime.date(2026, 5, 14))
    move_buyer(invoice)

    _credit_note, replacement = correct_invoice(invoice=invoice, reason="address")

    assert replacement.due_on == invoice.due_on


def test_page_says_that_the_due_date_remains(client, issuer):
    invoice = issue_invoice(receivable=make_receivable(GUESTS), issued_on=datetime.date(2026, 5, 14))
    move_buyer(invoice)

    text = read_main_text(open_correction(client, invoice))

    assert "the due date remains 13 June 2026." in text


def test_a_replaced_invoice_with_another_item_is_due_anew(issuer):
    invoice = issue_invoice(receivable=make_receivable(GUESTS), issued_on=datetime.date(2026, 5, 14))
    make_receivable(GUESTS, DINNER, reference=invoice.receivable.reference)

    _credit_note, replacement = correct_invoice(invoice=invoice, reason="dinner")

    assert replacement.due_on > timezone.localdate()
