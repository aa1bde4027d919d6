"""Closed periods: entries keep their numbers; what is recorded later is booked on the first open day."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields
from registrations.invoices.accounting.close_period import close_period
from registrations.invoices.accounting.day_book import build_day_books
from registrations.invoices.accounting.exported_months import list_period_warnings, record_export
from registrations.invoices.accounting.fec_export import render_fec
from registrations.invoices.accounting.journal_entries import list_foreign_documents
from registrations.invoices.accounting.vat_report import build_vat_report
from registrations.invoices.documents.issuer import save_issuer
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.refunds import complete_refund, request_refund
from registrations.invoices.models import Issuer
from registrations.payments.cards.gateway import PayoutFacts, PayoutLineFacts
from registrations.payments.cards.payouts import save_payout
from tests.factories import make_event
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FEBRUARY, MARCH, APRIL = (datetime.date(2026, month, 10) for month in (2, 3, 4))
LAST_OF_MARCH, FIRST_OF_APRIL = datetime.date(2026, 3, 31), datetime.date(2026, 4, 1)
NEW_YEAR, END_OF_APRIL = datetime.date(2026, 1, 1), datetime.date(2026, 4, 30)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def read_entries(issuer, last=END_OF_APRIL):
    """Return number, day and day of the document of each entry of the year, by its document."""
    rows = [line.split("\t") for line in render_fec(issuer, NEW_YEAR, last).decode().splitlines()[1:]]
    return {row[8]: (int(row[2]), row[3], row[9]) for row in rows if row[0] in ("CA", "BQ")}


def read_words(text):
    """Return a text with plain spaces between its words."""
    return " ".join(text.split())


def pay(day, amount=100, method="cash"):
    return record_payment(receivable=make_receivable(), amount=amount, method=method, received_on=day)


def test_late_payment_leaves_the_numbers_of_a_closed_period(issuer):
    pay(MARCH)
    before = read_entries(issuer, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    pay(FEBRUARY)

    assert read_entries(issuer, LAST_OF_MARCH) == before


def test_late_payment_is_booked_on_the_first_open_day_with_its_own_document_day(issuer):
    pay(MARCH)
    close_period(last_day=LAST_OF_MARCH)

    late = pay(FEBRUARY)

    assert read_entries(issuer)[late.document_reference] == (2, "20260401", "20260210")


def test_payment_in_an_open_period_is_booked_on_its_day(issuer):
    close_period(last_day=LAST_OF_MARCH)

    payment = pay(APRIL)

    assert payment.booked_on is None
    assert read_entries(issuer)[payment.document_reference] == (1, "20260410", "20260410")


def test_late_payment_is_in_the_day_book_on_the_first_open_day(issuer):
    event = make_event()
    close_period(last_day=LAST_OF_MARCH)
    receivable = make_receivable(event=event)

    record_payment(receivable=receivable, amount=100, method="cash", received_on=MARCH)

    [book] = build_day_books(event)
    assert [(row.day, dict(row.collected_by_method)) for row in book.rows] == [
        (FIRST_OF_APRIL, {"cash": 100})
    ]


def test_late_refund_is_in_the_day_book_on_the_first_open_day(issuer):
    event = make_event()
    payment = record_payment(
        receivable=make_receivable(event=event), amount=100, method="cash", received_on=FEBRUARY
    )
    refund = request_refund(payment=payment, amount=50, reason="geste")
    close_period(last_day=LAST_OF_MARCH)

    complete_refund(refund=refund, refunded_on=MARCH)

    [book] = build_day_books(event)
    assert [row.day for row in book.rows] == [FEBRUARY, FIRST_OF_APRIL]


def test_late_movements_in_another_currency_are_listed_on_the_first_open_day(issuer):
    close_period(last_day=LAST_OF_MARCH)

    record_payout(external_id="po_chf", amount=1_000, arrived_on=MARCH, currency="CHF")

    assert list_foreign_documents(NEW_YEAR, LAST_OF_MARCH) == []
    assert list_foreign_documents(FIRST_OF_APRIL, END_OF_APRIL) == ["po_chf (CHF)"]


def test_without_a_closed_period_payments_are_booked_on_their_day(issuer):
    payment = pay(FEBRUARY)

    assert payment.booking_day == FEBRUARY


def test_late_refund_is_booked_on_the_first_open_day(issuer):
    refund = request_refund(payment=pay(FEBRUARY), amount=50, reason="geste")
    close_period(last_day=LAST_OF_MARCH)

    complete_refund(refund=refund, refunded_on=MARCH)

    assert refund.refunded_on == MARCH
    assert read_entries(issuer)[refund.document_reference] == (2, "20260401", "20260310")


def test_late_payout_is_booked_on_the_first_open_day(issuer):
    close_period(last_day=LAST_OF_MARCH)

    record_payout(external_id="po_1", amount=1_000, arrived_on=MARCH)

    assert read_entries(issuer)["po_1"] == (1, "20260401", "20260310")


def test_vat_of_a_late_payment_is_due_on_the_first_open_day(issuer):
    receivable = make_receivable()
    receivable.charges.update(added_at=timezone.make_aware(datetime.datetime(2026, 1, 5)))
    close_period(last_day=LAST_OF_MARCH)

    record_payment(receivable=receivable, amount=12_000, method="cash", received_on=MARCH)

    assert build_vat_report(NEW_YEAR, LAST_OF_MARCH, vat_due=issuer.vat_due) == []
    [row] = build_vat_report(FIRST_OF_APRIL, END_OF_APRIL, vat_due=issuer.vat_due)
    assert row.net_cents + row.vat_cents == 12_000


@pytest.mark.parametrize("last_day", [LAST_OF_MARCH, MARCH])
def test_closed_period_is_only_extended(issuer, last_day):
    close_period(last_day=LAST_OF_MARCH)

    with pytest.raises(InvalidFields) as refused:
        close_period(last_day=last_day)

    assert list(refused.value.field_errors) == ["last_day"]


def test_today_cannot_be_closed(issuer):
    with pytest.raises(InvalidFields):
        close_period(last_day=timezone.localdate())


def test_saved_issuer_keeps_the_period_that_was_closed_meanwhile(issuer):
    form_issuer = Issuer.get_current()
    close_period(last_day=LAST_OF_MARCH)

    save_issuer(issuer=form_issuer, changed_fields=["legal_name"])

    assert Issuer.get_current().closed_until == LAST_OF_MARCH


# --- pages -----------------------------------------------------------------------------------------------


def test_treasurer_closes_a_period(issuer, treasurer):
    typed = {"last_day": "2026-03-31", "is_confirmed": "on"}

    page = treasurer.post(reverse("accounting-close"), typed, follow=True)

    assert Issuer.get_current().closed_until == LAST_OF_MARCH
    assert "The accounts are closed until 31 March 2026." in read_words(page.text)
    assert "booked on 1 April 2026" in read_words(page.text)
    assert AuditEntry.objects.get(verb="books.close").details == {"closed_until": "2026-03-31"}


def test_period_is_closed_only_with_the_box_ticked(issuer, treasurer):
    page = treasurer.post(reverse("accounting-close"), {"last_day": "2026-03-31"})

    assert page.context["form"].errors == {"is_confirmed": ["Tick the box to close the period."]}
    assert Issuer.get_current().closed_until is None


def test_summary_names_the_box_to_tick_without_its_label(issuer, treasurer):
    page = treasurer.post(reverse("accounting-close"), {"last_day": "2026-03-31"})

    [link] = html.fromstring(page.content).xpath("//*[@id='error-summary']//li/a")
    assert link.text_content() == "Tick the box to close the period."


def test_page_names_why_a_day_cannot_be_closed(issuer, treasurer):
    typed = {"last_day": timezone.localdate().isoformat(), "is_confirmed": "on"}

    page = treasurer.post(reverse("accounting-close"), typed)

    assert list(page.context["form"].errors) == ["last_day"]


def test_day_that_is_closed_already_is_not_proposed_again(issuer, treasurer):
    close_period(last_day=timezone.localdate() - datetime.timedelta(days=1))

    page = treasurer.get(reverse("accounting-close"))

    assert page.context["form"].initial == {}


def test_accounting_page_leads_to_closing_a_period(issuer, treasurer):
    page = html.fromstring(treasurer.get(reverse("accounting")).text)

    assert page.xpath(f"//a[@href='{reverse('accounting-close')}']") != []


def test_payment_by_hand_in_a_closed_period_says_when_it_is_booked(issuer, treasurer):
    last_day = timezone.localdate() - datetime.timedelta(days=2)
    close_period(last_day=last_day)
    address = reverse("receivable-pay", args=[make_receivable().reference])
    typed = {"amount": "40", "method": "transfer", "received_on": last_day.isoformat()}

    page = treasurer.post(address, typed, follow=True)

    assert "what is dated in the closed period is booked on" in page.text


def test_closed_month_needs_no_new_export(issuer):
    record_export(NEW_YEAR, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    [warning] = list_period_warnings([MARCH])

    assert read_words(warning) == (
        "The accounts are closed until 31 March 2026: what is dated in the closed period is booked on "
        "1 April 2026, with its own date as the document date."
    )


def make_charge_line(payment, fee):
    return PayoutLineFacts(
        line_id="txn_1",
        kind="charge",
        gross_cents=payment.amount,
        fee_cents=fee,
        source_id="ch_1",
        payment_intent_id=payment.external_id,
    )


def test_fee_known_after_the_closing_is_booked_with_the_payout(issuer):
    payment = record_payment(
        receivable=make_receivable(), amount=10_000, method="card", received_on=MARCH, external_id="pi_1"
    )
    before = render_fec(issuer, NEW_YEAR, LAST_OF_MARCH)
    close_period(last_day=LAST_OF_MARCH)

    payout = save_payout(
        PayoutFacts("po_1", 9_750, "EUR", "paid", APRIL), [make_charge_line(payment, fee=250)]
    )

    assert render_fec(issuer, NEW_YEAR, LAST_OF_MARCH) == before
    assert (payout.settled_amount, payout.other_fees) == (10_000, 250)
