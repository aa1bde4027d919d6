"""VAT inside prices that include it, in whole cents: rounded once per rate, then allotted to the cent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WHOLE = 10_000
"""A rate of 100 %, in hundredths of a percent."""


@dataclass(frozen=True)
class Tax:
    """What one rate comes to: net and VAT in cents; the exemptions of a rate of 0."""

    rate: int
    net: int
    vat: int
    exemptions: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """With VAT."""
        return self.net + self.vat


def vat_within(total: int, rate: int) -> int:
    """The VAT in a total that includes it; half a cent is rounded away from zero."""
    size = (2 * abs(total) * rate + WHOLE + rate) // (2 * (WHOLE + rate))
    return size if total >= 0 else -size


def allotted(total: int, weights: Sequence[int]) -> list[int]:
    """A total parted like the weights, to the cent: what rounding leaves goes to the largest fractions."""
    whole = sum(weights)
    if whole == 0:
        return [total if index == 0 else 0 for index in range(len(weights))]
    parts = [divmod(total * weight, whole) for weight in weights]
    shares = [share for share, _rest in parts]
    by_rest = sorted(range(len(parts)), key=lambda index: (-abs(parts[index][1]), index))
    for index in by_rest[: total - sum(shares)]:
        shares[index] += 1
    return shares


@dataclass(frozen=True)
class Priced:
    """A line's amount with VAT, its rate, and why there is none.

    `net` is given where the line answers another one: what is taken back is what was asked for, to the cent.
    """

    amount: int
    rate: int
    exemption: str = ""
    net: int | None = None


def taxed(lines: Sequence[Priced]) -> tuple[list[int], list[Tax]]:
    """The net of each line and the totals per rate, highest rate first; both add up to the same."""
    nets = [line.net or 0 for line in lines]
    taxes = []
    for rate in sorted({line.rate for line in lines}, reverse=True):
        places = [index for index, line in enumerate(lines) if line.rate == rate]
        fresh = [index for index in places if lines[index].net is None]
        amounts = [lines[index].amount for index in fresh]
        net = sum(amounts) - vat_within(sum(amounts), rate)
        for index, share in zip(fresh, net_shares(amounts, net, rate), strict=True):
            nets[index] = share
        net, total = sum(nets[index] for index in places), sum(lines[index].amount for index in places)
        taxes.append(Tax(rate, net, total - net, reasons(lines[index].exemption for index in places)))
    return nets, taxes


def net_shares(amounts: Sequence[int], net: int, rate: int) -> list[int]:
    """Each line's own net, rounded down or up so that they add up to the net of the rate."""
    exact = [divmod(amount * WHOLE, WHOLE + rate) for amount in amounts]
    shares = [share for share, _rest in exact]
    by_rest = sorted(range(len(exact)), key=lambda index: (-exact[index][1], index))
    for index in by_rest[: net - sum(shares)]:
        shares[index] += 1
    return shares


def reasons(exemptions: Iterable[str]) -> tuple[str, ...]:
    """Each exemption once, in order."""
    return tuple(dict.fromkeys(code for code in exemptions if code))
