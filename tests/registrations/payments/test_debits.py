"""The pages of debits: refunds and returned payments that the statement does not name."""

import datetime

import pytest
from django.db.models.signals import post_init
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import fail_refund, request_refund
from registrations.invoices.models import Payment, Refund
from registrations.payments.bank.assignments import record_returned_transfer
from registrations.payments.bank.payables import MAX_RETURN_CANDIDATES, list_return_candidates
from registrations.payments.models import BankLine
from registrations.payments.payment_problems import list_failed_refunds
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.payments.foreign_statements import (
    make_details,
    make_document,
    make_entry,
    make_remittance,
    make_statement,
)
from tests.registrations.payments.statements import camt
from tests.registrations.payments.test_bank import DAY, import_lines, list_match_kinds
from tests.registrations.payments.test_foreign_statements import import_content

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BANK = "/en/organize/money/bank/"


@pytest.fixture
def page(client, treasurer):
    """Sign the treasurer in; return a function that reads the text of a page."""
    client.force_login(treasurer)

    def read(address: str) -> str:
        return " ".join(html.fromstring(client.get(address).content).find(".//main").text_content().split())

    return read


def make_paid_receivable(**fields):
    receivable = make_receivable(**fields)
    record_payment(receivable=receivable, amount=12_000, method="transfer", received_on=DAY)
    return receivable


def import_return(cents: int = 12_000, *, text: str = "") -> BankLine:
    """Import a debit by which the bank took a payment back, by default without a reference."""
    entry = make_entry(
        f"{cents / 100:.2f}",
        "<RvslInd>true</RvslInd>" + make_details(make_remittance(text)),
        direction="DBIT",
    )
    import_content(make_document(make_statement(entry)))
    return BankLine.objects.get()


def test_debit_is_matched_to_a_refund_recorded_after_the_import(client, page):
    receivable = make_paid_receivable(name="Acme Industries")
    import_lines((-4_000, "ACME INDUSTRIES", "Remboursement", ""))
    refund = request_refund(payment=receivable.payments.get(), amount=4_000, reason="Geste")
    address = f"{BANK}{BankLine.objects.get().pk}/"

    start = page(address)
    [form] = html.fromstring(client.get(address).content).xpath("//li//form")
    client.post(address, dict(form.form_values()))

    refund.refresh_from_db()
    assert "Acme Industries" in start
    assert "similar name" in start
    assert refund.state == "done"
    assert refund.refunded_on == DAY
    assert BankLine.objects.get().refund == refund


def test_matched_debit_names_the_refund(client, page):
    receivable = make_paid_receivable(name="Acme Industries")
    import_lines((-12_000, "Acme", f"Retour {receivable.reference}", ""))

    listed = page(f"{BANK}?show=all")

    assert f"refund of Acme Industries · {receivable.reference}" in listed


def test_returned_payment_without_reference_is_to_review(page):
    make_paid_receivable()

    import_return()

    assert list_match_kinds() == ["unmatched_return"]
    assert "returned payment" in page(BANK)
    assert "The bank took this money back." in page(BANK)


def test_returned_payment_is_due_again_once_it_is_chosen(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return().pk}/"
    [form] = html.fromstring(client.get(address).content).xpath("//li//form")

    answer = client.post(address, dict(form.form_values()), follow=True)

    assert compute_balance(receivable).amount_due == 12_000
    assert list_match_kinds() == []
    assert f"{receivable.reference}" in answer.text
    assert "has been recorded as returned to" in answer.text


def test_returned_payment_imported_before_its_payment_is_to_review(page):
    receivable = make_receivable()
    import_return(text=receivable.reference)
    record_payment(receivable=receivable, amount=12_000, method="transfer", received_on=DAY)

    listed = page(BANK)

    assert list_match_kinds() == ["unmatched_return"]
    assert f"returned payment {receivable.buyer_label} · {receivable.reference}" in listed


def test_returned_payment_set_aside_can_be_reopened(client, page):
    line = import_return()
    client.post(f"{BANK}{line.pk}/aside/", {"ignore-reason": "Erreur de la banque"})
    set_aside = page(f"{BANK}{line.pk}/")

    client.post(f"{BANK}{line.pk}/aside/")

    assert "Erreur de la banque" in set_aside
    assert "Reopen" in set_aside
    assert list_match_kinds() == ["unmatched_return"]


def test_returned_payment_is_set_aside(client, page):
    line = import_return()

    client.post(f"{BANK}{line.pk}/aside/", {"ignore-reason": "Erreur de la banque"})

    assert list_match_kinds() == []


@pytest.mark.parametrize(("text", "reason"), [
    ("Retour SEPA", "From the bank statement: Retour SEPA"),
    ("", "From the bank statement: —"),
])  # fmt: skip
def test_reason_of_a_returned_payment_is_in_the_readers_language(text, reason):
    receivable = make_paid_receivable()
    line = import_return(text=text)
    with translation.override("fr"):
        refund = record_returned_transfer(line=line, reference=receivable.reference)

    with translation.override("en"):
        reason_text = refund.reason_text

    assert reason_text == reason


def test_debit_above_every_payment_of_a_reference_is_refused(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return(12_001).pk}/"

    answer = client.post(address, {"reference": receivable.reference})

    assert "No payment of at least this amount can be returned" in answer.text
    assert compute_balance(receivable).amount_due == 0


