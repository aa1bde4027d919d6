"""VAT report, journal entries, payouts and day book, over random histories."""

import contextlib
import datetime
import io
import zipfile
from collections import defaultdict
from dataclasses import replace

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convention.errors import ConventionError
from registrations.invoices.accounting.day_book import build_day_book_sheet, build_day_books
from registrations.invoices.accounting.fec_export import FEC_COLUMNS, build_fec_filename, render_fec
from registrations.invoices.accounting.journal_entries import Journal, build_entries, list_foreign_documents
from registrations.invoices.accounting.vat_report import (
    VatReportRow,
    build_vat_report,
    iter_collected_movements,
    iter_vat_movements,
)
from registrations.invoices.documents.corrections import correct_invoice
from registrations.invoices.documents.credit_notes import (
    credit_invoice,
    credit_invoice_amount,
    credit_withdrawn_charges,
)
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import Buyer, ChargeItem, record_charges, withdraw_charges
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.receivable_history import (
    ChargeFact,
    DocumentFact,
    LineFact,
    ReceivableHistory,
)
from registrations.invoices.ledger.refunds import complete_refund, fail_refund, request_refund
from registrations.invoices.models import Issuer, Receivable
from tests.factories import make_event
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.orders import charges

pytestmark = pytest.mark.django_db
STANDARD_RATE = (2000, "")
GUESTS = ChargeItem("guest", "Billet Invité", 12_000, 2000, quantity=3)
DINNER = ChargeItem("dinner", "Dîner", 6_600, 1000)


def day(number: int) -> datetime.date:
    return datetime.date(2026, 3, 1) + datetime.timedelta(days=number)


def charge(
    key: int, amount: int, *, added: int = 0, withdrawn: int | None = None, rate=STANDARD_RATE
) -> ChargeFact:
    return ChargeFact(key, rate, amount, day(added), None if withdrawn is None else day(withdrawn))


def document(on: int, *lines: tuple[int | None, int, int]) -> DocumentFact:
    """Return a document with lines of (charge, gross, net)."""
    return DocumentFact(
        day(on), tuple(LineFact(key, STANDARD_RATE, amount, net) for key, amount, net in lines)
    )


def list_movements(history: ReceivableHistory) -> list[tuple[int, int, int]]:
    """Return day, net and VAT of each movement on collection."""
    return [
        ((move.due_on - day(0)).days, move.net_cents, move.vat_cents)
        for move in iter_collected_movements(history, vat_due="collection")
    ]


def test_vat_on_collection_is_due_with_each_payment():
    history = ReceivableHistory(
        "A", (charge(1, 12_000),), (document(1, (1, 12_000, 10_000)),), ((day(5), 6_000), (day(9), 6_000))
    )
    assert list_movements(history) == [(5, 5_000, 1_000), (9, 5_000, 1_000)]


def test_vat_on_debits_is_due_with_the_invoice_alone():
    issued = replace(document(1, (1, 12_000, 10_000)), vat_due="debits")
    history = ReceivableHistory("A", (charge(1, 12_000),), (issued,), ((day(5), 12_000),))

    found = list(iter_vat_movements([history], vat_due="debits"))

    assert [(move.due_on, move.net_cents, move.vat_cents) for move in found] == [(day(1), 10_000, 2_000)]


@pytest.mark.parametrize("today", ["collection", "debits"])
def test_document_on_debits_is_declared_once_under_either_current_option(today):
    issued = replace(document(1, (1, 12_000, 10_000)), vat_due="debits")
    history = ReceivableHistory("A", (charge(1, 12_000),), (issued,), ((day(5), 12_000),))

    found = list(iter_vat_movements([history], vat_due=today))

    assert [(move.due_on, move.vat_cents) for move in found] == [(day(1), 2_000)]


@pytest.mark.parametrize("today", ["collection", "debits"])
def test_document_on_collection_is_declared_at_payment_under_either_current_option(today):
    issued = document(1, (1, 12_000, 10_000))
    history = ReceivableHistory("A", (charge(1, 12_000),), (issued,), ((day(5), 12_000),))

    found = list(iter_vat_movements([history], vat_due=today))

    assert [(move.due_on, move.vat_cents) for move in found] == [(day(5), 2_000)]


