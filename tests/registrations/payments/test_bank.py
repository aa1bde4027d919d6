"""Bank statements: read, stored once, matched, assigned, undone."""

import hashlib

import pytest

from convention.audit.models import AuditEntry as Trace
from convention.errors import UnreadableFile
from convention.money import format_creditor_reference
from registrations.billing.receivables import sync_receivable
from registrations.booking.confirm import confirm_or_notify
from registrations.changes.cancel import cancel_registration
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.refunds import complete_refund, fail_refund, request_refund
from registrations.invoices.models import Payment, Payout, Refund
from registrations.models import Order
from registrations.payments.bank.assignments import (
    InvalidAssignment,
    assign_line,
    ignore_line,
    reopen_line,
    undo_assignment,
)
from registrations.payments.bank.csv_columns import parse_cents
from registrations.payments.bank.csv_reader import InvalidLines
from registrations.payments.bank.import_statement import import_statement, preview_statement
from registrations.payments.bank.matching import (
    BankLineFacts,
    MatchKind,
    PayableIndex,
    PayableItem,
    match_line,
)
from registrations.payments.bank.payables import match_lines
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.bank.statement_lines import StatementEntry, StatementFile
from registrations.payments.models import BankLine, BankStatement
from registrations.payments.payment_problems import list_failed_refunds
from registrations.periodic_jobs import release_expired_holds
from tests.registrations.payments.factories import expire_holds, get_balance_cents, list_states, order_by_card
from tests.registrations.payments.statements import ACCOUNT, BOOKED_ON, camt, csv_file

pytestmark = pytest.mark.django_db

DAY = BOOKED_ON


def place_invoice_order(event, **fields):
    """Place an order on invoice of 120 euros."""
    return order_by_card(event, payment="invoice", **fields)


def import_lines(*lines, **options):
    return import_statement(file=read_statement("releve.xml", camt(*lines, **options)))


def list_match_kinds():
    """Return the match kinds of the lines to decide, the oldest first."""
    return [
        found.kind.value for _line, found in reversed(match_lines(list(BankLine.objects.needing_decision())))
    ]


# --- formats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
def test_camt_is_read_in_each_version(version):
    content = camt(
        (12_000, "Acme", "Merci", "RF45 7KQ2 M9XD"), (-500, "Banque", "Frais", ""), version=version
    )
    file = read_statement("x.xml", content)
    assert file.account == "FR1420041010050500013M02606"
    assert [(e.amount_cents, e.counterparty, e.text, e.reference, e.booked_on) for e in file.entries] == [
        (12_000, "Acme", "Merci", "RF45 7KQ2 M9XD", DAY),
        (-500, "Banque", "Frais", "", DAY),
    ]


def test_camt_batch_is_split_and_pending_entry_ignored():
    content = camt((12_000, "Acme", "a", ""), (3_000, "Bolt", "b", ""), together=True, pending=True)
    assert [entry.amount_cents for entry in read_statement("x.xml", content).entries] == [12_000, 3_000]


XXE_STATEMENT = b"""<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><x>&x;</x></Document>"""


@pytest.mark.parametrize(
    "content",
    [
        XXE_STATEMENT,
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><broken>",
        b"<html>camt.05</html>",
        b"<Document/>",
        b"",
        b"\x00\x01",
        b"a;b\n1;2\n",
        camt((12_000, "Acme", "x", "")).replace(f"<BookgDt><Dt>{DAY}</Dt></BookgDt>".encode(), b""),
        camt((12_000, "Acme", "x", "")).replace(b">120.00<", b">NaN<"),
    ],
    ids=range(9),
)
def test_file_that_is_no_statement_is_refused(content):
    with pytest.raises(UnreadableFile):
        read_statement("x.xml", content)


def test_csv_with_debit_and_credit_columns_is_read():
    content = csv_file(
        "Compte;FR14 2004 1010 0505 0001 3M02 606",
        "",
        "Date opération;Libellé;Débit;Crédit;Devise",
        "01/03/2027;VIR SEPA ACMÉ RF45 7KQ2 M9XD;;1 234,56;EUR",
        "02/03/2027;FRAIS DE TENUE DE COMPTE;-12,00;;EUR",
        ";;;;",
    )
    assert [
        (e.amount_cents, e.text, e.booked_on.day) for e in read_statement("releve.csv", content).entries
    ] == [
        (123_456, "VIR SEPA ACMÉ RF45 7KQ2 M9XD", 1),
        (-1_200, "FRAIS DE TENUE DE COMPTE", 2),
    ]


