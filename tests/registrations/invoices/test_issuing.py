"""Issuing invoices, deposit invoices and credit notes."""

import datetime

import pytest
from django.db import DatabaseError, transaction

from registrations.invoices.documents.corrections import correct_invoice
from registrations.invoices.documents.credit_notes import (
    InvalidCredit,
    credit_invoice,
    credit_invoice_amount,
    credit_withdrawn_charges,
)
from registrations.invoices.documents.invoice_writer import MissingIssuer, NothingToIssue
from registrations.invoices.documents.invoiced_balance import build_lines_to_invoice
from registrations.invoices.documents.issuing import (
    InvalidDeposit,
    get_or_issue_invoice,
    issue_deposit_invoice,
    issue_invoice,
)
from registrations.invoices.documents.numbering import (
    InvalidNumberPattern,
    NumberOutOfOrder,
    check_number_pattern,
)
from registrations.invoices.documents.pdf_archive import store_invoice_pdf
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import ChargeItem, withdraw_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import (
    Charge,
    ImmutableRowError,
    Invoice,
    InvoiceLine,
    InvoicePdf,
    Issuer,
    NumberSeries,
    Payment,
)
from registrations.invoices.triggers import list_trigger_names
from tests.registrations.invoices.factories import make_receivable

pytestmark = pytest.mark.django_db
GUESTS = ChargeItem("guest", "Billet Invité", 12_000, 2000, quantity=3)
DINNER = ChargeItem("dinner", "Dîner", 6_600, 1000)
DUES = ChargeItem("dues", "Cotisation", 35_000, 0, exemption="VATEX-EU-132-1L")
DAY = datetime.date(2026, 3, 2)


def test_numbers_are_consecutive_within_series_and_year(issuer):
    first = issue_invoice(receivable=make_receivable(), issued_on=DAY)
    second = issue_invoice(receivable=make_receivable(), issued_on=DAY)
    taken_back = credit_invoice(invoice=first, reason="annulé", issued_on=DAY)

    later = issue_invoice(receivable=make_receivable(), issued_on=datetime.date(2027, 1, 4))

    assert [document.number for document in (first, second, taken_back, later)] == [
        "F2026-000001",
        "F2026-000002",
        "AV2026-000001",
        "F2027-000001",
    ]


def test_invoice_dated_before_last_number_is_refused(issuer):
    issue_invoice(receivable=make_receivable(), issued_on=DAY)

    with pytest.raises(NumberOutOfOrder):
        issue_invoice(receivable=make_receivable(), issued_on=DAY - datetime.timedelta(days=1))
    assert NumberSeries.objects.get().last_number == 1


def test_invoice_freezes_amounts_buyer_and_seller(issuer):
    receivable = make_receivable(GUESTS, DINNER, DUES, name="Société Générale", vat_number="FR59542051180")
    document = issue_invoice(receivable=receivable, issued_on=DAY)

    assert document.net == 71_000
    assert document.vat == 6_600
    assert document.total == 77_600
    assert document.taxes == [
        {"rate": 2000, "net": 30_000, "vat": 6_000, "exemptions": []},
        {"rate": 1000, "net": 6_000, "vat": 600, "exemptions": []},
        {"rate": 0, "net": 35_000, "vat": 0, "exemptions": ["VATEX-EU-132-1L"]},
    ]
    assert document.due_on == datetime.date(2026, 4, 1)

    receivable.name = "Another name"
    receivable.save()

    Issuer.objects.update(legal_name="Another club")

    document.refresh_from_db()
    assert document.buyer["name"] == "Société Générale"
    assert document.seller["legal_name"] == "Club des infrastructures"


def test_each_charge_is_invoiced_once(issuer):
    receivable = make_receivable(GUESTS)
    document = issue_invoice(receivable=receivable)

    with pytest.raises(NothingToIssue):
        issue_invoice(receivable=receivable)
    assert get_or_issue_invoice(receivable) == document


def test_nothing_is_issued_without_issuer(db):
    with pytest.raises(MissingIssuer):
        issue_invoice(receivable=make_receivable())
    assert NumberSeries.objects.count() == 0