def test_vat_of_payment_before_invoice_stays_due_after_change_to_debits():
    issued = document(7, (1, 12_000, 10_000))
    history = ReceivableHistory("A", (charge(1, 12_000),), (issued,), ((day(3), 12_000),))

    found = list(iter_vat_movements([history], vat_due="debits"))

    assert [(move.due_on, move.vat_cents) for move in found] == [(day(3), 2_000)]


@pytest.mark.parametrize("options", [("collection", "debits"), ("debits", "collection")])
def test_no_vat_is_pending_once_all_is_paid_after_change_of_option(issuer, options):
    on = timezone.localdate()
    Issuer.objects.update(vat_due=options[0])
    first = make_receivable(GUESTS)
    issue_invoice(receivable=first)
    Issuer.objects.update(vat_due=options[1])
    second = make_receivable(DINNER)
    issue_invoice(receivable=second)
    record_payment(receivable=first, amount=36_000, method="transfer", received_on=on)
    record_payment(receivable=second, amount=6_600, method="transfer", received_on=on)
    issuer.refresh_from_db()

    accounts = defaultdict(int)
    for entry in build_entries(issuer, on, on):
        for side in entry.sides:
            accounts[side.account] += side.amount_cents

    assert accounts[issuer.account_vat_pending] == 0
    assert accounts[issuer.account_vat] == -6_600
    assert sum(row.vat_cents for row in build_vat_report(on, on, vat_due=options[1])) == 6_600


def test_credit_note_has_vat_option_of_its_invoice(issuer):
    invoice = issue_invoice(receivable=make_receivable(GUESTS))
    Issuer.objects.update(vat_due="debits")

    credit_note = credit_invoice(invoice=invoice, reason="x")

    assert credit_note.details["vat_due"] == "collection"
    assert "TXD" not in [code for code, _text in credit_note.details["notes"]]


def test_vat_is_due_at_payment_before_invoice():
    history = ReceivableHistory(
        "A", (charge(1, 12_000),), (document(7, (1, 12_000, 10_000)),), ((day(3), 12_000),)
    )
    assert list_movements(history) == [(3, 10_000, 2_000)]


def test_overpayment_owes_no_vat_and_credit_note_reverses_vat():
    history = ReceivableHistory(
        "A",
        (charge(1, 12_000, withdrawn=10),),
        (document(1, (1, 12_000, 10_000)), document(10, (1, -12_000, -10_000))),
        ((day(2), 15_000), (day(11), -15_000)),
    )
    assert list_movements(history) == [(2, 10_000, 2_000), (10, -10_000, -2_000)]


def test_deposit_is_not_counted_twice():
    history = ReceivableHistory(
        "A",
        (charge(1, 12_000),),
        (document(1, (None, 3_000, 2_500)), document(5, (1, 12_000, 10_000), (None, -3_000, -2_500))),
        ((day(2), 3_000), (day(6), 9_000)),
    )
    assert list_movements(history) == [(2, 2_500, 500), (6, 7_500, 1_500)]


def correct_purchase_order(document, number: str, on: datetime.date) -> None:
    document.receivable.purchase_order = number
    document.receivable.save(update_fields=["purchase_order"])
    correct_invoice(invoice=document, reason="x", issued_on=on)


