"""Compute the VAT due for a period, on collection or on invoicing (debits), in cents.

Each document counts by the option that was in force when it was issued, as in the journal: after a change of
the option nothing is declared twice and nothing is forgotten.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from registrations.invoices.ledger.closed_period import find_closed_until
from registrations.invoices.ledger.receivable_history import ReceivableHistory, VatRateKey, iter_histories
from registrations.invoices.models import ClosedVatAmount, Issuer
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


class RequestedKey(NamedTuple):
    """VAT rate of what is requested, and the option by which it is due; sorted by rate."""

    rate: VatRateKey
    vat_due: str


def build_vat_report(
    first_day: datetime.date, last_day: datetime.date, *, vat_due: str
) -> list[VatReportRow]:
    """Return the totals of a period for each rate, highest first; both days are included.

    `vat_due` is the option of today, for charges that are not invoiced yet.
    """
    sums: dict[VatRateKey, list[int]] = defaultdict(lambda: [0, 0])
    for movement in iter_declared_movements(last_day, vat_due=vat_due):
        if first_day <= movement.due_on <= last_day:
            row = sums[movement.vat_rate, movement.exemption]
            row[0] += movement.net_cents
            row[1] += movement.vat_cents
    return [VatReportRow(*rate, *sums[rate]) for rate in sorted(sums, reverse=True) if any(sums[rate])]


def iter_declared_movements(last_day: datetime.date, *, vat_due: str) -> Iterator[VatMovement]:
    """Yield the VAT until a day: as it was stored for closed days, as computed for open days.

    What changed in the closed period since it was closed is due on the first open day, as in the journal.
    """
    closed_until = find_closed_until()
    stored = [
        VatMovement(row.due_on, row.vat_rate, row.exemption, row.net, row.vat, "")
        for row in ClosedVatAmount.objects.filter(due_on__lte=last_day)
    ]
    yield from stored
    if closed_until and last_day <= closed_until:
        return
    # The whole history, not only the period: what was declared before is subtracted
    # (`iter_collected_movements`).
    movements = iter_vat_movements(iter_histories(until=last_day), vat_due=vat_due)
    if closed_until is None:
        yield from movements
        return
    first_open_day = closed_until + datetime.timedelta(days=1)
    # The closed period as of today less what was stored: nothing, unless something changed.
    for movement in movements:
        yield replace(movement, due_on=max(movement.due_on, first_open_day))
    for movement in stored:
        yield replace(
            movement, due_on=first_open_day, net_cents=-movement.net_cents, vat_cents=-movement.vat_cents
        )


def iter_vat_movements(
    receivable_histories: Iterable[ReceivableHistory], *, vat_due: str
) -> Iterator[VatMovement]:
    """Yield the movements of each receivable; `vat_due` is the option of what is not invoiced yet."""
    for history in receivable_histories:
        yield from iter_invoiced_movements(history)
        yield from iter_collected_movements(history, vat_due=vat_due)


def iter_invoiced_movements(history: ReceivableHistory) -> Iterator[VatMovement]:
    """Yield VAT due when a document is issued, for documents on debits."""
    for document in history.documents:
        if document.vat_due != Issuer.VatDue.DEBITS:
            continue
        for (rate, exemption), (total, vat) in document.sum_by_rate().items():
            yield VatMovement(document.issued_on, rate, exemption, total - vat, vat, history.reference)


def iter_collected_movements(history: ReceivableHistory, *, vat_due: str) -> Iterator[VatMovement]:
    """Yield VAT due on collection, for what is not on debits.

    For each day the VAT within everything retained so far is computed and the VAT declared before is
    subtracted, so that rounding never accumulates.

    A payment before its invoice makes VAT due when it is received. Money that came before the receivable was
    recorded counts from the day of the receivable: until then it paid for no service, and its own day may lie
    in a declared period. VAT found later is declared in the period in which it is found.
    """
    previous: dict[VatRateKey, tuple[int, int]] = {}
    for day in history.list_days():
        current = compute_collected(history, day, vat_due=vat_due)
        # Rates of both days: a credited rate disappears from `current` and its VAT is taken back.
        for rate in sorted({*previous, *current}, reverse=True):
            total, vat = current.get(rate, (0, 0))
            total_before, vat_before = previous.get(rate, (0, 0))
            if (total, vat) != (total_before, vat_before):
                change = vat - vat_before
                # Net is what remains of the gross amount, so that both columns add up to the money received.
                yield VatMovement(day, *rate, total - total_before - change, change, history.reference)
        previous = current


def compute_collected(
    history: ReceivableHistory, day: datetime.date, *, vat_due: str
) -> dict[VatRateKey, tuple[int, int]]:
    """Return gross and VAT cents collected for each rate by the end of a day, without what is on debits."""
    requested = sum_requested(history, day, vat_due=vat_due)
    # A rate with more credited than invoiced takes no share of the money.
    keys = [key for key, (total, _vat) in requested.items() if total > 0]
    requested_total = sum(requested[key][0] for key in keys)
    # Money paid too much carries no VAT.
    retained = max(0, min(history.compute_retained(day), requested_total))
    if not retained:
        return {}
    # What is on debits takes its share of the money too, but its VAT was due with the invoice.
    shares = allocate_cents(retained, [requested[key][0] for key in keys])
    return {
        key.rate: (share, compute_vat_share(requested[key], share))
        for key, share in zip(keys, shares, strict=True)
        if key.vat_due == Issuer.VatDue.COLLECTION
    }


def compute_vat_share(requested: tuple[int, int], share: int) -> int:
    """Return the VAT in a share of a (gross, VAT) pair; the full share has the full VAT."""
    total, vat = requested
    # Integer arithmetic, half a cent rounded up; exact for the full share.
    return (2 * vat * share + total) // (2 * total)


def sum_requested(
    history: ReceivableHistory, day: datetime.date, *, vat_due: str
) -> dict[RequestedKey, tuple[int, int]]:
    """Return gross and VAT cents requested for each rate and option by the end of a day.

    Issued documents count as issued, charges not invoiced yet at their computed VAT.
    """
    sums: dict[RequestedKey, list[int]] = defaultdict(lambda: [0, 0])
    for document in history.documents:
        if document.issued_on <= day:
            for rate, (total, vat) in document.sum_by_rate().items():
                sums[RequestedKey(rate, document.vat_due)][0] += total
                sums[RequestedKey(rate, document.vat_due)][1] += vat
    next_vat_due = history.find_next_vat_due(day, vat_due)
    for rate, total in history.compute_uninvoiced(day).items():
        sums[RequestedKey(rate, next_vat_due)][0] += total
        # A payment before its invoice makes VAT due already (CGI, art. 269-2-c).
        sums[RequestedKey(rate, next_vat_due)][1] += compute_included_vat(total, rate[0])
    return {key: (total, vat) for key, (total, vat) in sorted(sums.items(), reverse=True)}