def test_deposit_is_deducted_from_invoice(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    deposit = issue_deposit_invoice(receivable=receivable, amount=10_000)

    document = issue_invoice(receivable=receivable)

    assert deposit.kind == "deposit"
    assert deposit.total == 10_000
    assert document.total == 42_600 - 10_000

    deducted = [(line.quantity, line.amount, line.origin.invoice) for line in document.lines.all()[2:]]

    assert deducted == [(-1, -8_451, deposit), (-1, -1_549, deposit)]
    assert deposit.vat == 1_550
    assert document.vat == 5_050


@pytest.mark.parametrize("amount", [0, -1, 42_601])
def test_deposit_must_be_part_of_amount_owed(issuer, amount):
    with pytest.raises(InvalidDeposit):
        issue_deposit_invoice(receivable=make_receivable(GUESTS, DINNER), amount=amount)


def test_second_deposit_is_limited_to_remaining_amount(issuer):
    receivable = make_receivable(GUESTS)
    issue_deposit_invoice(receivable=receivable, amount=30_000)

    with pytest.raises(InvalidDeposit):
        issue_deposit_invoice(receivable=receivable, amount=6_001)

    issue_deposit_invoice(receivable=receivable, amount=6_000)

    assert issue_invoice(receivable=receivable).total == 0


def test_second_deposit_is_limited_after_withdrawal_of_a_charge(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    issue_deposit_invoice(receivable=receivable, amount=10_000)

    withdraw_charges(receivable=receivable, keys=["dinner"])

    with pytest.raises(InvalidDeposit):
        issue_deposit_invoice(receivable=receivable, amount=26_001)

    issue_deposit_invoice(receivable=receivable, amount=26_000)

    assert issue_invoice(receivable=receivable).total == 0


def test_credited_deposit_is_not_deducted_and_deducted_deposit_is_not_credited(issuer):
    receivable = make_receivable(GUESTS)
    gone, kept = (issue_deposit_invoice(receivable=receivable, amount=5_000) for _ in range(2))
    credit_invoice(invoice=gone, reason="erreur")

    document = issue_invoice(receivable=receivable)

    assert document.total == 31_000
    with pytest.raises(InvalidCredit):
        credit_invoice(invoice=kept, reason="erreur")

    credit_invoice(invoice=document, reason="annulé")

    assert credit_invoice(invoice=kept, reason="annulé").total == 5_000
    assert compute_balance(receivable).amount_owed == 0


def test_credited_lines_are_no_longer_owed(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    document = issue_invoice(receivable=receivable)
    dinner = document.lines.get(charge__key="dinner")

    part = credit_invoice(invoice=document, reason="dîner annulé", line_ids=[dinner.pk])

    assert part.total == 6_600
    assert part.origin == document
    assert compute_balance(receivable).amount_owed == 36_000
    with pytest.raises(InvalidCredit):
        credit_invoice(invoice=document, reason="encore", line_ids=[dinner.pk])

    rest = credit_invoice(invoice=document, reason="annulé")

    assert rest.total == 36_000
    assert compute_balance(receivable).amount_owed == 0
    with pytest.raises(InvalidCredit):
        credit_invoice(invoice=document, reason="encore")
    with pytest.raises(InvalidCredit):
        credit_invoice(invoice=rest, reason="un avoir")


def test_discount_is_split_by_vat_rate_and_undone_with_its_invoice(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    document = issue_invoice(receivable=receivable)

    discount = credit_invoice_amount(invoice=document, amount=4_260, reason="geste commercial")

    assert [(line.amount, line.vat_rate) for line in discount.lines.all()] == [(3_600, 2000), (660, 1000)]
    assert compute_balance(receivable).amount_owed == 38_340
    with pytest.raises(InvalidCredit):
        credit_invoice_amount(invoice=document, amount=38_341, reason="trop")

    rest = credit_invoice(invoice=document, reason="annulé")

    assert rest.total == 38_340
    assert compute_balance(receivable).amount_owed == 0
    with pytest.raises(NothingToIssue):
        issue_invoice(receivable=receivable)


@pytest.mark.parametrize(("discount", "left"), [(4_260, 4_260), (40_000, 4_000)])
def test_discount_applies_to_vat_rates_of_remaining_charges(issuer, discount, left):
    receivable = make_receivable(GUESTS, DINNER)
    credit_invoice_amount(
        invoice=issue_invoice(receivable=receivable), amount=discount, reason="geste commercial"
    )
    make_receivable(DINNER, reference=receivable.reference)

    standing = receivable.charges.active().filter(amount__lt=0)

    assert list(standing.values_list("amount", "vat_rate")) == [(-left, 1000)]

    [credited] = credit_withdrawn_charges(receivable=receivable, reason="annulé")
    anew = issue_invoice(receivable=receivable)

    assert credited.total == 42_600 - discount
    assert [(tax["rate"], tax["net"] + tax["vat"]) for tax in anew.taxes] == [(1000, 6_600 - left)]
    assert compute_balance(receivable).amount_owed == 6_600 - left
    assert anew.total == 6_600 - left


def test_discount_is_limited_to_charges_still_owed(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    document = issue_invoice(receivable=receivable)

    withdraw_charges(receivable=receivable, keys=[GUESTS.key])

    with pytest.raises(InvalidCredit):
        credit_invoice_amount(invoice=document, amount=6_601, reason="trop")

    credit_invoice_amount(invoice=document, amount=6_600, reason="geste commercial")

    assert compute_balance(receivable).amount_owed == 0


def test_discount_on_deposit_for_withdrawn_charges_is_refused(issuer):
    receivable = make_receivable(GUESTS)
    deposit = issue_deposit_invoice(receivable=receivable, amount=5_000)

    withdraw_charges(receivable=receivable, keys=[GUESTS.key])

    with pytest.raises(InvalidCredit):
        credit_invoice_amount(invoice=deposit, amount=1, reason="trop")
    assert [charge.total for charge in credit_withdrawn_charges(receivable=receivable, reason="annulé")] == [
        5_000
    ]
    assert compute_balance(receivable).amount_owed == 0


def test_reduced_discount_is_split_by_vat_rate_again(issuer):
    room = ChargeItem("room", "Salle", 12_600, 2000)
    receivable = make_receivable(GUESTS, DINNER, room)
    credit_invoice_amount(
        invoice=issue_invoice(receivable=receivable), amount=48_000, reason="geste commercial"
    )
    make_receivable(DINNER, room, reference=receivable.reference)

    standing = receivable.charges.active().filter(amount__lt=0)

    assert dict(standing.values_list("vat_rate", "amount")) == {1000: -4_125, 2000: -7_875}
    assert compute_balance(receivable).amount_owed == 7_200

    credit_withdrawn_charges(receivable=receivable, reason="annulé")

    assert issue_invoice(receivable=receivable).total == 7_200


def test_discount_never_exceeds_remaining_charges(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    credit_invoice_amount(
        invoice=issue_invoice(receivable=receivable), amount=20_000, reason="geste commercial"
    )
    withdraw_charges(receivable=receivable, keys=[GUESTS.key])

    standing = receivable.charges.active().filter(amount__lt=0)

    assert list(standing.values_list("amount", "vat_rate")) == [(-6_600, 1000)]

    [credited] = credit_withdrawn_charges(receivable=receivable, reason="annulé")

    assert credited.total == 22_600
    assert issue_invoice(receivable=receivable).total == 0
    assert compute_balance(receivable).amount_owed == 0


def test_wrong_buyer_name_is_corrected_by_credit_note_and_new_invoice(issuer):
    receivable = make_receivable(GUESTS, name="Faux nom")
    document = issue_invoice(receivable=receivable)
    credit_invoice_amount(invoice=document, amount=1_000, reason="geste commercial")
    receivable.name = "Vrai nom"
    receivable.save()

    taken_back, anew = correct_invoice(invoice=document, reason="nom corrigé")

    assert taken_back.total == 35_000
    assert taken_back.buyer_name == "Vrai nom"
    assert anew.total == 35_000
    assert anew.buyer_name == "Vrai nom"
    assert compute_balance(receivable).amount_owed == 35_000


def test_charge_withdrawn_after_its_invoice_is_credited(issuer):
    receivable = make_receivable(GUESTS, DINNER)
    document = issue_invoice(receivable=receivable)

    withdraw_charges(receivable=receivable, keys=["dinner"])

    assert build_lines_to_invoice(receivable) == []

    [credited] = credit_withdrawn_charges(receivable=receivable, reason="dîner annulé")

    assert credited.total == 6_600
    assert credited.origin == document
    assert credit_withdrawn_charges(receivable=receivable, reason="encore") == []


def test_invoice_records_amount_paid_before(issuer):
    receivable = make_receivable(GUESTS)
    record_payment(receivable=receivable, amount=40_000, method="card", received_on=DAY)

    document = issue_invoice(receivable=receivable)

    assert document.details["paid"] == 36_000
    assert document.details["paid_on"] == "2026-03-02"


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, InvoicePdf])
def test_models_refuse_to_change_or_delete_issued_rows(issuer, model):
    store_invoice_pdf(issue_invoice(receivable=make_receivable()), b"%PDF-1.7")

    row = model.objects.get()
    with pytest.raises(ImmutableRowError):
        row.save()
    with pytest.raises(ImmutableRowError):
        row.delete()
    with pytest.raises(ImmutableRowError):
        model.objects.filter(pk=row.pk).update(pk=row.pk)
    with pytest.raises(ImmutableRowError):
        model.objects.filter(pk=row.pk).delete()


STATEMENTS = [
    "UPDATE invoices_invoice SET total = 1, net = 1, vat = 0",
    "UPDATE invoices_invoice SET buyer_name = ''",
    "UPDATE invoices_invoiceline SET amount = 1",
    "DELETE FROM invoices_invoiceline",
    "DELETE FROM invoices_invoice",
    "UPDATE invoices_invoicepdf SET created_at = '2020-01-01'",
    "DELETE FROM invoices_invoicepdf",
    "DELETE FROM invoices_payment",
    "DELETE FROM invoices_charge",
    "UPDATE invoices_payment SET amount = 1",
    "UPDATE invoices_charge SET unit_price = 1, amount = 3",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_database_refuses_to_change_or_delete_issued_rows(issuer, statement):
    receivable = make_receivable(GUESTS)
    record_payment(receivable=receivable, amount=100, method="card")
    document = issue_invoice(receivable=receivable)
    store_invoice_pdf(document, b"%PDF-1.7")

    models = (Invoice, InvoiceLine, InvoicePdf, Payment, Charge)

    before = [list(model.objects.values()) for model in models]
    with (
        pytest.raises(DatabaseError, match="never changed or removed"),
        transaction.atomic(),
        transaction.get_connection().cursor() as cursor,
    ):
        cursor.execute(statement)
    assert [list(model.objects.values()) for model in models] == before
    assert [len(rows) for rows in before] == [1, 1, 1, 1, 1]


def test_issued_invoice_accepts_no_further_line(issuer):
    document = issue_invoice(receivable=make_receivable(GUESTS))

    with pytest.raises(DatabaseError, match="no further line"), transaction.atomic():
        InvoiceLine.objects.create(
            invoice=document, position=2, description="x", quantity=1, vat_rate=2000, amount=1, net=1
        )
    assert document.lines.count() == document.line_count == 1


def test_every_trigger_exists_after_migrations(db):
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    connection = transaction.get_connection()

    with connection.cursor() as cursor:
        cursor.execute(catalogue[connection.vendor])
        standing = {name for (name,) in cursor.fetchall()}

    assert set(list_trigger_names()) - standing == set()


@pytest.mark.parametrize(
    "pattern", ["{series}{number}", "{year}-{number}", "F{year}", "{nothing}", "{series", "{number.real}é"]
)
def test_ambiguous_or_malformed_number_pattern_is_refused(pattern):
    with pytest.raises(InvalidNumberPattern):
        check_number_pattern(pattern)


def test_usual_number_patterns_are_accepted():
    check_number_pattern("{series}{year}-{number:06}")
    check_number_pattern("{year}/{series}/{number:04}")