def perform_action(receivable: Receivable, choice: int, amount: int, on: datetime.date) -> None:
    """Perform the action with number `choice`; ignore a refusal."""
    asking = receivable.invoices.exclude(kind="credit_note")
    last, payment = asking.last(), receivable.payments.last()
    paid = {"receivable": receivable, "amount": amount, "received_on": on}
    actions = [
        lambda: issue_invoice(receivable=receivable, issued_on=on),
        lambda: issue_deposit_invoice(receivable=receivable, amount=amount, issued_on=on),
        lambda: record_payment(method="card", fee=amount // 50, **paid),
        lambda: record_payment(method="transfer", **paid),
        lambda: record_payment(
            receivable=receivable,
            amount=max(1, compute_balance(receivable).amount_due),
            method="cash",
            received_on=on,
        ),
        lambda: (
            payment
            and complete_refund(
                refund=request_refund(payment=payment, amount=amount, reason="x"), refunded_on=on
            )
        ),
        lambda: (
            payment and fail_refund(refund=request_refund(payment=payment, amount=9, reason="x"), reason="y")
        ),
        lambda: last and credit_invoice(invoice=last, reason="x", issued_on=on),
        lambda: (
            last and credit_invoice(invoice=last, reason="x", line_ids=[last.lines.first().pk], issued_on=on)
        ),
        lambda: last and credit_invoice_amount(invoice=last, amount=amount, reason="x", issued_on=on),
        lambda: last and correct_purchase_order(last, str(amount), on),
        lambda: withdraw_charges(receivable=receivable, keys=["thing0"]),
        lambda: credit_withdrawn_charges(receivable=receivable, reason="x", issued_on=on),
    ]
    with contextlib.suppress(ConventionError):
        actions[choice % len(actions)]()


OPTIONS = st.tuples(*(st.sampled_from(["collection", "debits"]) for _half in range(2)))
STEPS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12), st.integers(1, 200_000)), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(charges(3), charges(3), STEPS, OPTIONS)
def test_entries_of_any_history_balance(issuer, some, others, steps, options):
    with transaction.atomic():
        require_books(issuer, some, others, steps, options)
        transaction.set_rollback(True)