def test_csv_is_read_with_given_columns():
    content = csv_file("Tag,Betrag,Text", "2027-03-01,120.00,x")
    with pytest.raises(UnreadableFile):
        read_statement("x.csv", content)
    file = read_statement("x.csv", content, {"date": "Tag", "amount": "Betrag"})
    assert [entry.amount_cents for entry in file.entries] == [12_000]


def test_each_invalid_csv_line_is_reported():
    content = csv_file("Date;Montant;Libellé", "31/02/2027;12,00;x", "01/03/2027;beaucoup;x", "01/03/2027;;x")
    with pytest.raises(InvalidLines) as refusal:
        read_statement("x.csv", content)
    assert [number for number, _sentence in refusal.value.rows] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("120", 12_000), ("120,5", 12_050), ("1 234,56", 123_456), ("1.234,56", 123_456),
        ("1,234.56", 123_456), ("-12,00", -1_200), ("+3.00", 300), ("1\u202f234,00 €", 123_400),
        ("\u22125,00", -500), ("1.234", 123_400),
    ],
)  # fmt: skip
def test_bank_amount_formats_are_parsed(text, cents):
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["12,34,56", "1 2345,00", "1.234.50", "12,3456", "", "1" * 13])
def test_invalid_amount_is_refused(text):
    with pytest.raises(ValueError, match="montant"):
        parse_cents(text)


# --- matching, pure -----------------------------------------------------------------------------------------

ACME = PayableItem("7KQ2M9XD", "Acme Industries SAS", 12_000, document_numbers=("F2027-000012",))
BOLT = PayableItem("7KQ2ZZZZ", "Bolt", 12_000)
INDEX = PayableIndex.build_index(
    [ACME, BOLT, PayableItem("PAIDPAID", "Cobalt", 0, was_paid=True), PayableItem("GONEGONE", "Delta", 0)]
)


@pytest.mark.parametrize(
    ("words", "party", "amount", "said"),
    [
        ("RF45 7KQ2 M9XD", "", 12_000, ("exact", "7KQ2M9XD")),
        ("VIR RF457KQ2M9XD/ACME", "", 12_000, ("exact", "7KQ2M9XD")),
        ("commande 7kq2 m9xd merci", "", 12_000, ("exact", "7KQ2M9XD")),
        ("7KQ2-M9XD", "", 11_999, ("underpaid", "7KQ2M9XD")),
        ("7KQ2M9XD", "", 12_001, ("overpaid", "7KQ2M9XD")),
        ("RF45 7KQ2 M9", "", 12_000, ("exact", "7KQ2M9XD")),
        ("RF45 7KQ2", "Z", 12_000, ("unknown", "")),
        ("facture F2027-000012", "", 12_000, ("exact", "7KQ2M9XD")),
        ("Facture F2027 000012", "", 5_000, ("underpaid", "7KQ2M9XD")),
        ("merci", "ACME INDUSTRIES", 12_000, ("proposal", "7KQ2M9XD")),
        ("merci", "ACME INDUSTRIES", 12_100, ("unknown", "")),
        ("merci", "SAS", 12_000, ("unknown", "")),
        ("PAIDPAID", "", 12_000, ("already_paid", "PAIDPAID")),
        ("GONEGONE", "", 12_000, ("no_longer_due", "GONEGONE")),
        ("7KQ2M9XD 7KQ2ZZZZ", "", 24_000, ("exact", "7KQ2M9XD")),
        ("7KQ2M9XD 7KQ2ZZZZ", "", 12_000, ("several_references", "7KQ2M9XD")),
    ],
)
def test_line_is_matched_to_payable(words, party, amount, said):
    found = match_line(
        BankLineFacts(amount_cents=amount, payer_text=words, counterparty=party, booked_on=DAY), INDEX
    )
    assert (found.kind.value, found.reference) == said


# --- importing ---------------------------------------------------------------------------------------


