"""Compute the VAT due for a period, on collection or on invoicing (debits), in cents."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from registrations.invoices.ledger.receivable_history import ReceivableHistory, VatRateKey, iter_histories
from registrations.invoices.models import Issuer
from registrations.invoices.tax_amounts import allocate_cents, compute_included_vat


@dataclass(frozen=True)
class VatMovement:
    """VAT that became due on a day; negative where it was taken back."""

    due_on: datetime.date
    vat_rate: int
    exemption: str
    net_cents: int
    vat_cents: int
    reference: str


@dataclass(frozen=True)
class VatReportRow:
    """Total of one VAT rate or exemption in a period."""

    vat_rate: int
    exemption: str
    net_cents: int
    vat_cents: int


def build_vat_report(
    first_day: datetime.date, last_day: datetime.date, *, vat_due: str
) -> list[VatReportRow]:
    """Return the totals of a period for each rate, highest first; both days are included."""
    sums: dict[VatRateKey, list[int]] = defaultdict(lambda: [0, 0])
    # The whole history, not only the period: what was declared before is subtracted
    # (`iter_collected_movements`).
    for movement in iter_vat_movements(iter_histories(until=last_day), vat_due=vat_due):
        if first_day <= movement.due_on <= last_day:
            row = sums[movement.vat_rate, movement.exemption]
            row[0] += movement.net_cents
            row[1] += movement.vat_cents
    return [VatReportRow(*rate, *sums[rate]) for rate in sorted(sums, reverse=True) if any(sums[rate])]


def iter_vat_movements(
    receivable_histories: Iterable[ReceivableHistory], *, vat_due: str
) -> Iterator[VatMovement]:
    """Yield the movements of each receivable in order of time."""
    find = iter_invoiced_movements if vat_due == Issuer.VatDue.DEBITS else iter_collected_movements
    for history in receivable_histories:
        yield from find(history)


def iter_invoiced_movements(history: ReceivableHistory) -> Iterator[VatMovement]:
    """Yield VAT due when a document is issued."""
    for document in history.documents:
        for (rate, exemption), (total, vat) in document.sum_by_rate().items():
            yield VatMovement(document.issued_on, rate, exemption, total - vat, vat, history.reference)


def iter_collected_movements(history: ReceivableHistory) -> Iterator[VatMovement]:
    """Yield VAT due on collection.

    For each day the VAT within everything retained so far is computed and the VAT declared before is
    subtracted, so that rounding never accumulates.
    """
    before: dict[VatRateKey, tuple[int, int]] = {}
    for day in history.list_days():
        now = compute_collected(history, day)
        # Rates of both days: a credited rate disappears from `now` and its VAT is taken back.
        for rate in sorted({*before, *now}, reverse=True):
            (total, vat), (total_before, vat_before) = now.get(rate, (0, 0)), before.get(rate, (0, 0))
            if (total, vat) != (total_before, vat_before):
                change = vat - vat_before
                # Net is what remains of the gross amount, so that both columns add up to the money received.
                yield VatMovement(day, *rate, total - total_before - change, change, history.reference)
        before = now


def compute_collected(history: ReceivableHistory, day: datetime.date) -> dict[VatRateKey, tuple[int, int]]:
    """Return gross and VAT cents collected for each rate by the end of a day."""
    requested = sum_requested(history, day)
    # A rate with more credited than invoiced takes no share of the money.
    rates = [rate for rate, (total, _vat) in requested.items() if total > 0]
    requested_total = sum(requested[rate][0] for rate in rates)
    # Money paid too much carries no VAT.
    retained = max(0, min(history.compute_retained(day), requested_total))
    if not retained:
        return {}
    shares = allocate_cents(retained, [requested[rate][0] for rate in rates])
    return {
        rate: (share, compute_vat_share(requested[rate], share))
        for rate, share in zip(rates, shares, strict=True)
    }


def compute_vat_share(requested: tuple[int, int], share: int) -> int:
    """Return the VAT in a share of a (gross, VAT) pair; the full share has the full VAT."""
    total, vat = requested
    # Integer arithmetic, half a cent rounded up; exact for the full share.
    return (2 * vat * share + total) // (2 * total)


def sum_requested(history: ReceivableHistory, day: datetime.date) -> dict[VatRateKey, tuple[int, int]]:
    """Return gross and VAT cents requested for each rate by the end of a day.

    Issued documents count as issued, charges not invoiced yet at their computed VAT.
    """
    sums: dict[VatRateKey, list[int]] = defaultdict(lambda: [0, 0])
    for document in history.documents:
        if document.issued_on <= day:
            for rate, (total, vat) in document.sum_by_rate().items():
                sums[rate][0] += total
                sums[rate][1] += vat
    for rate, total in history.compute_uninvoiced(day).items():
        sums[rate][0] += total
        # A payment before its invoice makes VAT due already (CGI, art. 269-2-c).
        sums[rate][1] += compute_included_vat(total, rate[0])
    return {rate: (total, vat) for rate, (total, vat) in sorted(sums.items(), reverse=True)}
