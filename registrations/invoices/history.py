"""What happened to receivables, as plain data: charges, documents and money, each with its day."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch
from django.utils import timezone

from .models import Charge, Invoice, Line, Payment, Receivable, Refund

type Rate = tuple[int, str]


@dataclass(frozen=True)
class ChargeFact:
    """Something owed from a day on, until it was withdrawn."""

    key: int
    rate: Rate
    amount: int
    added: datetime.date
    withdrawn: datetime.date | None


@dataclass(frozen=True)
class LineFact:
    """A line with the sign of its document."""

    charge: int | None
    rate: Rate
    amount: int
    net: int


@dataclass(frozen=True)
class DocumentFact:
    """A document with its day."""

    on: datetime.date
    lines: tuple[LineFact, ...]

    def by_rate(self) -> dict[Rate, tuple[int, int]]:
        """Totals with VAT, and the VAT in them."""
        sums: dict[Rate, tuple[int, int]] = {}
        for line in self.lines:
            total, vat = sums.get(line.rate, (0, 0))
            sums[line.rate] = (total + line.amount, vat + line.amount - line.net)
        return sums


@dataclass(frozen=True)
class History:
    """One receivable from its first day to the last."""

    reference: str
    charges: tuple[ChargeFact, ...]
    documents: tuple[DocumentFact, ...]
    money: tuple[tuple[datetime.date, int], ...]
    """Payments, and refunds below zero."""

    def days(self) -> list[datetime.date]:
        """The days on which something happened, in order."""
        found = {document.on for document in self.documents} | {day for day, _amount in self.money}
        for charge in self.charges:
            found |= {charge.added, charge.withdrawn or charge.added}
        return sorted(found)

    def kept(self, day: datetime.date) -> int:
        """What was paid and not given back by the end of that day."""
        return sum(amount for on, amount in self.money if on <= day)

    @cached_property
    def invoiced_on(self) -> dict[int, list[tuple[datetime.date, int]]]:
        """When each charge was invoiced or credited, and how much."""
        found = defaultdict[int, list[tuple[datetime.date, int]]](list)
        for document in self.documents:
            for line in document.lines:
                if line.charge is not None:
                    found[line.charge].append((document.on, line.amount))
        return found

    def uninvoiced(self, day: datetime.date) -> dict[Rate, int]:
        """What was owed and stood on no document, less deposits that were not deducted, per rate."""
        left = defaultdict[Rate, int](int)
        for charge in self.charges:
            if charge.added <= day and (charge.withdrawn is None or charge.withdrawn > day):
                done = sum(amount for on, amount in self.invoiced_on.get(charge.key, []) if on <= day)
                left[charge.rate] += charge.amount - done
        for document in self.documents:
            for line in document.lines:
                if line.charge is None and document.on <= day:
                    left[line.rate] -= line.amount
        return {rate: total for rate, total in left.items() if total > 0}


def histories(*, until: datetime.date) -> Iterator[History]:
    """Every receivable's in euros, up to the end of a day, in six queries."""
    charges = Charge.objects.order_by("pk")
    lines = Prefetch("lines", Line.objects.order_by("position"))
    documents = Invoice.objects.filter(issued_on__lte=until).order_by("issued_on", "pk")
    rows = (
        Receivable.objects.filter(currency="EUR")
        .order_by("pk")
        .prefetch_related(
            Prefetch("charges", charges),
            Prefetch("invoices", documents.prefetch_related(lines)),
            Prefetch("payments", Payment.objects.filter(received_on__lte=until)),
            Prefetch("refunds", Refund.objects.left().filter(refunded_on__lte=until)),
        )
    )
    return (history_of(row, until=until) for row in rows.iterator(chunk_size=10_000))


def history_of(receivable: Receivable, *, until: datetime.date) -> History:
    """What is known of one up to the end of a day."""
    money = [(payment.received_on, payment.amount) for payment in receivable.payments.all()]
    money += [(day, -cents) for row in receivable.refunds.all() for day, cents in row.moves if day <= until]
    return History(
        receivable.reference,
        tuple(charge_fact(charge) for charge in receivable.charges.all()),
        tuple(document_fact(document) for document in receivable.invoices.all()),
        tuple(money),
    )


def charge_fact(charge: Charge) -> ChargeFact:
    """A charge with its days in France."""
    withdrawn = charge.withdrawn_at and timezone.localdate(charge.withdrawn_at)
    rate = (charge.vat_rate, charge.exemption)
    return ChargeFact(charge.pk, rate, charge.amount, timezone.localdate(charge.added_at), withdrawn)


def document_fact(document: Invoice) -> DocumentFact:
    """A document with the signs of what it asks for."""
    sign = document.sign
    return DocumentFact(
        document.issued_on,
        tuple(
            LineFact(line.charge_id, (line.vat_rate, line.exemption), sign * line.amount, sign * line.net)
            for line in document.lines.all()
        ),
    )
