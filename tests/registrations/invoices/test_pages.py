"""The treasurer's pages."""

import datetime
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Person
from registrations.invoices.accounting.journal_entries import iter_refund_entries
from registrations.invoices.documents.credit_notes import credit_invoice, credit_withdrawn_charges
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.formatting import format_transfer_reference
from registrations.invoices.ledger.advice import STATE_LABELS
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import ChargeItem, withdraw_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.receivable_list import (
    ReceivableFilter,
    annotate_receivables,
    build_state_condition,
    derive_row_state,
)
from registrations.invoices.ledger.refunds import complete_refund, request_refund
from registrations.invoices.models import Issuer, Payment, Receivable, Refund
from tests.factories import make_event
from tests.registrations.invoices.factories import make_receivable
from tests.site_objects import make_client
from tests.workbooks import read_values

pytestmark = [pytest.mark.django_db, pytest.mark.once]
GUESTS = ChargeItem("guest", "Billet Invité", 12_000, 2000, quantity=3)
DINNER = ChargeItem("dinner", "Dîner", 6_600, 1000)


@pytest.fixture
def client(treasurer):
    return treasurer


def post_form(client, address_name, *args, **typed):
    """Fill in and send the form of a page; return the page that follows."""
    address = reverse(address_name, args=args)
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")
    return client.post(address, {**dict(form.form_values()), **typed}, follow=True)


def confirm_form(client, address_name, *args, **typed):
    """Fill in the form of a page and confirm its preview; return the page that follows."""
    preview = post_form(client, address_name, *args, **typed)
    [form] = html.fromstring(preview.content).xpath("//main//form")
    return client.post(reverse(address_name, args=args), dict(form.form_values()), follow=True)


def read_hidden_fields(client, address_name, *args) -> dict[str, str]:
    """Return the names and values of the hidden fields of a page."""
    page = html.fromstring(client.get(reverse(address_name, args=args)).content)
    fields = page.xpath("//main//input[@type='hidden']")
    return {field.get("name"): field.get("value") for field in fields}


def read_main_text(answer) -> str:
    return " ".join(html.fromstring(answer.content).xpath("//main")[0].text_content().split())


def test_resubmitted_manual_payment_is_recorded_once(issuer, client):
    receivable = make_receivable(GUESTS)
    address = reverse("receivable-pay", args=[receivable.reference])
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")
    typed = dict(form.form_values())
    assert typed["amount"] == "360"
    for _ in range(2):
        client.post(address, {**typed, "amount": "100,50", "method": "cash"})
    [payment] = Payment.objects.all()
    assert (payment.amount, payment.method) == (10_050, "cash")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_amount_accepts_decimal_comma_or_dot_in_every_language(issuer, client, language):
    receivable = make_receivable(replace(GUESTS, quantity=30))
    with translation.override(language):
        for typed in ("60,50 €", "€60.50", "1,060.50", "1 060,5", "1.060,50 EUR"):
            values = {"amount": typed, "is_repetition_confirmed": "on"}
            post_form(client, "receivable-pay", receivable.reference, **values)
        page = post_form(client, "receivable-pay", receivable.reference, amount="60,500")

    assert list(Payment.objects.order_by("pk").values_list("amount", flat=True)) == [
        6_050, 6_050, 106_050, 106_050, 106_050,
    ]  # fmt: skip
    sentence = {
        "fr": "On ne voit pas où commencent les décimales",
        "en": "not clear where the decimals begin",
    }
    assert sentence[language] in read_main_text(page)


def test_partly_paid_invoice_suggests_sending_it_again(issuer, client):
    receivable = make_receivable(GUESTS)
    invoice = issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=10_000, method="transfer")

    page = html.fromstring(client.get(reverse("receivable", args=[receivable.reference])).content)

    [link] = page.xpath(f"//ul[@class='attention']//a[contains(., '{invoice.number}')]/@href")
    assert link == reverse("invoice-send", args=[invoice.pk])


@pytest.mark.parametrize(
    "amount", ["", "€", "-1", "0", "1e9", "abc", "1,234", "NaN", "$12", "12 USD", "€12€"]
)
def test_invalid_amount_is_refused_and_other_input_is_kept(issuer, client, amount):
    receivable = make_receivable(GUESTS)
    answer = post_form(client, "receivable-pay", receivable.reference, amount=amount, note="virement du 3")
    assert answer.status_code == 200
    assert html.fromstring(answer.content).xpath("//input[@name='note']/@value") == ["virement du 3"]
    assert Payment.objects.count() == 0