def act_by_options(both, steps, options):
    """Run the steps, two a day; the option changes after half of them."""
    first = timezone.localdate() + datetime.timedelta(days=1)
    Issuer.objects.update(vat_due=options[0])
    for number, (which, choice, amount) in enumerate(steps):
        if number == len(steps) // 2:
            Issuer.objects.update(vat_due=options[1])
        perform_action(both[which], choice, amount, first + datetime.timedelta(days=number // 2))
    Issuer.objects.update(vat_due=options[1])


def require_books(issuer, some, others, steps, options):
    """Run the steps, half of them by each option, then compare the entries with balances and VAT report."""
    both = [make_receivable(*some), make_receivable(*others)]
    act_by_options(both, steps, options)
    issuer.refresh_from_db()
    last = datetime.date(2200, 1, 1)
    found = build_entries(issuer, datetime.date(2000, 1, 1), last)
    customers, accounts = defaultdict(int), defaultdict(int)
    for entry in found:
        assert entry.is_balanced
        for side in entry.sides:
            accounts[side.account] += side.amount_cents
            if side.receivable:
                customers[side.receivable.reference] += side.amount_cents
    assert sum(accounts.values()) == 0
    for receivable in both:
        invoiced = sum(row.sign * row.total for row in receivable.invoices.all())
        paid, done = compute_balance(receivable).amount_paid, receivable.refunds.filter(state="done")
        assert customers[receivable.reference] == invoiced - paid + sum(row.amount for row in done)
        for document in receivable.invoices.all():
            assert document.total == sum(line.amount for line in document.lines.all())
            assert document.net == sum(line.net for line in document.lines.all())
        assert sum(row.sign * row.total for row in receivable.invoices.all()) >= 0
    due = sum(row.vat_cents for row in build_vat_report(datetime.date(2000, 1, 1), last, vat_due=options[1]))
    assert accounts[issuer.account_vat] == -due
    if options == ("debits", "debits"):
        assert accounts[issuer.account_vat_pending] == 0


def test_no_vat_is_pending_once_all_is_invoiced_and_paid(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    on = timezone.localdate()
    deposit = issue_deposit_invoice(receivable=receivable, amount=1_001)
    record_payment(receivable=receivable, amount=deposit.total, method="card", received_on=on)
    issue_invoice(receivable=receivable)
    for part in (777, 2_003, compute_balance(receivable).amount_due - 2_780):
        record_payment(receivable=receivable, amount=part, method="transfer", received_on=on)
    accounts = defaultdict(int)

    for entry in build_entries(issuer, on, on):
        for side in entry.sides:
            accounts[side.account] += side.amount_cents

    assert {account: amount for account, amount in accounts.items() if amount} == {
        issuer.account_sales: -36_000,
        issuer.account_vat: -6_600,
        issuer.account_processor: 1_001,
        issuer.account_bank: 41_599,
    }
    assert build_vat_report(on, on, vat_due="collection") == [
        VatReportRow(2000, "", 30_000, 6_000),
        VatReportRow(1000, "", 6_000, 600),
    ]


def test_fec_file_has_18_legal_columns(issuer):
    on = timezone.localdate()
    receivable = make_receivable(GUESTS, DINNER, name="Société\tà tabulations")
    document = issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=42_600, method="card", received_on=on, fee=640)

    rows = [line.split("\t") for line in render_fec(issuer, on, on).decode().splitlines()]

    assert rows[0] == list(FEC_COLUMNS)
    assert {len(row) for row in rows} == {18}

    sales = [row for row in rows if row[0] == "VE"]

    assert [(row[4], row[6], row[7], row[11], row[12]) for row in sales] == [
        ("411000", receivable.reference, "Société à tabulations", "426,00", "0,00"),
        ("706000", "", "", "0,00", "360,00"),
        ("445800", "", "", "0,00", "60,00"),
        ("445800", "", "", "0,00", "6,00"),
    ]
    assert {row[5] for row in sales} == {
        "Clients",
        "Prestations de services",
        "TVA en attente d’encaissement",
    }
    assert {(row[8], row[3]) for row in sales} == {(document.number, f"{on:%Y%m%d}")}
    assert [int(number) for number in dict.fromkeys(row[2] for row in rows[1:])] == [1, 2, 3, 4]
    assert build_fec_filename(issuer, datetime.date(2026, 12, 31)) == "732829320FEC20261231.txt"


def test_payout_moves_lump_sum_to_bank_account(issuer):
    on = timezone.localdate()
    receivable = make_receivable(GUESTS)
    first, second = (
        record_payment(receivable=receivable, amount=18_000, method="card", received_on=on, fee=270)
        for _ in range(2)
    )
    gone = request_refund(payment=second, amount=1_000, reason="geste")
    complete_refund(refund=gone, refunded_on=on)
    record_payout(external_id="po_1", amount=34_460, arrived_on=on, payments=[first, second], refunds=[gone])
    record_payout(external_id="po_2", amount=500, arrived_on=on)

    [known, unknown] = [entry for entry in build_entries(issuer, on, on) if entry.journal is Journal.BANK]

    assert [(side.account, side.amount_cents) for side in known.sides] == [
        ("512000", 34_460),
        ("511500", -34_460),
    ]
    assert [(side.account, side.amount_cents) for side in unknown.sides] == [
        ("512000", 500),
        ("511500", -500),
    ]


def test_unexplained_payout_difference_goes_to_suspense_account(issuer):
    on = timezone.localdate()
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="card", fee=200)
    record_payout(external_id="po_1", amount=11_000, arrived_on=on, payments=[payment])

    [bank] = [entry for entry in build_entries(issuer, on, on) if entry.journal is Journal.BANK]

    assert [(side.account, side.amount_cents) for side in bank.sides] == [
        ("512000", 11_000),
        ("511500", -11_800),
        ("471000", 800),
    ]


def test_day_book_shows_amounts_by_payment_method(issuer):
    on = timezone.localdate()
    event = make_event()
    receivable = make_receivable(GUESTS, event=event)
    issue_invoice(receivable=receivable)
    payment = record_payment(receivable=receivable, amount=36_000, method="card", received_on=on, fee=540)
    complete_refund(refund=request_refund(payment=payment, amount=1_000, reason="geste"), refunded_on=on)
    record_payment(receivable=make_receivable(), amount=5, method="cash", received_on=on)

    [book] = build_day_books(event)

    assert book.methods == ["card"]
    assert len(book.rows) == 1
    total = book.total
    assert total.invoiced_cents == 36_000
    assert total.collected_by_method["card"] == 36_000
    assert total.refunded_by_method["card"] == 1_000
    assert total.fee_cents == 540
    assert total.net_cents == 34_460


def test_other_currencies_are_excluded_from_books_and_listed(issuer, treasurer):
    on = timezone.localdate()
    francs = record_charges(
        reference="FRANCS", buyer=Buyer(name="Helvetia", country="CH"), items=[GUESTS], currency="CHF"
    )
    record_payment(receivable=francs, amount=36_000, method="transfer", received_on=on)

    record_payout(external_id="po_chf", amount=500, arrived_on=on, currency="CHF")

    assert build_entries(issuer, on, on) == []
    assert build_vat_report(on, on, vat_due="collection") == []
    assert list_foreign_documents(on, on) == ["FRANCS (CHF)", "po_chf (CHF)"]

    page = treasurer.get(reverse("accounting"), {"first": on, "last": on})

    assert "FRANCS (CHF), po_chf (CHF)" in page.text
    assert len(render_fec(issuer, on, on).splitlines()) == 1


def test_fec_download_includes_note_on_excluded_documents(issuer, treasurer):
    on = timezone.localdate()
    period = {"first": on, "last": on}
    record_payment(receivable=make_receivable(), amount=12_000, method="transfer", received_on=on)

    alone = treasurer.get(reverse("accounting-fec"), period)

    assert alone["Content-Type"] == "text/plain; charset=utf-8"

    record_payout(external_id="po_chf", amount=500, arrived_on=on, currency="CHF")
    answer = treasurer.get(reverse("accounting-fec"), period)

    name = f"732829320FEC{on:%Y%m%d}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.zip"'

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"{name}.txt", "hors-ecritures.txt"]
        assert archive.read(f"{name}.txt") == alone.content
        said = archive.read("hors-ecritures.txt").decode().splitlines()

    assert said[0][:37] == "La comptabilité est tenue en euros. L"
    assert said[2:] == ["po_chf (CHF)"]
    assert "une note sur ce qui n’y figure pas" in treasurer.get(reverse("accounting"), period).text


