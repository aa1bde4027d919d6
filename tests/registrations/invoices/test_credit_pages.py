"""The treasurer's page of a credit note, with its preview."""

import pytest
from django.urls import reverse
from django.utils import translation
from lxml import html

from registrations.invoices.documents.credit_notes import credit_invoice_amount
from registrations.invoices.documents.invoiced_balance import load_invoiced_balance
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Invoice
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import DINNER, GUESTS, confirm_form, post_form, read_main_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


def test_first_button_of_a_credit_note_previews_it(issuer, client):
    document = issue_invoice(receivable=make_receivable(GUESTS))

    with translation.override("en"):
        page = html.fromstring(client.get(reverse("invoice-credit", args=[document.pk])).content)

    assert "Preview the credit note" in page.xpath("//main//form//button/text()")


def test_invoice_is_credited_by_line_by_amount_and_in_full(issuer, client):
    receivable = make_receivable(GUESTS, DINNER)
    assert "F" in read_main_text(post_form(client, "receivable-issue", receivable.reference))
    document = Invoice.objects.get()
    dinner = document.lines.get(charge__key="dinner")
    confirm_form(client, "invoice-credit", document.pk, what="lines", lines=[dinner.pk], reason="annulé")
    confirm_form(client, "invoice-credit", document.pk, what="amount", amount="10", reason="geste")
    confirm_form(client, "invoice-credit", document.pk, what="all", reason="annulé")
    totals = list(Invoice.objects.filter(kind="credit_note").order_by("pk").values_list("total", flat=True))
    assert totals == [6_600, 1_000, 35_000]
    assert compute_balance(receivable).amount_owed == 0


@pytest.mark.parametrize("typed", [{}, {"what": "lines"}, {"what": "amount"}, {"what": "all", "reason": ""}])
def test_credit_note_needs_scope_and_reason(issuer, client, typed):
    document = issue_invoice(receivable=make_receivable(GUESTS))
    answer = post_form(client, "invoice-credit", document.pk, **{"reason": "x", **typed})
    assert html.fromstring(answer.content).xpath("//*[@id='error-summary']") != []
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("what", "typed", "sentence"),
    [
        ("all", "amount", "You have entered an amount."),
        ("lines", "amount", "You have entered an amount."),
        ("all", "lines", "You have ticked lines."),
        ("amount", "lines", "You have ticked lines."),
    ],
)
def test_credit_note_that_would_ignore_what_was_entered_is_refused(issuer, client, what, typed, sentence):
    document = issue_invoice(receivable=make_receivable(GUESTS, DINNER))
    values = {"amount": {"amount": "100"}, "lines": {"lines": [document.lines.first().pk]}}[typed]

    with translation.override("en"):
        answer = post_form(client, "invoice-credit", document.pk, what=what, reason="x", **values)

    [error] = html.fromstring(answer.content).xpath("//*[@id='error-summary']")
    assert sentence in error.text_content()
    assert Invoice.objects.count() == 1


def test_credit_note_form_chooses_nothing_beforehand(issuer, client):
    document = issue_invoice(receivable=make_receivable(GUESTS))

    page = html.fromstring(client.get(reverse("invoice-credit", args=[document.pk])).content)

    assert len(page.xpath("//input[@name='what']")) == 3
    assert page.xpath("//input[@name='what'][@checked]") == []


def test_credit_note_is_previewed_and_issued_once_confirmed(issuer, client):
    document = issue_invoice(receivable=make_receivable(GUESTS))

    with translation.override("en"):
        preview = post_form(client, "invoice-credit", document.pk, what="amount", amount="100", reason="x")
        issued_before = Invoice.objects.count()
        [form] = html.fromstring(preview.content).xpath("//main//form")
        fields = dict(form.form_values())
        client.post(reverse("invoice-credit", args=[document.pk]), fields)

    assert f"Credit note of €100.00 for invoice {document.number}" in read_main_text(preview)
    assert "Balance due: €360.00 before the credit note, €260.00 after it." in read_main_text(preview)
    assert issued_before == 1
    assert Invoice.objects.get(kind="credit_note").total == 10_000


def test_previewed_credit_note_can_be_changed(issuer, client):
    document = issue_invoice(receivable=make_receivable(GUESTS))
    preview = post_form(client, "invoice-credit", document.pk, what="amount", amount="100", reason="geste")
    [form] = html.fromstring(preview.content).xpath("//main//form")

    answer = client.post(
        reverse("invoice-credit", args=[document.pk]), {**dict(form.form_values()), "change": "1"}
    )

    page = html.fromstring(answer.content)
    assert page.xpath("//input[@name='amount'][@type='text']/@value") == ["100"]
    assert page.xpath("//input[@name='what'][@checked]/@value") == ["amount"]
    assert Invoice.objects.count() == 1


def test_preview_of_a_credited_final_invoice_names_the_deposit(issuer, client):
    receivable = make_receivable(GUESTS)
    deposit = issue_deposit_invoice(receivable=receivable, amount=10_000)
    record_payment(receivable=receivable, amount=deposit.total, method="transfer")
    document = issue_invoice(receivable=receivable)

    with translation.override("en"):
        start = read_main_text(client.get(reverse("invoice-credit", args=[document.pk])))
        preview = read_main_text(post_form(client, "invoice-credit", document.pk, what="all", reason="x"))

    assert "This invoice deducts deposits of €100.00." in start
    assert "Credit note of €260.00" in preview
    assert "Balance due: €260.00 before the credit note, €0.00 after it." in preview
    assert "Overpaid after the credit note, to be refunded: €100.00." in preview
    assert "The deposits of €100.00 are then no longer deducted" in preview


def test_balance_after_a_deposit_is_waived_by_an_amount(issuer):
    receivable = make_receivable(GUESTS)
    deposit = issue_deposit_invoice(receivable=receivable, amount=10_000)
    record_payment(receivable=receivable, amount=deposit.total, method="transfer")
    document = issue_invoice(receivable=receivable)

    credit_invoice_amount(invoice=document, amount=document.total, reason="x")

    assert compute_balance(receivable).amount_owed == deposit.total
    assert load_invoiced_balance(receivable).lines_to_credit == []


def test_credit_above_invoice_total_is_refused(issuer, client):
    document = issue_invoice(receivable=make_receivable(GUESTS))
    answer = post_form(client, "invoice-credit", document.pk, what="amount", amount="360,01", reason="x")
    assert "peut faire l’objet d’un avoir" in read_main_text(answer)