def test_payment_date_cannot_be_implausible_or_in_the_future(issuer, client):
    receivable = make_receivable(GUESTS)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    for day, sentence in (
        ("0026-11-03", "Vérifiez l’année."),
        (str(tomorrow), "la date du jour ou une date passée"),
    ):
        answer = post_form(client, "receivable-pay", receivable.reference, received_on=day)
        assert sentence in read_main_text(answer)
    assert Payment.objects.count() == 0


def test_deposit_correction_and_credit_of_withdrawn_charges(issuer, client):
    receivable = make_receivable(GUESTS, DINNER)
    confirm_form(client, "receivable-deposit", receivable.reference, amount="100")
    post_form(client, "receivable-issue", receivable.reference)
    post_form(client, "receivable-buyer", receivable.reference, name="Vrai nom")
    last = receivable.invoices.last()
    post_form(client, "invoice-correct", last.pk, reason="nom")
    withdraw_charges(receivable=receivable, keys=["dinner"])
    confirm_form(client, "receivable-credit", receivable.reference, reason="annulé")
    kinds = list(receivable.invoices.order_by("pk").values_list("kind", "total", "buyer_name"))
    first_name = kinds[0][2]
    assert kinds == [
        ("deposit", 10_000, first_name),
        ("invoice", 32_600, first_name),
        ("credit_note", 32_600, "Vrai nom"),
        ("invoice", 32_600, "Vrai nom"),
        ("credit_note", 6_600, "Vrai nom"),
    ]


def confirm_twice(client, address_name, *args, **typed):
    """Confirm the preview of a form with two clicks; return both pages that follow."""
    preview = post_form(client, address_name, *args, **typed)
    [form] = html.fromstring(preview.content).xpath("//main//form")
    address, fields = reverse(address_name, args=args), dict(form.form_values())
    return [client.post(address, fields) for _click in range(2)]


def test_double_click_issues_one_document_and_records_one_refund(issuer, client):
    receivable = make_receivable(GUESTS)
    deposits = confirm_twice(client, "receivable-deposit", receivable.reference, amount="100")
    document = issue_invoice(receivable=receivable)
    credit = {"what": "amount", "amount": "10", "reason": "geste"}
    credit_notes = confirm_twice(client, "invoice-credit", document.pk, **credit)
    payment = record_payment(receivable=receivable, amount=40_000, method="transfer")
    refund = {"reason": "trop payé", **read_hidden_fields(client, "payment-refund", payment.pk)}
    refunds = [
        post_form(client, "payment-refund", payment.pk, amount=amount, **refund)
        for amount in ("40", "40", "30")
    ]

    numbers = dict(receivable.invoices.values_list("kind", "number"))
    assert receivable.invoices.count() == 3
    assert f"{numbers['deposit']} a été émis depuis" in read_main_text(deposits[1])
    assert f"{numbers['credit_note']} a été émis depuis" in read_main_text(credit_notes[1])
    assert [refund.amount for refund in Refund.objects.all()] == [4_000]
    assert "remboursement de 40,00" in read_main_text(refunds[1])
    assert "déjà enregistré un remboursement de 40" in read_main_text(refunds[2])


def test_manual_refund_is_requested_then_completed(issuer, client):
    receivable = make_receivable(GUESTS)
    payment = record_payment(receivable=receivable, amount=40_000, method="transfer")
    post_form(client, "payment-refund", payment.pk, reason="trop payé", amount="40")
    [asked] = Refund.objects.all()
    assert (asked.amount, asked.state) == (4_000, "requested")
    post_form(client, "refund-done", asked.pk)
    asked.refresh_from_db()
    assert (asked.state, compute_balance(receivable).amount_due) == ("done", 0)


