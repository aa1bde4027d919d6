"""What the treasurer reads before a deposit invoice, or the credit note for a lowered line, is issued."""

import pytest
from django.urls import reverse
from django.utils import translation
from lxml import html

from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.charges import ChargeItem, withdraw_charges
from registrations.invoices.ledger.manual_charges import MANUAL_KEY_PREFIX, replace_manual_charges
from registrations.invoices.models import Invoice
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, confirm_form, post_form, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
HALL_KEY = f"{MANUAL_KEY_PREFIX}1"


@pytest.fixture
def client(treasurer):
    return treasurer


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def lower_line() -> Invoice:
    """Invoice a hall for 2,400 euros, then lower it to 2,000; return the invoice."""
    receivable = make_receivable(ChargeItem(HALL_KEY, "Salle", 240_000, 2000))
    invoice = issue_invoice(receivable=receivable)
    replace_manual_charges(receivable=receivable, items=[ChargeItem(HALL_KEY, "Salle", 200_000, 2000)])
    return invoice


def confirm_preview(client, address_name, reference, preview):
    [form] = html.fromstring(preview.content).xpath("//main//form")
    address = reverse(address_name, args=[reference])
    return client.post(address, dict(form.form_values()), follow=True)


def test_credit_note_for_a_lowered_line_names_invoice_and_amount_before_it_is_issued(issuer, client):
    invoice = lower_line()

    answer = post_form(client, "receivable-credit", invoice.receivable.reference, reason="Lowered")

    assert f"Credit note of €2,400.00 for invoice {invoice.number}. Once issued," in read_main_text(answer)
    assert list(Invoice.objects.all()) == [invoice]


def test_preview_of_the_credit_note_for_a_lowered_line_names_what_is_left_to_invoice(issuer, client):
    invoice = lower_line()

    answer = post_form(client, "receivable-credit", invoice.receivable.reference, reason="Lowered")

    assert "Left to invoice: €2,000.00" in read_main_text(answer)


def test_preview_names_each_credit_note(issuer, client):
    receivable = make_receivable(GUESTS)
    first = issue_invoice(receivable=receivable)
    make_receivable(GUESTS, DINNER, reference=receivable.reference)
    second = issue_invoice(receivable=receivable)
    withdraw_charges(receivable=receivable, keys=["guest", "dinner"])

    text = read_main_text(post_form(client, "receivable-credit", receivable.reference, reason="Cancelled"))

    assert "2 credit notes, €426.00 in total." in text
    assert f"Credit note of €360.00 for invoice {first.number}" in text
    assert f"Credit note of €66.00 for invoice {second.number}" in text
    assert "Left to invoice" not in text


def test_confirmed_credit_note_for_a_lowered_line_is_issued(issuer, client):
    invoice = lower_line()

    confirm_form(client, "receivable-credit", invoice.receivable.reference, reason="Lowered")

    assert Invoice.objects.get(kind="credit_note").total == 240_000


def test_credit_note_that_changed_since_its_preview_is_previewed_again(issuer, client):
    receivable = make_receivable(GUESTS, DINNER)
    issue_invoice(receivable=receivable)
    withdraw_charges(receivable=receivable, keys=["dinner"])
    preview = post_form(client, "receivable-credit", receivable.reference, reason="Cancelled")
    withdraw_charges(receivable=receivable, keys=["guest"])

    answer = confirm_preview(client, "receivable-credit", receivable.reference, preview)

    assert "This has changed in the meantime. Check it again." in answer.text
    assert "Credit note of €426.00" in read_main_text(answer)
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_deposit_is_previewed_with_vat_and_what_is_left(issuer, client):
    receivable = make_receivable(GUESTS)

    text = read_main_text(post_form(client, "receivable-deposit", receivable.reference, amount="120"))

    assert "Deposit invoice of €120.00, including €20.00 VAT." in text
    assert "Left for the next invoice: €240.00." in text
    assert not Invoice.objects.exists()


def test_deposit_is_issued_once_confirmed(issuer, client):
    receivable = make_receivable(GUESTS)

    confirm_form(client, "receivable-deposit", receivable.reference, amount="120")

    assert Invoice.objects.get().total == 12_000


@pytest.mark.parametrize(("percentage", "expected"), [("30", 10_800), ("33,33", 11_999), ("12.5", 4_500)])
def test_deposit_can_be_a_percentage(issuer, client, percentage, expected):
    receivable = make_receivable(GUESTS)

    confirm_form(client, "receivable-deposit", receivable.reference, percentage=percentage)

    assert Invoice.objects.get().total == expected


def test_percentage_of_a_second_deposit_is_of_the_same_total(issuer, client):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=10_000)

    confirm_form(client, "receivable-deposit", receivable.reference, percentage="50")

    assert receivable.invoices.order_by("pk").last().total == 18_000


def test_page_of_a_deposit_says_what_the_percentage_is_of(issuer, client):
    receivable = make_receivable(GUESTS)

    text = read_main_text(client.get(reverse("receivable-deposit", args=[receivable.reference])))

    assert "Of €360.00, VAT included." in text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Enter the amount or the percentage of the deposit."),
        ({"amount": "100", "percentage": "30"}, "Enter either an amount or a percentage, not both."),
        ({"percentage": "101"}, "100"),
        ({"percentage": "0"}, "0.01"),
        ({"amount": "400"}, "A deposit must be less than the amount left to invoice: €360."),
    ],
)
def test_deposit_needs_one_valid_amount_or_percentage(issuer, client, typed, sentence):
    receivable = make_receivable(GUESTS)

    answer = post_form(client, "receivable-deposit", receivable.reference, **typed)

    [summary] = html.fromstring(answer.content).xpath("//*[@id='error-summary']")
    assert sentence in summary.text_content()
    assert not Invoice.objects.exists()


def test_deposit_whose_percentage_changed_since_the_preview_is_previewed_again(issuer, client):
    receivable = make_receivable(GUESTS)
    preview = post_form(client, "receivable-deposit", receivable.reference, percentage="50")
    make_receivable(GUESTS, DINNER, reference=receivable.reference)

    answer = confirm_preview(client, "receivable-deposit", receivable.reference, preview)

    assert "Deposit invoice of €213.00" in read_main_text(answer)
    assert not Invoice.objects.exists()
