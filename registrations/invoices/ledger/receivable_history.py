"""History of receivables as plain data, for reports: charges, documents and money with their days."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch
from django.utils import timezone

from registrations.invoices.models import (
    Charge,
    Invoice,
    InvoiceLine,
    Issuer,
    Payment,
    Receivable,
    Refund,
)

# Rate in hundredths of a percent, and the exemption code of a rate of 0.
type VatRateKey = tuple[int, str]


@dataclass(frozen=True)
class ChargeFact:
    """Charge with the days on which it was added and withdrawn."""

    key: int
    vat_rate_key: VatRateKey
    gross_cents: int
    added_on: datetime.date
    withdrawn_on: datetime.date | None


@dataclass(frozen=True)
class LineFact:
    """Document line; amounts have the sign of their document."""

    charge_id: int | None
    vat_rate_key: VatRateKey
    gross_cents: int
    net_cents: int


@dataclass(frozen=True)
class DocumentFact:
    """Issued document with its lines, and the option by which its VAT is due."""

    issued_on: datetime.date
    lines: tuple[LineFact, ...]
    vat_due: str = Issuer.VatDue.COLLECTION

    def sum_by_rate(self) -> dict[VatRateKey, tuple[int, int]]:
        """Return gross and VAT cents for each rate."""
        sums: dict[VatRateKey, tuple[int, int]] = {}
        for line in self.lines:
            total, vat = sums.get(line.vat_rate_key, (0, 0))
            sums[line.vat_rate_key] = (total + line.gross_cents, vat + line.gross_cents - line.net_cents)
        return sums


@dataclass(frozen=True)
class ReceivableHistory:
    """Everything that happened to one receivable."""

    reference: str
    charges: tuple[ChargeFact, ...]
    documents: tuple[DocumentFact, ...]
    # (day, cents) of payments, and of refunds as negative amounts. The day is that of their journal entry, so
    # that the VAT of a closed period does not change.
    cash_movements: tuple[tuple[datetime.date, int], ...]

    def list_days(self) -> list[datetime.date]:
        """Return the days on which something happened, in order."""
        days = {document.issued_on for document in self.documents} | {
            day for day, _amount in self.cash_movements
        }
        for charge in self.charges:
            # Also these days: a new or withdrawn charge changes which rates the money already paid belongs
            # to.
            days |= {charge.added_on, charge.withdrawn_on or charge.added_on}
        return sorted(days)

    def compute_retained(self, day: datetime.date) -> int:
        """Return the cents paid and not refunded by the end of a day."""
        return sum(amount for moved_on, amount in self.cash_movements if moved_on <= day)

    def find_next_vat_due(self, day: datetime.date, default: str) -> str:
        """Return the option of the first invoice after a day, by which its charges are invoiced."""
        for document in self.documents:
            # The lines of a credit note are negative.
            if document.issued_on > day and sum(line.gross_cents for line in document.lines) >= 0:
                return document.vat_due
        return default

    @cached_property
    def invoiced_by_charge(self) -> dict[int, list[tuple[datetime.date, int]]]:
        """Return (day, cents) of all lines by charge id."""
        invoiced = defaultdict[int, list[tuple[datetime.date, int]]](list)
        for document in self.documents:
            for line in document.lines:
                if line.charge_id is not None:
                    invoiced[line.charge_id].append((document.issued_on, line.gross_cents))
        return invoiced

    def compute_uninvoiced(self, day: datetime.date) -> dict[VatRateKey, int]:
        """Return the cents owed but not invoiced at the end of a day, for each rate.

        Deposits not deducted yet are subtracted.
        """
        uninvoiced = defaultdict[VatRateKey, int](int)
        for charge in self.charges:
            if charge.added_on <= day and (charge.withdrawn_on is None or charge.withdrawn_on > day):
                rows = self.invoiced_by_charge.get(charge.key, [])
                invoiced = sum(amount for issued_on, amount in rows if issued_on <= day)
                uninvoiced[charge.vat_rate_key] += charge.gross_cents - invoiced
        for document in self.documents:
            for line in document.lines:
                if line.charge_id is None and document.issued_on <= day:
                    uninvoiced[line.vat_rate_key] -= line.gross_cents
        # A deposit above what is left at its rate leaves nothing to invoice there.
        return {rate: total for rate, total in uninvoiced.items() if total > 0}


def iter_histories(*, until: datetime.date) -> Iterator[ReceivableHistory]:
    """Yield the history of every receivable in euros, with money up to the end of a day, in six queries.

    Documents issued later are included: they determine how the VAT on earlier payments is due.
    """
    charges = Charge.objects.order_by("pk")
    lines = Prefetch("lines", InvoiceLine.objects.order_by("position"))
    documents = Invoice.objects.order_by("issued_on", "pk")
    rows = (
        # The accounts are kept in euros; `list_foreign_documents` names the rest.
        Receivable.objects.filter(currency="EUR")
        .order_by("pk")
        .prefetch_related(
            Prefetch("charges", charges),
            Prefetch("invoices", documents.prefetch_related(lines)),
            Prefetch("payments", Payment.objects.filter(received_on__lte=until)),
            Prefetch("refunds", Refund.objects.money_sent().filter(refunded_on__lte=until)),
        )
    )
    # Chunks keep the memory bounded; each repeats the five queries for related rows.
    return (build_history(row, until=until) for row in rows.iterator(chunk_size=10_000))


def build_history(receivable: Receivable, *, until: datetime.date) -> ReceivableHistory:
    money = [
        # Also filtered by `booking_day`, which may be later than the day of the query.
        (payment.booking_day, payment.amount)
        for payment in receivable.payments.all()
        if payment.booking_day <= until
    ]
    money += [
        # Also filtered by `failed_on`: the query selects a refund by the day on which it was sent.
        (booked_on, -cents)
        for row in receivable.refunds.all()
        for booked_on, _day, cents in row.booked_movements
        if booked_on <= until
    ]
    return ReceivableHistory(
        receivable.reference,
        tuple(build_charge_fact(charge) for charge in receivable.charges.all()),
        tuple(build_document_fact(document) for document in receivable.invoices.all()),
        tuple(money),
    )


def build_charge_fact(charge: Charge) -> ChargeFact:
    """Return a charge with its days in the server's time zone (Europe/Paris)."""
    withdrawn = charge.withdrawn_at and timezone.localdate(charge.withdrawn_at)
    rate = (charge.vat_rate, charge.exemption)
    return ChargeFact(charge.pk, rate, charge.amount, timezone.localdate(charge.added_at), withdrawn)


def build_document_fact(document: Invoice) -> DocumentFact:
    sign = document.sign
    return DocumentFact(
        document.issued_on,
        tuple(
            LineFact(line.charge_id, (line.vat_rate, line.exemption), sign * line.amount, sign * line.net)
            for line in document.lines.all()
        ),
        document.details["vat_due"],
    )
