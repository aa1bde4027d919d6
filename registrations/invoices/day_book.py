"""What an event took in, day by day: invoiced, collected by each method, given back. Amounts are in cents."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event

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
    """The days of one event on which something moved, and the methods that were used."""

    rows: Sequence[DayRow]
    methods: Sequence[str]

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


def day_book(event: Event) -> DayBook:
    """The day book of an event, in three queries."""
    days: dict[datetime.date, DayRow] = {}

    def on(day: datetime.date) -> DayRow:
        return days.setdefault(day, DayRow(day))

    for document in Invoice.objects.filter(receivable__event=event).only("issued_on", "kind", "total"):
        row = on(document.issued_on)
        row.credited += document.total if document.is_credit_note else 0
        row.invoiced += 0 if document.is_credit_note else document.total
    for payment in Payment.objects.filter(receivable__event=event):
        row = on(payment.received_on)
        row.collected[payment.method] += payment.amount
        row.fees += payment.fee
    done = Refund.objects.filter(receivable__event=event, state=Refund.State.DONE)
    for refund in done.select_related("payment"):
        on(refund.refunded_on).given_back[refund.payment.method] += refund.amount
    rows = [days[day] for day in sorted(days) if not days[day].is_quiet]
    used = {method for row in rows for method in (*row.collected, *row.given_back)}
    return DayBook(rows, [method for method in Payment.Method.values if method in used])


def as_table(book: DayBook) -> tuple[list[str], list[list[object]]]:
    """Header and rows of a file; amounts in whole units of the currency."""
    labels = dict(Payment.Method.choices)
    header = [_("Day"), _("Invoiced"), _("Credited")]
    for method in book.methods:
        header += [
            _("Collected: %(method)s") % {"method": labels[method]},
            _("Given back: %(method)s") % {"method": labels[method]},
        ]
    rows: list[list[object]] = []
    for row in book.rows:
        amounts = [row.invoiced, row.credited]
        for method in book.methods:
            amounts += [row.collected[method], row.given_back[method]]
        amounts += [row.fees, row.net]
        rows.append([row.day, *(Decimal(amount) / 100 for amount in amounts)])
    return [*header, _("Fees"), _("Kept")], rows


def sheet_of(book: DayBook) -> Sheet:
    """The days, to download."""
    return Sheet(_("Day book"), *as_table(book))