def test_a_mistyped_payment_is_cancelled_by_a_counter_entry(issuer, client):
    receivable = make_receivable(GUESTS)
    typed = record_payment(receivable=receivable, amount=3_600_000, method="cash")
    banked = record_payment(receivable=receivable, amount=100, method="transfer", external_id="bank:1:1")
    card = record_payment(receivable=receivable, amount=100, method="card")

    answer = post_form(client, "payment-cancel", typed.pk, reason="faute de frappe")
    again = post_form(client, "payment-cancel", typed.pk, reason="encore")
    refused = [
        read_main_text(post_form(client, "payment-cancel", payment.pk, reason="x"))
        for payment in (banked, card)
    ]

    assert "est annulé par une contre-passation" in answer.text
    assert "Saisi par erreur : faute de frappe" in read_main_text(answer)
    assert "Paiement annulé, sans remboursement" in read_main_text(answer)
    history = read_main_text(answer).rpartition("Historique")[2]
    assert "Paiement annulé" in history
    assert "Remboursement" not in history
    assert "déjà été annulé" in read_main_text(again)
    assert "ligne du relevé bancaire" in refused[0]
    assert "par carte. Remboursez-le" in refused[1]
    assert compute_balance(receivable).amount_due == 36_000 - 200
    assert AuditEntry.objects.get(verb="payment.cancel").reason == "faute de frappe"
    [entry] = iter_refund_entries(issuer, (timezone.localdate(), timezone.localdate()))
    assert [side.amount_cents for side in entry.sides] == [3_600_000, -3_600_000]


def test_receivable_is_overdue_only_from_the_due_date_of_what_is_unpaid(issuer, client):
    receivable = make_receivable(GUESTS)
    long_ago = timezone.localdate() - datetime.timedelta(days=200)
    deposit = issue_deposit_invoice(receivable=receivable, amount=10_000, issued_on=long_ago)
    late = [row.pk for row in ReceivableFilter(state="overdue").list_receivables(today=timezone.localdate())]
    record_payment(receivable=receivable, amount=deposit.total, method="transfer")
    invoice = issue_invoice(receivable=receivable)

    page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))
    rows = annotate_receivables(timezone.localdate())
    once_invoice_is_late = invoice.due_on + datetime.timedelta(days=1)

    assert late == [receivable.pk]
    assert "en retard depuis" not in page
    assert (rows.get().unpaid_due_on, rows.get().is_late) == (invoice.due_on, False)
    assert annotate_receivables(once_invoice_is_late).get().is_late is True


def test_credited_invoice_is_not_overdue(issuer):
    receivable = make_receivable(GUESTS)
    invoice = issue_invoice(
        receivable=receivable, issued_on=timezone.localdate() - datetime.timedelta(days=200)
    )
    assert annotate_receivables(timezone.localdate()).get().is_late is True

    credit_invoice(invoice=invoice, reason="Erreur")

    assert annotate_receivables(timezone.localdate()).get().is_late is False


def test_invoice_that_is_no_longer_due_is_listed_until_it_is_credited(issuer, client):
    receivable = make_receivable(GUESTS)
    issue_invoice(receivable=receivable)
    withdraw_charges(receivable=receivable)

    with translation.override("en"):
        start = read_main_text(client.get(reverse("receivables")))
        found = read_main_text(client.get(reverse("receivables"), {"state": "credit_to_issue"}))
        credit_withdrawn_charges(receivable=receivable, reason="x")
        afterwards = read_main_text(client.get(reverse("receivables")))

    assert "1 receivable was invoiced and is no longer due." in start
    assert "Credit note to issue" in start
    assert receivable.reference in found
    assert receivable.reference not in afterwards


def test_deposit_of_what_is_no_longer_due_is_to_be_credited(issuer):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=10_000)
    cents_before = annotate_receivables(timezone.localdate()).get().cents_to_credit

    withdraw_charges(receivable=receivable)

    assert cents_before == 0
    assert annotate_receivables(timezone.localdate()).get().cents_to_credit == 10_000


@pytest.mark.long
def test_state_filter_matches_state_derived_for_each_row(db):
    call_command("seed", size="club")
    client = make_client(Person.objects.get(email="tresorerie@club.example"))
    paid = Receivable.objects.with_balance().filter(amount_due=0, payments__method="transfer").first()
    request_refund(payment=paid.payments.get(), amount=100, reason="Geste commercial")
    uncredited = make_receivable(GUESTS)
    issue_invoice(receivable=uncredited)
    withdraw_charges(receivable=uncredited)
    today = Receivable.objects.latest("created_at").created_at.date()
    rows = list(annotate_receivables(today))
    found = {
        state: {row.pk for row in annotate_receivables(today).filter(build_state_condition(state))}
        for state in STATE_LABELS
    }
    assert found == {
        state: {row.pk for row in rows if derive_row_state(row) == state} for state in STATE_LABELS
    }
    assert [state for state in STATE_LABELS if not found[state]] == []
    answer = client.get(reverse("receivables"), {"state": "overpaid"})
    assert len(html.fromstring(answer.content).xpath("//tbody/tr")) == 1