def test_exact_amount_with_reference_is_assigned_automatically(event):
    order = place_invoice_order(event)
    done = import_lines((12_000, "Acme", "", order.creditor_reference))
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    payment = Payment.objects.get()
    assert (payment.method, payment.received_on) == ("transfer", DAY)
    assert (len(done.matches), done.known_count, done.count_kinds(MatchKind.EXACT)) == (1, 0, 1)
    assert list_match_kinds() == []


def test_repeated_or_overlapping_import_adds_only_new_lines(event):
    order = place_invoice_order(event)
    line = (12_000, "Acme", "", order.creditor_reference)
    import_lines(line)
    assert import_lines(line).known_count == 1
    done = import_lines(line, (500, "Bolt", "inconnu", ""))
    assert (done.known_count, len(done.matches)) == (1, 1)
    assert BankStatement.objects.count() == 2
    assert get_balance_cents(order) == (12_000, 12_000, 0)


def test_two_equal_payments_on_one_day_are_both_stored(event):
    row = f"{DAY:%d/%m/%Y};120,00;VIR ACME"
    content = csv_file("Date;Montant;Libellé", row, row)
    import_statement(file=read_statement("a.csv", content))
    assert BankLine.objects.count() == 2
    import_statement(file=read_statement("b.csv", content))
    assert BankLine.objects.count() == 2


@pytest.mark.parametrize("former", [("", "0"), (ACCOUNT,), ("",)], ids=["account", "count", "both"])
def test_line_stored_with_former_fingerprint_is_recognized(event, former):
    """Former fingerprints had no account, and no count for lines with a bank id."""
    account, *count = former
    bank_id = "" if count else "B-7"
    told = StatementEntry(DAY, 12_000, counterparty="Acme", bank_id=bank_id, account=ACCOUNT)
    other = StatementEntry(DAY, 12_000, counterparty="Acme", bank_id=bank_id, account="FR76")
    import_statement(file=StatementFile("old.xml", "", [told]))
    said = [account, DAY.isoformat(), "12000", "EUR", *([bank_id] if bank_id else ["Acme", "", ""]), *count]
    BankLine.objects.update(fingerprint=hashlib.sha256("\x1f".join(said).encode()).hexdigest())
    assert import_statement(file=StatementFile("new.xml", "", [told])).known_count == 1
    done = import_statement(file=StatementFile("both.xml", "", [told, other]))
    assert (done.known_count, BankLine.objects.count()) == (1, 2)
    assert import_statement(file=StatementFile("both.xml", "", [told, other])).known_count == 2


def test_preview_stores_nothing(event):
    order = place_invoice_order(event)
    content = camt((12_000, "Acme", "", order.creditor_reference))
    done = preview_statement(file=read_statement("x.xml", content))
    assert [found.kind.value for _line, found in done.matches] == ["exact"]
    assert (BankLine.objects.count(), Payment.objects.count(), BankStatement.objects.count()) == (0, 0, 0)


def test_lines_needing_decision_are_listed(event):
    little, twice, gone = (
        place_invoice_order(event),
        place_invoice_order(event),
        order_by_card(raise_ticket_capacity(event)),
    )
    import_lines((12_000, "Acme", "", twice.creditor_reference))
    expire_holds(gone)
    release_expired_holds()
    import_lines(
        (11_000, "Acme", "", little.creditor_reference),
        (12_000, "Acme", "encore", twice.creditor_reference),
        (12_000, "Acme", "", gone.creditor_reference),
        (700, "Inconnue", "?", ""),
    )
    assert sorted(list_match_kinds()) == ["already_paid", "no_longer_due", "underpaid", "unknown"]


def raise_ticket_capacity(event):
    event.tickets.update(capacity=5)
    return event


def test_transfer_in_time_confirms_card_order(event):
    order = order_by_card(event)
    import_lines((12_000, "Acme", "", order.creditor_reference))
    assert list_states(order) == ["confirmed"]


def test_late_transfer_takes_place_if_one_is_left(event):
    order = order_by_card(event)
    expire_holds(order)
    release_expired_holds()
    import_lines((12_000, "Acme", "", order.creditor_reference))
    assert list_match_kinds() == ["no_longer_due"]
    assign_line(line=BankLine.objects.get(), reference=order.reference, amount=12_000)
    assert list_states(order) == ["confirmed"]
    assert list_match_kinds() == []