def test_undone_return_frees_the_debit_and_restores_the_payment(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"
    before = page(address)

    answer = client.post(f"{address}undo/", {"reason": "Mauvaise référence"}, follow=True)

    assert "Undo the match" in before
    assert "The match has been undone." in answer.text
    assert receivable.refunds.get().state == "failed"
    assert compute_balance(receivable).amount_due == 0
    assert list_match_kinds() == ["unmatched_return"]
    assert AuditEntry.objects.filter(verb="bank.undo", reason="Mauvaise référence").exists()


def test_undone_return_is_no_failed_refund(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"

    client.post(f"{address}undo/", {"reason": "Doute"})

    assert receivable.refunds.get().state == "failed"
    assert list(list_failed_refunds()) == []


def test_failed_refund_that_was_requested_needs_an_action():
    refund = request_refund(payment=make_paid_receivable().payments.get(), amount=12_000, reason="Geste")

    fail_refund(refund=refund, reason="IBAN erroné")

    assert list(list_failed_refunds()) == [refund]


def test_undone_return_can_be_recorded_again_for_the_same_reference(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"
    client.post(f"{address}undo/", {"reason": "Doute"})

    client.post(address, {"reference": receivable.reference})

    assert [refund.state for refund in receivable.refunds.order_by("pk")] == ["failed", "done"]
    assert compute_balance(receivable).amount_due == 12_000


def test_debit_of_a_refund_marked_as_failed_can_be_recorded_elsewhere(client, page):
    receivable, other = make_paid_receivable(), make_paid_receivable(reference="OTHER-1")
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"
    fail_refund(refund=receivable.refunds.get(), reason="Erreur")
    client.post(f"{address}undo/", {"reason": "Mauvaise référence"})

    client.post(address, {"reference": other.reference})

    assert compute_balance(receivable).amount_due == 0
    assert compute_balance(other).amount_due == 12_000


def test_requested_refund_is_requested_again_once_its_match_is_undone(client, page):
    receivable = make_paid_receivable()
    refund = request_refund(payment=receivable.payments.get(), amount=12_000, reason="Geste")
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"

    answer = client.post(f"{address}undo/", {"reason": "Autre débit"}, follow=True)

    new = receivable.refunds.exclude(pk=refund.pk).get()
    assert new.state == "requested"
    assert (new.amount, new.reason, new.method) == (refund.amount, refund.reason, refund.method)
    assert "it still has to be sent" in answer.text
    assert not BankLine.objects.get().refund
    assert list(list_failed_refunds()) == []


def test_undone_match_leaves_the_earlier_day_in_the_day_book(client, page):
    receivable = make_paid_receivable()
    refund = request_refund(payment=receivable.payments.get(), amount=12_000, reason="Geste")
    line = import_return(text=receivable.reference)
    earlier = DAY - datetime.timedelta(days=40)
    BankLine.objects.update(booked_on=earlier)
    Refund.objects.update(refunded_on=earlier)

    client.post(f"{BANK}{line.pk}/undo/", {"reason": "Autre débit"})

    refund.refresh_from_db()
    assert refund.cash_movements == [(earlier, 12_000), (timezone.localdate(), -12_000)]


def test_undo_button_is_as_high_as_the_field_of_the_reason(client, page):
    receivable = make_paid_receivable()
    line = import_return(text=receivable.reference)

    tree = html.fromstring(client.get(f"{BANK}{line.pk}/").content)

    assert tree.xpath("//form[contains(@action, '/undo/')]/button/@class") == ["button quiet"]


def test_undoing_a_match_needs_a_reason(client, page):
    receivable = make_paid_receivable()
    address = f"{BANK}{import_return(text=receivable.reference).pk}/"

    answer = client.post(f"{address}undo/", follow=True)

    assert "Enter a reason for undoing the match." in answer.text
    assert receivable.refunds.get().state == "done"


def test_debit_booked_before_the_payment_is_refused(client, page):
    receivable = make_receivable()
    day_after = DAY + datetime.timedelta(days=1)
    record_payment(receivable=receivable, amount=12_000, method="transfer", received_on=day_after)
    address = f"{BANK}{import_return().pk}/"

    answer = client.post(address, {"reference": receivable.reference})

    assert "The payment must have been received by" in answer.text
    assert not receivable.refunds.exists()


def test_debit_booked_before_the_payment_of_a_refund_is_not_matched_to_it(client, page):
    receivable = make_receivable()
    day_after = DAY + datetime.timedelta(days=1)
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer", received_on=day_after)
    refund = request_refund(payment=payment, amount=12_000, reason="Geste")

    import_return(text=receivable.reference)

    refund.refresh_from_db()
    assert refund.state == "requested"
    assert list_match_kinds() == ["unmatched_return"]


def test_debit_of_a_supplier_is_not_to_review(page):
    import_content(camt((-12_000, "Traiteur", "Facture 7", "")))

    assert list_match_kinds() == []
    assert "Any other debit needs no action here." in page(f"{BANK}{BankLine.objects.get().pk}/")


def test_only_the_offered_transfers_are_loaded(client, page):
    for number in range(12):
        make_paid_receivable(reference=f"OTHER-{number}")
    acme = make_paid_receivable(name="Acme Industries")
    line = import_return(text="ACME")
    loaded = []

    def count_payment(sender, **kwargs) -> None:
        loaded.append(sender)

    post_init.connect(count_payment, sender=Payment)
    try:
        candidates = list_return_candidates(line)
    finally:
        post_init.disconnect(count_payment, sender=Payment)

    assert candidates[0].receivable == acme
    assert len(candidates) == MAX_RETURN_CANDIDATES
    assert len(loaded) == MAX_RETURN_CANDIDATES
