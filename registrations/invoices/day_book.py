"""What an event took in, day by day: invoiced, collected by each method, given back. Amounts are in cents.

Each currency has a book of its own: cents of one are never added to those of another.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event

from .books import EUROS
from .models import Invoice, Payment, Refund


@dataclass
class DayRow:
    """One day; `collected` and `given_back` are by method."""

    day: datetime.date
    invoiced: int = 0
    credited: int = 0
    fees: int = 0
    collected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given_back: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def net(self) -> int:
        """What stayed: collected, less given back and fees."""
        return sum(self.collected.values()) - sum(self.given_back.values()) - self.fees

    @property
    def is_quiet(self) -> bool:
        """Whether nothing moved."""
        moved = (self.invoiced, self.credited, *self.collected.values(), *self.given_back.values())
        return not any(moved)


@dataclass(frozen=True)
class DayBook:
    """The days of one event on which something moved in one currency, and the methods that were used."""

    rows: Sequence[DayRow]
    methods: Sequence[str]
    currency: str = EUROS

    @property
    def total(self) -> DayRow:
        """All days together."""
        whole = DayRow(self.rows[-1].day if self.rows else datetime.date.min)
        for row in self.rows:
            whole.invoiced += row.invoiced
            whole.credited += row.credited
            whole.fees += row.fees
            for method in self.methods:
                whole.collected[method] += row.collected[method]
                whole.given_back[method] += row.given_back[method]
        return whole


def day_books(event: Event) -> list[DayBook]:
    """The day books of an event, that in euros first, in three queries; at least one, if an empty one."""
    found: dict[str, dict[datetime.date, DayRow]] = {EUROS: {}}

    def on(day: datetime.date, currency: str) -> DayRow:
        return found.setdefault(currency, {}).setdefault(day, DayRow(day))

    documents = Invoice.objects.filter(receivable__event=event)
    for document in documents.only("issued_on", "kind", "total", "currency"):
        row = on(document.issued_on, document.currency)
        row.credited += document.total if document.is_credit_note else 0
        row.invoiced += 0 if document.is_credit_note else document.total
    for payment in Payment.objects.filter(receivable__event=event).select_related("receivable"):
        row = on(payment.received_on, payment.receivable.currency)
        row.collected[payment.method] += payment.amount
        row.fees += payment.fee
    left = Refund.objects.left().filter(receivable__event=event)
    for refund in left.select_related("payment", "receivable"):
        for day, cents in refund.moves:
            on(day, refund.receivable.currency).given_back[refund.payment.method] += cents
    books = [_book(currency, days) for currency, days in found.items()]
    return [book for book in books if book.rows] or books[:1]


def _book(currency: str, days: dict[datetime.date, DayRow]) -> DayBook:
    rows = [days[day] for day in sorted(days) if not days[day].is_quiet]
    used = {method for row in rows for method in (*row.collected, *row.given_back)}
    return DayBook(rows, [method for method in Payment.Method.values if method in used], currency)


def is_foreign(books: Sequence[DayBook]) -> bool:
    """Whether one of them is in another currency than the books, which its money is not in."""
    return any(book.currency != EUROS for book in books)


def sheet_of(books: Sequence[DayBook]) -> Sheet:
    """The days of all currencies, to download, in whole units; it names them where one is not the euro."""
    methods = [method for method in Payment.Method.values if any(method in book.methods for book in books)]
    labels = dict(Payment.Method.choices)
    header = [_("Day"), _("Invoiced"), _("Credited")]
    for method in methods:
        header += [
            _("Collected: %(method)s") % {"method": labels[method]},
            _("Given back: %(method)s") % {"method": labels[method]},
        ]
    header += [_("Fees"), _("Kept")]
    rows = [(book.currency, _cells(row, methods)) for book in books for row in book.rows]
    if not is_foreign(books):
        return Sheet(_("Day book"), header, [cells for _currency, cells in rows])
    header.append(_("Currency (the books hold euros alone)"))
    return Sheet(_("Day book"), header, [[*cells, currency] for currency, cells in rows])


def _cells(row: DayRow, methods: Sequence[str]) -> list[object]:
    amounts = [row.invoiced, row.credited]
    for method in methods:
        amounts += [row.collected[method], row.given_back[method]]
    return [row.day, *(Decimal(amount) / 100 for amount in (*amounts, row.fees, row.net))]