def test_overpayment_is_assigned_and_refund_completed_by_statement(event):
    order = place_invoice_order(event)
    import_lines((15_000, "Acme", "", order.creditor_reference))
    assert list_match_kinds() == ["overpaid"]
    assignment = assign_line(line=BankLine.objects.get(), reference=order.reference, amount=15_000)
    assert get_balance_cents(order) == (12_000, 15_000, 0)
    request_refund(payment=assignment.payment, amount=3_000, reason="Trop payé")
    import_lines((-3_000, "Acme", f"Remboursement {order.reference}", ""))
    assert Refund.objects.get().state == "done"
    assert get_balance_cents(order) == (12_000, 15_000, 3_000)


def cancel_places(event, *, count: int):
    """Have an order of three places paid by one transfer, and cancel some of them."""
    event.tickets.update(capacity=3)
    order = place_invoice_order(event, people=3)
    import_lines((36_000, "Acme", "", order.creditor_reference))
    for registration in order.registrations.all()[:count]:
        cancel_registration(registration=registration)
    return order


def import_refund(order, text="Remboursement"):
    import_lines((-12_000, "Acme", f"{text} {order.reference}", ""))


def test_refund_marked_as_done_is_found_on_statement(event):
    order = cancel_places(event, count=1)
    refund = Refund.objects.get()
    complete_refund(refund=refund)

    import_refund(order)

    assert get_balance_cents(order) == (24_000, 36_000, 12_000)
    assert BankLine.objects.get(amount=-12_000).refund == refund


def test_cancelled_assignment_does_not_hide_a_returned_transfer(event):
    order = place_invoice_order(event)
    import_lines((12_000, "Acme", "", order.creditor_reference))
    line = BankLine.objects.get()
    undo_assignment(assignment=line.assignments.get(), reason="Erreur")
    assign_line(line=line, reference=order.reference, amount=12_000)

    import_refund(order)

    assert get_balance_cents(order) == (12_000, 24_000, 24_000)


def test_equal_refunds_are_completed_one_by_one(event):
    order = cancel_places(event, count=2)

    import_refund(order, "Premier")

    assert list(Refund.objects.order_by("pk").values_list("state", flat=True)) == ["done", "requested"]

    import_refund(order, "Second")

    assert list(Refund.objects.values_list("state", flat=True)) == ["done", "done"]
    assert get_balance_cents(order) == (12_000, 36_000, 24_000)


@pytest.fixture
def failed_card_refund(event):
    """Fail the refund of a cancelled place of 120 euros that was paid by card."""
    order = order_by_card(event)
    receivable = sync_receivable(order)
    record_payment(receivable=receivable, amount=12_000, method="card", external_id="pi_1")
    confirm_or_notify(order=order)
    cancel_registration(registration=order.registrations.get())
    refund = Refund.objects.get()
    fail_refund(refund=refund, reason="expired card")
    return refund


def test_debit_returns_what_was_overpaid_by_card(failed_card_refund):
    order = Order.objects.get()

    import_refund(order)

    assert Refund.objects.exclude(pk=failed_card_refund.pk).get().method == "transfer"
    assert get_balance_cents(order) == (0, 12_000, 12_000)
    assert not list_failed_refunds()


def test_debit_completes_requested_transfer_of_card_payment(failed_card_refund):
    order = Order.objects.get()
    refund = request_refund(
        payment=failed_card_refund.payment, amount=12_000, reason="Carte expirée", method="transfer"
    )

    import_refund(order)

    refund.refresh_from_db()
    assert refund.state == "done"
    assert get_balance_cents(order) == (0, 12_000, 12_000)


def test_debit_does_not_return_a_card_payment_that_is_owed(event):
    order = order_by_card(event)
    record_payment(receivable=sync_receivable(order), amount=12_000, method="card", external_id="pi_1")

    import_refund(order)

    assert get_balance_cents(order) == (12_000, 12_000, 0)


def test_another_debit_after_known_refunds_is_a_returned_transfer(event):
    order = cancel_places(event, count=1)
    import_refund(order, "Premier")

    import_refund(order, "Second")

    assert get_balance_cents(order) == (24_000, 36_000, 24_000)