def test_refund_to_send_is_shown_until_it_is_done(issuer, client):
    receivable = make_receivable(DINNER)
    payment = record_payment(receivable=receivable, amount=6_600, method="transfer")
    withdraw_charges(receivable=receivable)
    refund = request_refund(payment=payment, amount=6_600, reason="Annulation")
    address = reverse("receivable", args=[receivable.reference])

    start, detail = (read_main_text(client.get(one)) for one in (reverse("receivables"), address))
    found = read_main_text(client.get(reverse("receivables"), {"state": "refund_to_send"}))

    assert "1 remboursement reste à faire" in start
    assert "Remboursement à faire" in detail
    assert "Il reste 66,00 € à rembourser" in detail
    assert receivable.reference in found

    complete_refund(refund=refund)

    assert "reste à faire" not in read_main_text(client.get(reverse("receivables")))
    assert "à rembourser" not in read_main_text(client.get(address))


def test_card_refund_in_progress_needs_no_action(issuer, client):
    receivable = make_receivable(DINNER)
    payment = record_payment(receivable=receivable, amount=6_600, method="card")
    request_refund(payment=payment, amount=6_600, reason="Annulation")

    page = read_main_text(client.get(reverse("receivables")))

    assert "reste à faire" not in page


def test_balance_due_and_overpayment_are_shown_separately(issuer, client):
    make_receivable(GUESTS)
    record_payment(receivable=make_receivable(DINNER), amount=7_000, method="transfer")

    page = read_main_text(client.get(reverse("receivables")))

    assert "360,00 €restant à payer" in page
    assert "4,00 €payés en trop" in page
    assert "−" not in page


def test_search_ignores_accents_and_finds_numbers(issuer, client):
    event = make_event(slug="here")
    one = make_receivable(GUESTS, name="Société Générale d’Électricité", event=event)
    number = issue_invoice(receivable=one).number
    make_receivable(name="Autre")
    for words_typed in ("societe electricite", number.lower(), one.reference):
        assert [
            row.pk
            for row in ReceivableFilter(search_text=words_typed).list_receivables(today=one.created_at.date())
        ] == [one.pk]
    assert [
        row.pk for row in ReceivableFilter(event="here").list_receivables(today=one.created_at.date())
    ] == [one.pk]


@pytest.mark.parametrize(
    "typed", ["{rf}", "542 051 180", "54205118000066", "FR83404833048", "360", "€360.00"]
)
def test_search_finds_the_printed_reference_tax_numbers_and_amounts(issuer, typed):
    one = make_receivable(GUESTS, siren="542051180", vat_number="FR83404833048")
    make_receivable(siren="732829320", vat_number="")
    search_text = typed.format(rf=format_transfer_reference(one.reference))

    rows = ReceivableFilter(search_text=search_text).list_receivables(today=timezone.localdate())

    assert list(rows) == [one]


def test_the_list_is_exported_with_amounts_as_numbers(issuer, client):
    receivable = make_receivable(GUESTS, name="=1+1")
    document = issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=10_000, method="cash")
    content = client.get(reverse("receivables-xlsx")).content
    [header, row] = read_values(content)
    told = dict(zip(header, row, strict=True))
    assert (told["Total"], told["Payé"], told["Reste à payer"], told["Factures"], told["Acheteur"]) == (
        360, 100, 260, document.number, "=1+1",
    )  # fmt: skip
    assert AuditEntry.objects.filter(verb="receivables.export").count() == 1
    assert b"'=1+1" in client.get(reverse("receivables-csv")).content


