"""Build balanced journal entries in euro cents: sales, bank, card processor, cash and VAT.

Documents in other currencies are left out and listed; the accountant books them by hand.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from django.db.models import Prefetch, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.invoices.ledger.receivable_history import iter_histories
from registrations.invoices.models import (
    Invoice,
    InvoiceLine,
    Issuer,
    Payment,
    Payout,
    Receivable,
    Refund,
)
from registrations.invoices.models.receivables import BANK_METHODS
from registrations.invoices.vat_exemptions import REVERSE_CHARGE

from .vat_report import iter_collected_movements

BOOK_CURRENCY = "EUR"
FOREIGN_CURRENCY_NOTICE = gettext_lazy(
    "The accounts are kept in euros. Amounts in other currencies are not included in the "
    "VAT or the entries: record them manually at the rate of the day."
)


class Journal(Enum):
    """Journal code and name, as in French accounting."""

    SALES = ("VE", "Ventes")
    BANK = ("BQ", "Banque")
    PROCESSOR = ("CB", "Encaissements par carte")
    CASH = ("CA", "Caisse")
    VAT = ("OD", "Opérations diverses")
    TEST = ("ES", "Paiements d’essai, sans argent")


@dataclass(frozen=True)
class EntrySide:
    """Side of an entry: a debit if `amount_cents` is positive, a credit if negative.

    `receivable` names the customer on the customers' account.
    """

    account: str
    amount_cents: int
    receivable: Receivable | None = None


@dataclass(frozen=True)
class JournalEntry:
    """Entry with its sides; `document_reference` names the supporting document.

    `documented_on` is the day of that document, if it was booked later because its period was closed.
    """

    journal: Journal
    booked_on: datetime.date
    document_reference: str
    label: str
    sides: tuple[EntrySide, ...]
    documented_on: datetime.date | None = None

    @property
    def is_balanced(self) -> bool:
        return sum(side.amount_cents for side in self.sides) == 0


class UnbalancedEntryError(AssertionError):
    """Raised if debits and credits of an entry differ, which is a programming error."""


def build_entries(issuer: Issuer, first: datetime.date, last: datetime.date) -> list[JournalEntry]:
    """Return the entries of a period, both days included, ordered by day and journal."""
    period = (first, last)
    entries = [
        *iter_sales_entries(issuer, period),
        *iter_payment_entries(issuer, period),
        *iter_refund_entries(issuer, period),
        *iter_payout_entries(issuer, period),
        *iter_vat_entries(issuer, period),
    ]
    for entry in entries:
        # Fail rather than export unbalanced entries.
        if not entry.is_balanced:
            raise UnbalancedEntryError(f"{entry.document_reference}: {entry.sides}")
    # The order of FEC: entries are numbered by it, so it must be the same on each export.
    return sorted(entries, key=lambda entry: (entry.booked_on, entry.journal.value, entry.document_reference))


def list_foreign_documents(first: datetime.date, last: datetime.date) -> list[str]:
    """Return the movements of a period that are not in euros, as `reference (currency)`."""
    period = (first, last)
    rows = (
        Invoice.objects.filter(issued_on__range=period).values_list("number", "currency"),
        Payment.objects.alias(day=Coalesce("booked_on", "received_on"))
        .filter(day__range=period)
        .values_list("receivable__reference", "receivable__currency"),
        Refund.objects.alias(day=Coalesce("booked_on", "refunded_on"))
        .filter(day__range=period)
        .values_list("receivable__reference", "receivable__currency"),
        Payout.objects.alias(day=Coalesce("booked_on", "arrived_on"))
        .filter(day__range=period)
        .values_list("external_id", "currency"),
    )
    documents = [
        f"{piece} ({currency})" for pairs in rows for piece, currency in pairs if currency != BOOK_CURRENCY
    ]
    # Several movements of one receivable are named once, in order.
    return list(dict.fromkeys(documents))


def drop_empty_sides(sides: Iterable[EntrySide]) -> tuple[EntrySide, ...]:
    return tuple(side for side in sides if side.amount_cents)


def iter_sales_entries(issuer: Issuer, period: tuple[datetime.date, datetime.date]) -> Iterator[JournalEntry]:
    """Yield an entry for each issued document: customer against sales, deposits and VAT."""
    rows = Invoice.objects.filter(issued_on__range=period, currency=BOOK_CURRENCY).select_related(
        "receivable"
    )
    for document in rows.prefetch_related(Prefetch("lines", InvoiceLine.objects.order_by("position"))):
        sides = [EntrySide(issuer.account_customers, document.sign * document.total, document.receivable)]
        sides += [
            EntrySide(account, -document.sign * net)
            for account, net in sum_sales_by_account(issuer, document.lines.all()).items()
        ]
        # VAT due on collection is booked on its own account until the payment (`iter_vat_entries`).
        vat = issuer.account_vat_pending
        # The option in force when the document was issued, not today's.
        if document.details["vat_due"] == Issuer.VatDue.DEBITS:
            vat = issuer.account_vat
        sides += [EntrySide(vat, -document.sign * tax["vat"]) for tax in document.taxes]
        if booked_sides := drop_empty_sides(sides):
            yield JournalEntry(
                Journal.SALES, document.issued_on, document.number, document.buyer_name, booked_sides
            )


def sum_sales_by_account(issuer: Issuer, lines: Iterable[InvoiceLine]) -> dict[str, int]:
    """Return net cents by account; deposits and their deductions go to the advances account."""
    sums = defaultdict[str, int](int)
    for line in lines:
        # Only deposits and their deductions have no charge.
        account = get_sales_account(issuer, line) if line.charge_id else issuer.account_advances
        sums[account] += line.net
    return sums


def get_sales_account(issuer: Issuer, line: InvoiceLine) -> str:
    if line.vat_rate:
        return issuer.account_sales
    # Taxed, though by the buyer: the VAT return and the list of services to other EU states need it apart.
    if line.exemption == REVERSE_CHARGE:
        return issuer.account_reverse_charge
    return issuer.account_exempt


def get_payment_account(issuer: Issuer, method: str) -> tuple[Journal, str]:
    """Return the journal and the account on which money of this method is booked."""
    if method in BANK_METHODS:
        return Journal.BANK, issuer.account_bank
    if method == Payment.Method.CASH:
        return Journal.CASH, issuer.account_cash
    if method == Payment.Method.TEST:  # of the demo: it never reaches the processor, nor the bank
        return Journal.TEST, issuer.account_suspense
    return Journal.PROCESSOR, issuer.account_processor


def iter_payment_entries(
    issuer: Issuer, period: tuple[datetime.date, datetime.date]
) -> Iterator[JournalEntry]:
    """Yield an entry for each payment, with the processor's fee on its own account."""
    is_in_period = Q(received_on__range=period, booked_on=None) | Q(booked_on__range=period)
    rows = Payment.objects.filter(is_in_period, receivable__currency=BOOK_CURRENCY)
    for payment in rows.select_related("receivable"):
        journal, account = get_payment_account(issuer, payment.method)
        sides = [
            EntrySide(account, payment.amount - payment.fee),
            EntrySide(issuer.account_fees, payment.fee),
            EntrySide(issuer.account_customers, -payment.amount, payment.receivable),
        ]
        yield JournalEntry(
            journal,
            payment.booking_day,
            payment.document_reference,
            payment.receivable.name,
            drop_empty_sides(sides),
            documented_on=payment.received_on,
        )


