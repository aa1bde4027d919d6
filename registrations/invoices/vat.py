"""When VAT is due, and how much: when it is paid, or when it is invoiced. Amounts are in cents."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .amounts import allotted, vat_within
from .history import History, histories
from .issuers import Issuer

type Rate = tuple[int, str]
"""A rate in hundredths of a percent, and the exemption of a rate of 0."""


@dataclass(frozen=True)
class Movement:
    """What became due on a day, or was taken back where it is negative."""

    on: datetime.date
    rate: int
    exemption: str
    net: int
    vat: int
    reference: str


@dataclass(frozen=True)
class VatRow:
    """One rate of a period."""

    rate: int
    exemption: str
    net: int
    vat: int


def vat_report(first: datetime.date, last: datetime.date, *, vat_due: str) -> list[VatRow]:
    """What is due for a period, per rate, highest first; both days belong to it."""
    sums: dict[Rate, list[int]] = defaultdict(lambda: [0, 0])
    for movement in movements(histories(until=last), vat_due=vat_due):
        if first <= movement.on <= last:
            row = sums[movement.rate, movement.exemption]
            row[0] += movement.net
            row[1] += movement.vat
    return [VatRow(*rate, *sums[rate]) for rate in sorted(sums, reverse=True) if any(sums[rate])]


def movements(past: Iterable[History], *, vat_due: str) -> Iterator[Movement]:
    """All that became due, receivable by receivable, in the order of time."""
    find = on_debits if vat_due == Issuer.VatDue.DEBITS else on_collection
    for history in past:
        yield from find(history)


def on_debits(history: History) -> Iterator[Movement]:
    """Due when it is invoiced."""
    for document in history.documents:
        for (rate, exemption), (total, vat) in document.by_rate().items():
            yield Movement(document.on, rate, exemption, total - vat, vat, history.reference)


def on_collection(history: History) -> Iterator[Movement]:
    """Due when it is paid: at each day the VAT within what was kept so far, less what was due before."""
    before: dict[Rate, tuple[int, int]] = {}
    for day in history.days():
        now = collected(history, day)
        for rate in sorted({*before, *now}, reverse=True):
            (total, vat), (total_before, vat_before) = now.get(rate, (0, 0)), before.get(rate, (0, 0))
            if (total, vat) != (total_before, vat_before):
                change = vat - vat_before
                yield Movement(day, *rate, total - total_before - change, change, history.reference)
        before = now


def collected(history: History, day: datetime.date) -> dict[Rate, tuple[int, int]]:
    """How much of each rate was paid by the end of a day: with VAT, and the VAT in it."""
    asked = asked_for(history, day)
    rates = [rate for rate, (total, _vat) in asked.items() if total > 0]
    whole = sum(asked[rate][0] for rate in rates)
    kept = max(0, min(history.kept(day), whole))
    if not kept:
        return {}
    shares = allotted(kept, [asked[rate][0] for rate in rates])
    return {rate: (share, part(asked[rate], share)) for rate, share in zip(rates, shares, strict=True)}


def part(asked: tuple[int, int], share: int) -> int:
    """The VAT in a share of a total; all of it in all of it."""
    total, vat = asked
    return (2 * vat * share + total) // (2 * total)


def asked_for(history: History, day: datetime.date) -> dict[Rate, tuple[int, int]]:
    """What was asked for by the end of a day: documents as they were issued, and what stood on none yet."""
    sums: dict[Rate, list[int]] = defaultdict(lambda: [0, 0])
    for document in history.documents:
        if document.on <= day:
            for rate, (total, vat) in document.by_rate().items():
                sums[rate][0] += total
                sums[rate][1] += vat
    for rate, total in history.uninvoiced(day).items():
        sums[rate][0] += total
        sums[rate][1] += vat_within(total, rate[0])
    return {rate: (total, vat) for rate, (total, vat) in sorted(sums.items(), reverse=True)}