def test_one_transfer_is_assigned_to_two_orders(event):
    one, other = place_invoice_order(event), place_invoice_order(event)
    import_lines((24_001, "Acme", f"{one.reference} et {other.reference}", ""))
    line = BankLine.objects.get()
    for order in (one, other):
        assert list_match_kinds() == ["several_references"]
        assign_line(line=line, reference=order.reference, amount=12_000)
    with pytest.raises(InvalidAssignment):
        assign_line(line=line, reference=one.reference, amount=2)


def test_a_wrong_assignment_is_undone_by_a_counter_entry(event):
    wrong, right = place_invoice_order(event), place_invoice_order(event)
    import_lines((12_000, "Acme", "", wrong.creditor_reference))
    assignment = BankLine.objects.get().assignments.get()
    undo_assignment(assignment=assignment, reason="Autre commande")
    assert get_balance_cents(wrong) == (12_000, 12_000, 12_000)
    assign_line(line=assignment.line, reference=right.reference, amount=12_000)
    assert get_balance_cents(right) == (12_000, 12_000, 0)
    assert Payment.objects.count() == 2
    with pytest.raises(InvalidAssignment):
        undo_assignment(assignment=assignment, reason="encore")


def test_line_is_set_aside_and_reopened(event):
    import_lines((700, "Inconnue", "?", ""))
    line = BankLine.objects.get()
    ignore_line(line=line, reason="Subvention")
    assert list_match_kinds() == []
    reopen_line(line=line)
    assert list_match_kinds() == ["unknown"]


def test_payout_is_matched_to_line_of_same_amount(event):
    record_payout(external_id="po_1", amount=9_795, arrived_on=DAY)
    import_lines((9_795, "STRIPE TECHNOLOGY EUROPE LTD", "STRIPE PAYOUT", ""), (9_795, "Acme", "x", ""))
    payout = Payout.objects.get()
    assert BankLine.objects.get(payout=payout).counterparty.startswith("STRIPE")
    assert payout.bank_line == f"{DAY} STRIPE TECHNOLOGY EUROPE LTD STRIPE PAYOUT"
    assert list_match_kinds() == ["unknown"]


def test_transfer_for_cancelled_order_is_late(event):
    order = place_invoice_order(event)
    sync_receivable(order)
    cancel_registration(registration=order.registrations.get())
    import_lines((12_000, "Acme", "", order.creditor_reference))
    assert list_match_kinds() == ["no_longer_due"]


def test_audit_trail_records_each_step_without_values(event):
    order = place_invoice_order(event)
    import_lines((12_000, "Acme Secret", "", order.creditor_reference), (700, "Inconnue", "?", ""))
    undo_assignment(assignment=BankLine.objects.get(amount=12_000).assignments.get(), reason="Erreur")
    ignore_line(line=BankLine.objects.get(amount=700), reason="Subvention")
    verbs = set(Trace.objects.filter(verb__startswith="bank.").values_list("verb", flat=True))
    assert verbs == {"bank.import", "bank.assign", "bank.undo", "bank.ignore"}
    assert "Secret" not in str(list(Trace.objects.values("fields", "subject")))


def test_bank_import_command_previews_and_imports(event, manage_here, tmp_path):
    order = place_invoice_order(event)
    path = tmp_path / "releve.xml"
    path.write_bytes(camt((12_000, "Acme", "", order.creditor_reference)))
    said = (
        "New lines: 1. Already imported: 0. Matched to amounts due: 1. "
        "Matched to Stripe payouts: 0. Refunds and other debits: 0. To review: 0.\n"
    )
    assert manage_here("bank_import", str(path), "--dry-run") == (0, said)
    assert Payment.objects.count() == 0
    assert manage_here("bank_import", str(path)) == (0, said)
    assert get_balance_cents(order) == (12_000, 12_000, 0)


@pytest.mark.parametrize("arguments", [("nowhere.csv",), ("x.csv", "--column", "day")])
def test_bank_import_command_refuses_bad_input(db, manage_here, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a;b\n")
    assert manage_here("bank_import", *arguments)[0] == 2


def test_creditor_reference_is_formatted():
    assert format_creditor_reference("7KQ2M9XD") == "RF45 7KQ2 M9XD"