def iter_refund_entries(
    issuer: Issuer, period: tuple[datetime.date, datetime.date]
) -> Iterator[JournalEntry]:
    """Yield an entry when a refund leaves, and a reversed one if its money is returned."""
    is_in_period = Q(refunded_on__range=period) | Q(failed_on__range=period) | Q(booked_on__range=period)
    refunds = Refund.objects.money_sent().filter(is_in_period, receivable__currency=BOOK_CURRENCY)
    for refund in refunds.select_related("receivable"):
        journal, account = get_payment_account(issuer, refund.method)
        # The query finds refunds by either day; only the days within the period are booked.
        for booked_on, day, cents in refund.booked_movements:
            sides = (
                EntrySide(issuer.account_customers, cents, refund.receivable),
                EntrySide(account, -cents),
            )
            if period[0] <= booked_on <= period[1]:
                yield JournalEntry(
                    journal,
                    booked_on,
                    refund.document_reference,
                    refund.receivable.name,
                    sides,
                    documented_on=day,
                )


def iter_payout_entries(
    issuer: Issuer, period: tuple[datetime.date, datetime.date]
) -> Iterator[JournalEntry]:
    """Yield an entry when a payout reaches the bank, and a reversed one if the bank returns it."""
    is_in_period = Q(arrived_on__range=period) | Q(failed_on__range=period) | Q(booked_on__range=period)
    rows = Payout.objects.filter(is_in_period, currency=BOOK_CURRENCY).prefetch_related("payments", "refunds")
    for payout in rows:
        if period[0] <= payout.booking_day <= period[1]:
            sides = drop_empty_sides(iter_arrival_sides(issuer, payout))
            yield JournalEntry(
                Journal.BANK,
                payout.booking_day,
                payout.external_id,
                payout.bank_line,
                sides,
                documented_on=payout.arrived_on,
            )
        if payout.failed_on and period[0] <= payout.failed_on <= period[1]:
            return_sides = (
                # On the suspense account until the processor sends the sum again.
                EntrySide(issuer.account_suspense, payout.amount),
                EntrySide(issuer.account_bank, -payout.amount),
            )
            yield JournalEntry(
                Journal.BANK,
                payout.failed_on,
                payout.external_id,
                payout.bank_line,
                drop_empty_sides(return_sides),
            )