INVALID_ISSUER_VALUES = {
    "siren": "123456789", "siret": "12345678901234", "vat_number": "FR00732829320", "iban": "FR7600000000",
    "bic": "X", "number_pattern": "{year}", "reminders": "bientôt", "credit_series": "F", "country": "France",
    "account_bank": "banque",
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(INVALID_ISSUER_VALUES))
def test_invalid_issuer_field_is_refused_with_one_error(issuer, client, field):
    before = Issuer.objects.values().get()
    answer = post_form(client, "issuer", **{field: INVALID_ISSUER_VALUES[field]})
    assert len(html.fromstring(answer.content).xpath("//*[@id='error-summary']//li")) == 1
    assert Issuer.objects.values().get() == before


def test_first_issuer_is_created_from_form(client):
    typed = {
        "legal_name": "Club", "street": "1 rue", "postcode": "75001", "city": "Paris", "siren": "732 829 320",
        "vat_number": "FR 44 732829320", "iban": "FR14 2004 1010 0505 0001 3M02 606", "reminders": "10; 5",
    }  # fmt: skip
    post_form(client, "issuer", **typed)
    issuer = Issuer.objects.get()
    assert (issuer.siren, issuer.vat_number, issuer.iban, issuer.reminder_days) == (
        "732829320",
        "FR44732829320",
        "FR1420041010050500013M02606",
        [5, 10],
    )


def test_iban_of_another_country_is_accepted(issuer, client):
    post_form(client, "issuer", iban="BE68 5390 0754 7034")

    assert Issuer.objects.get().iban == "BE68539007547034"


def test_fec_export_has_legal_file_name(issuer, client):
    issue_invoice(receivable=make_receivable())
    address = reverse("accounting-fec")
    answer = client.get(address, {"first": "2026-01-01", "last": "2026-12-31"})
    assert answer["Content-Disposition"] == 'attachment; filename="732829320FEC20261231.txt"'
    assert client.get(address, {"first": "demain"}).status_code == 422
    assert client.get(reverse("accounting"), {"first": "x", "last": ""}).status_code == 200


def test_invoice_pdf_is_downloaded(issuer, client):
    document = issue_invoice(receivable=make_receivable())
    answer = client.get(reverse("invoice-pdf", args=[document.pk]))
    assert answer.content[:5] == b"%PDF-"
    assert answer["Content-Disposition"] == f'attachment; filename="{document.number}.pdf"'


def test_card_refund_cannot_be_marked_as_done_by_hand(issuer, client):
    receivable = make_receivable(GUESTS)
    payment = record_payment(receivable=receivable, amount=36_000, method="card")
    request_refund(payment=payment, amount=100, reason="x")
    answer = client.get(reverse("receivable", args=[receivable.reference]))
    assert "Marquer comme effectué" not in read_main_text(answer)


def test_buyer_numbers_are_validated_and_stored_without_spaces(issuer, client):
    receivable = make_receivable(GUESTS)
    answer = post_form(client, "receivable-buyer", receivable.reference, siren="123 456 789", country="XX")
    assert len(html.fromstring(answer.content).xpath("//*[@id='error-summary']//li")) == 2
    post_form(
        client, "receivable-buyer", receivable.reference, siren="542 051 180", vat_number="FR 59 542051180"
    )
    receivable.refresh_from_db()
    assert (receivable.siren, receivable.vat_number) == ("542051180", "FR59542051180")


def test_receivables_list_names_attendees_and_does_not_add_currencies(issuer, client):
    make_receivable(GUESTS, name="", reference="UNNAMED1")
    Receivable.objects.get().charges.update(attendee="Zoé Müller")
    francs = make_receivable(GUESTS)
    Receivable.objects.filter(pk=francs.pk).update(currency="CHF")
    nothing_due = make_receivable(DINNER)
    withdraw_charges(receivable=nothing_due)

    page = client.get(reverse("receivables"))
    found = client.get(reverse("receivables"), {"q": "müller"})
    everything = client.get(reverse("receivables"), {"state": "all"})

    assert "Zoé Müller" in read_main_text(page)
    assert "360,00\u00a0€" in page.text
    assert "360,00\u00a0CHF" in page.text
    assert "720" not in read_main_text(page)
    assert nothing_due.reference not in read_main_text(page)
    assert nothing_due.reference in read_main_text(everything)
    assert "UNNAMED1" in read_main_text(found)
    assert "?state=open" in page.text
    assert "Zoé Müller" in html.fromstring(
        client.get(reverse("receivable", args=["UNNAMED1"])).content
    ).findtext(".//h1")
