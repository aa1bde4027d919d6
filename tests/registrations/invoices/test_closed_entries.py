"""Entries and VAT of a closed period are stored; later changes are booked on the first open day."""

import datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from convention.privacy.erase import execute_erasure
from convention.privacy.models import PrivacyCase
from convention.privacy.registry import describe_retained_documents
from convention.privacy.subjects import find_subject_by_address
from registrations.invoices.accounting.close_period import close_period
from registrations.invoices.accounting.fec_export import render_fec
from registrations.invoices.accounting.journal_entries import build_entries
from registrations.invoices.accounting.vat_report import build_vat_report
from registrations.invoices.documents.issuer import save_issuer
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import link_payout_to_bank_line, record_payment, record_payout
from registrations.invoices.models import ClosedVatAmount, EntryRow, ImmutableRowError, Issuer, Payout
from registrations.invoices.privacy import find_entry_rows_of
from tests.registrations.invoices.factories import make_receivable

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH, APRIL = (datetime.date(2026, month, 10) for month in (2, 3, 4))
LAST_OF_MARCH, FIRST_OF_APRIL = datetime.date(2026, 3, 31), datetime.date(2026, 4, 1)
NEW_YEAR, END_OF_APRIL = datetime.date(2026, 1, 1), datetime.date(2026, 4, 30)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def read_words(text):
    """Return a text with plain spaces between its words."""
    return " ".join(text.split())


def pay(day):
    return record_payment(receivable=make_receivable(), amount=100, method="cash", received_on=day)


def make_owed_since_january(**fields):
    receivable = make_receivable(**fields)
    receivable.charges.update(added_at=timezone.make_aware(datetime.datetime(2026, 1, 5)))
    return receivable


def pay_owed(day, **fields):
    """Record a payment of 120 € for a charge of January that is not invoiced yet."""
    receivable = make_owed_since_january(**fields)
    return record_payment(receivable=receivable, amount=12_000, method="cash", received_on=day)


def change_issuer(**fields):
    issuer = Issuer.get_current()
    for name, value in fields.items():
        setattr(issuer, name, value)
    save_issuer(issuer=issuer, changed_fields=list(fields))
    return issuer


def read_rows(issuer, first=NEW_YEAR, last=END_OF_APRIL):
    return [line.split("\t") for line in render_fec(issuer, first, last).decode().splitlines()[1:]]


def read_sums(rows):
    """Return the cents of each account: debits less credits."""
    sums = {}
    for row in rows:
        debit, credit = (int(cell.replace(",", "")) for cell in row[11:13])
        sums[row[4]] = sums.get(row[4], 0) + debit - credit
    return {account: cents for account, cents in sums.items() if cents}


def compute_sums(issuer, last=END_OF_APRIL):
    """Return the cents of each account by today's data, as if no period had been closed."""
    sums = {}
    for entry in build_entries(issuer, NEW_YEAR, last):
        for side in entry.sides:
            sums[side.account] = sums.get(side.account, 0) + side.amount_cents
    return {account: cents for account, cents in sums.items() if cents}


def compute_vat(first, last):
    return sum(row.vat_cents for row in build_vat_report(first, last, vat_due=Issuer.get_current().vat_due))


@pytest.mark.parametrize("options", [("collection", "debits"), ("debits", "collection")])
def test_another_vat_option_leaves_the_entries_of_a_closed_period(issuer, options):
    change_issuer(vat_due=options[0])
    pay_owed(MARCH)
    pay_owed(datetime.date(2026, 3, 20))
    close_period(last_day=LAST_OF_MARCH)
    before = render_fec(issuer, NEW_YEAR, LAST_OF_MARCH)

    changed = change_issuer(vat_due=options[1])

    assert render_fec(changed, NEW_YEAR, LAST_OF_MARCH) == before