def iter_arrival_sides(issuer: Issuer, payout: Payout) -> Iterator[EntrySide]:
    """Yield the sides of a payout; the part that no payment explains goes to suspense."""
    # Without known payments the whole sum counts as explained.
    known_amount, fees = compute_explained_amount(payout), payout.other_fees or 0
    explained_amount = payout.amount if known_amount is None else known_amount
    yield EntrySide(issuer.account_bank, payout.amount)
    yield EntrySide(issuer.account_processor, -explained_amount - fees)
    yield EntrySide(issuer.account_fees, fees)
    yield EntrySide(issuer.account_suspense, explained_amount - payout.amount)


def compute_explained_amount(payout: Payout) -> int | None:
    """Return the cents explained by payments, refunds and fees, or None if nothing is known."""
    if payout.settled_amount is not None:
        return payout.settled_amount - (payout.other_fees or 0)
    paid = [payment.amount - payment.fee for payment in payout.payments.all()]
    refunded = [refund.amount for refund in payout.refunds.all()]
    return sum(paid) - sum(refunded) if paid or refunded else None


def iter_vat_entries(issuer: Issuer, period: tuple[datetime.date, datetime.date]) -> Iterator[JournalEntry]:
    """Yield the transfer from pending VAT to due VAT when an invoice is paid."""
    first, last = period
    # On debits the sales entries book the VAT as due already.
    movements = (
        movement
        for history in iter_histories(until=last)
        for movement in iter_collected_movements(history, vat_due=issuer.vat_due)
    )
    for movement in movements:
        if first <= movement.due_on <= last and movement.vat_cents:
            sides = (
                EntrySide(issuer.account_vat_pending, movement.vat_cents),
                EntrySide(issuer.account_vat, -movement.vat_cents),
            )
            yield JournalEntry(
                Journal.VAT, movement.due_on, movement.reference, _("VAT on collection"), sides
            )
