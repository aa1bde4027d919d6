"""Day book of an event: amounts invoiced, collected by each method and refunded, day by day, in cents.

Days are those of the journal entries, so that the book of a closed period does not change. Each currency has
its own book; amounts of different currencies are never added.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.invoices.models import Invoice, Payment, Refund

from .journal_entries import BOOK_CURRENCY


@dataclass
class DayBookRow:
    """Totals of one day; `collected_by_method` and `refunded_by_method` are keyed by payment method."""

    day: datetime.date
    invoiced_cents: int = 0
    credited_cents: int = 0
    fee_cents: int = 0
    collected_by_method: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refunded_by_method: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def net_cents(self) -> int:
        """Return what was collected less refunds and fees."""
        return sum(self.collected_by_method.values()) - sum(self.refunded_by_method.values()) - self.fee_cents

    @property
    def is_empty(self) -> bool:
        moved_cents = (
            self.invoiced_cents,
            self.credited_cents,
            *self.collected_by_method.values(),
            *self.refunded_by_method.values(),
        )
        return not any(moved_cents)


@dataclass(frozen=True)
class DayBook:
    """Days of one event with movements in one currency, and the payment methods that occur."""

    rows: Sequence[DayBookRow]
    methods: Sequence[str]
    currency: str = BOOK_CURRENCY

    @property
    def total(self) -> DayBookRow:
        """Return a row with the sums of all days."""
        total = DayBookRow(self.rows[-1].day if self.rows else datetime.date.min)
        for row in self.rows:
            total.invoiced_cents += row.invoiced_cents
            total.credited_cents += row.credited_cents
            total.fee_cents += row.fee_cents
            for method in self.methods:
                total.collected_by_method[method] += row.collected_by_method[method]
                total.refunded_by_method[method] += row.refunded_by_method[method]
        return total


def build_day_books(event: Event) -> list[DayBook]:
    """Return the day books of an event, the one in euros first; at least one, possibly empty."""
    rows_by_currency: dict[str, dict[datetime.date, DayBookRow]] = {BOOK_CURRENCY: {}}

    def get_row(day: datetime.date, currency: str) -> DayBookRow:
        return rows_by_currency.setdefault(currency, {}).setdefault(day, DayBookRow(day))

    documents = Invoice.objects.filter(receivable__event=event)
    for document in documents.only("issued_on", "kind", "total", "currency"):
        row = get_row(document.issued_on, document.currency)
        # Both columns are positive; a credit note does not reduce `invoiced_cents`.
        row.credited_cents += document.total if document.is_credit_note else 0
        row.invoiced_cents += 0 if document.is_credit_note else document.total
    for payment in Payment.objects.filter(receivable__event=event).select_related("receivable"):
        row = get_row(payment.booking_day, payment.receivable.currency)
        row.collected_by_method[payment.method] += payment.amount
        row.fee_cents += payment.fee
    refunds = Refund.objects.money_sent().filter(receivable__event=event)
    for refund in refunds.select_related("receivable"):
        for booked_on, _day, cents in refund.booked_movements:
            get_row(booked_on, refund.receivable.currency).refunded_by_method[refund.method] += cents
    books = [_build_day_book(currency, days) for currency, days in rows_by_currency.items()]
    # An event without movements still gets its (empty) book in euros.
    return [book for book in books if book.rows] or books[:1]


def _build_day_book(currency: str, rows_by_day: dict[datetime.date, DayBookRow]) -> DayBook:
    rows = [rows_by_day[day] for day in sorted(rows_by_day) if not rows_by_day[day].is_empty]
    used = {method for row in rows for method in (*row.collected_by_method, *row.refunded_by_method)}
    return DayBook(rows, [method for method in Payment.Method.values if method in used], currency)


def has_foreign_currency(books: Sequence[DayBook]) -> bool:
    """Return whether one of the books is not in the currency of the accounts."""
    return any(book.currency != BOOK_CURRENCY for book in books)


def build_day_book_sheet(books: Sequence[DayBook]) -> TableSheet:
    """Return a sheet for download, in whole units; a currency column appears only if needed."""
    # In the order of the choices, so that columns are the same from one download to the next.
    methods = [method for method in Payment.Method.values if any(method in book.methods for book in books)]
    labels = dict(Payment.Method.choices)
    header = [_("Day"), _("Invoiced"), _("Credited")]
    for method in methods:
        header += [
            _("Collected: %(method)s") % {"method": labels[method]},
            _("Refunded: %(method)s") % {"method": labels[method]},
        ]
    header += [_("Fees"), _("Net")]
    rows = [(book.currency, _build_cells(row, methods)) for book in books for row in book.rows]
    if not has_foreign_currency(books):
        return TableSheet(_("Day book"), header, [cells for _currency, cells in rows])
    header.append(_("Currency (the accounts are kept in euros only)"))
    return TableSheet(_("Day book"), header, [[*cells, currency] for currency, cells in rows])


def _build_cells(row: DayBookRow, methods: Sequence[str]) -> list[object]:
    amounts = [row.invoiced_cents, row.credited_cents]
    for method in methods:
        amounts += [row.collected_by_method[method], row.refunded_by_method[method]]
    return [row.day, *(Decimal(amount) / 100 for amount in (*amounts, row.fee_cents, row.net_cents))]