@pytest.mark.parametrize(
    ("options", "closed_vat"), [(("collection", "debits"), 2_000), (("debits", "collection"), 0)]
)
def test_another_vat_option_leaves_the_vat_of_a_closed_period(issuer, options, closed_vat):
    change_issuer(vat_due=options[0])
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    change_issuer(vat_due=options[1])

    assert compute_vat(NEW_YEAR, LAST_OF_MARCH) == closed_vat


@pytest.mark.parametrize(
    ("options", "difference"), [(("collection", "debits"), -2_000), (("debits", "collection"), 2_000)]
)
def test_vat_of_another_option_is_adjusted_on_the_first_open_day(issuer, options, difference):
    change_issuer(vat_due=options[0])
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    changed = change_issuer(vat_due=options[1])

    rows = read_rows(changed, first=FIRST_OF_APRIL)
    assert {(row[0], row[3]) for row in rows} == {("OD", "20260401")}
    assert read_sums(rows) == {"445800": difference, "445710": -difference}
    assert compute_vat(FIRST_OF_APRIL, FIRST_OF_APRIL) == difference


def test_closing_changes_nothing_in_the_file(issuer):
    invoice = issue_invoice(receivable=make_owed_since_january())
    pay_owed(MARCH)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    before = render_fec(issuer, NEW_YEAR, invoice.issued_on)

    close_period(last_day=yesterday)

    assert render_fec(issuer, NEW_YEAR, invoice.issued_on) == before


def test_adjustment_is_stored_with_the_next_period(issuer):
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)
    changed = change_issuer(vat_due="debits")
    may = datetime.date(2026, 5, 31)
    before = render_fec(changed, NEW_YEAR, may)

    close_period(last_day=END_OF_APRIL)

    assert render_fec(changed, NEW_YEAR, may) == before
    assert compute_vat(NEW_YEAR, may) == 0


def test_invoice_on_debits_is_declared_once_after_a_payment_in_a_closed_period(issuer):
    receivable = pay_owed(MARCH).receivable
    close_period(last_day=LAST_OF_MARCH)
    change_issuer(vat_due="debits")

    invoice = issue_invoice(receivable=receivable)

    assert compute_vat(NEW_YEAR, LAST_OF_MARCH) == 2_000
    assert compute_vat(NEW_YEAR, invoice.issued_on) == 2_000


def record_march_payout(payments=()):
    record_payout(external_id="po_1", amount=9_000, arrived_on=MARCH, payments=payments)


def pay_by_card():
    return record_payment(
        receivable=make_receivable(), amount=10_000, method="card", received_on=MARCH, external_id="pi_1"
    )