def test_day_book_does_not_mix_currencies(issuer, treasurer):
    on, event = timezone.localdate(), make_event()
    record_payment(
        receivable=make_receivable(GUESTS, event=event), amount=36_000, method="card", received_on=on
    )

    assert [book.currency for book in build_day_books(event)] == ["EUR"]

    francs = record_charges(
        reference="FRANCS", buyer=Buyer(name="Helvetia", country="CH"), items=[GUESTS], currency="CHF",
        event=event,
    )  # fmt: skip
    record_payment(receivable=francs, amount=10_000, method="transfer", received_on=on)

    books = build_day_books(event)

    assert [(book.currency, book.total.net_cents) for book in books] == [("EUR", 36_000), ("CHF", 10_000)]

    sheet = build_day_book_sheet(books)

    assert [(row[0], row[-2], row[-1]) for row in sheet.rows] == [(on, 360, "EUR"), (on, 100, "CHF")]
    page = treasurer.get(reverse("day-book", args=[event.slug])).text
    assert "La comptabilité est tenue en euros." in page
    assert "100,00\xa0CHF" in page


def test_simulated_payment_has_separate_journal(issuer):
    on = timezone.localdate()
    record_payment(receivable=make_receivable(), amount=12_000, method="test", received_on=on)

    [entry] = [one for one in build_entries(issuer, on, on) if one.journal is not Journal.VAT]

    assert entry.journal.value == ("ES", "Paiements d’essai, sans argent")
    assert [(side.account, side.amount_cents) for side in entry.sides] == [
        ("471000", 12_000),
        ("411000", -12_000),
    ]


def test_transfer_that_refunds_a_card_payment_is_booked_at_the_bank(issuer):
    on = timezone.localdate()
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="card")
    refund = request_refund(payment=payment, amount=12_000, reason="Carte expirée", method="transfer")
    complete_refund(refund=refund)

    entries = build_entries(issuer, on, on)

    [entry] = [entry for entry in entries if entry.journal == Journal.BANK]
    assert [side.amount_cents for side in entry.sides if side.account == issuer.account_bank] == [-12_000]