def test_payments_of_a_payout_known_later_leave_the_entries_of_a_closed_period(issuer):
    payment = pay_by_card()
    record_march_payout()
    before = render_fec(issuer, NEW_YEAR, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    record_march_payout([payment])

    assert render_fec(issuer, NEW_YEAR, LAST_OF_MARCH) == before


def test_payments_of_a_payout_known_later_are_adjusted_on_the_first_open_day(issuer):
    payment = pay_by_card()
    record_march_payout()
    close_period(last_day=LAST_OF_MARCH)

    record_march_payout([payment])

    assert read_sums(read_rows(issuer, first=FIRST_OF_APRIL)) == {"511500": -1_000, "471000": 1_000}


def test_sums_by_account_are_those_of_todays_data(issuer):
    payment = pay_by_card()
    pay_owed(FEBRUARY)
    record_march_payout()
    close_period(last_day=LAST_OF_MARCH)
    record_march_payout([payment])
    pay_owed(APRIL)

    changed = change_issuer(vat_due="debits")

    assert read_sums(read_rows(changed)) == compute_sums(changed)


def test_adjustment_is_the_first_open_entry(issuer):
    pay_owed(MARCH)
    late = pay_owed(datetime.date(2026, 4, 1))
    close_period(last_day=LAST_OF_MARCH)

    changed = change_issuer(vat_due="debits")

    numbers = [(int(row[2]), row[0], row[8]) for row in read_rows(changed, first=FIRST_OF_APRIL)]
    assert list(dict.fromkeys(numbers)) == [(3, "OD", "20260331"), (4, "CA", late.document_reference)]


def test_new_name_of_a_buyer_leaves_the_entries_of_a_closed_period(issuer):
    receivable = pay_owed(MARCH).receivable
    before = render_fec(issuer, NEW_YEAR, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    receivable.name = "Another name"
    receivable.save()

    assert render_fec(issuer, NEW_YEAR, END_OF_APRIL) == before


def test_new_bank_line_of_a_payout_leaves_the_entries_of_a_closed_period(issuer):
    record_march_payout()
    before = render_fec(issuer, NEW_YEAR, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    link_payout_to_bank_line(payout=Payout.objects.get(), bank_line="STRIPE 9000")

    assert render_fec(issuer, NEW_YEAR, END_OF_APRIL) == before


def test_new_account_number_applies_from_the_first_open_day(issuer):
    pay(MARCH)
    close_period(last_day=LAST_OF_MARCH)
    pay(APRIL)

    changed = change_issuer(account_cash="531000")

    cash_accounts = [row[4] for row in read_rows(changed) if row[4].startswith("53")]
    assert cash_accounts == ["530000", "531000"]


def test_accounts_with_the_same_number_need_no_adjustment(issuer):
    changed = change_issuer(account_vat_pending="445710")
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    assert read_rows(changed, first=FIRST_OF_APRIL) == []


def test_numbers_begin_at_one_in_the_year_after_a_closed_one(issuer):
    pay(datetime.date(2025, 12, 10))
    close_period(last_day=datetime.date(2025, 12, 31))
    pay(MARCH)

    assert [row[2] for row in read_rows(issuer)] == ["1", "1"]


@pytest.mark.parametrize("model", [EntryRow, ClosedVatAmount])
def test_models_refuse_to_change_or_delete_closed_entries(issuer, model):
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)
    row = model.objects.first()

    with pytest.raises(ImmutableRowError):
        row.save()
    with pytest.raises(ImmutableRowError):
        row.delete()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices_entryrow SET label = ''",
        "DELETE FROM invoices_entryrow",
        "UPDATE invoices_closedvatamount SET vat = 0",
        "DELETE FROM invoices_closedvatamount",
    ],
)
def test_database_refuses_to_change_or_delete_closed_entries(issuer, statement):
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    with (
        pytest.raises(DatabaseError, match="never changed or removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_person_is_informed_that_closed_entries_name_them(issuer):
    pay_owed(MARCH, email="zoe@firm.example")
    close_period(last_day=LAST_OF_MARCH)

    [sentence] = describe_retained_documents(find_subject_by_address("zoe@firm.example"))

    assert "in this case until 31 December 2036" in read_words(str(sentence))


def test_export_of_personal_data_has_the_closed_entries(issuer):
    pay_owed(MARCH, email="zoe@firm.example")
    pay_owed(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    rows = find_entry_rows_of(find_subject_by_address("zoe@firm.example"))

    # The payment and its VAT, of one receivable of two; the entry of the VAT names nobody.
    assert [row.account for row in rows] == ["530000", "411000"]


def test_erasure_leaves_the_entries_of_a_closed_period(issuer):
    receivable = pay_owed(MARCH, name="Zoé Martin", siren="", email="zoe@firm.example").receivable
    close_period(last_day=LAST_OF_MARCH)
    before = render_fec(issuer, NEW_YEAR, END_OF_APRIL)
    case = PrivacyCase.objects.create(kind="erasure", email="zoe@firm.example", language="en")

    execute_erasure(case=case)

    receivable.refresh_from_db()
    assert receivable.name == ""
    assert render_fec(issuer, NEW_YEAR, END_OF_APRIL) == before
