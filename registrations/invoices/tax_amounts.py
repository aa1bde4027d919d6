"""VAT arithmetic on prices that include VAT, in whole cents.

VAT is rounded once for each rate, then allocated to the lines, so that lines and totals always agree.
EN 16931 checks both sums, and rounding each line would let them differ by some cents.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .vat_exemptions import get_vat_category

# 100 %, in hundredths of a percent.
FULL_RATE = 10_000
STANDARD_VAT_RATE = 2000
# The French rates in hundredths of a percent; a rate of 0 needs an exemption code.
VAT_RATES = (STANDARD_VAT_RATE, 1000, 550, 210, 0)


@dataclass(frozen=True)
class TaxTotal:
    """Total of one VAT rate and category: net and VAT in cents, with the exemption codes of a rate of 0."""

    rate: int
    net: int
    vat: int
    exemptions: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.net + self.vat


def compute_included_vat(total: int, vat_rate: int) -> int:
    """Return the VAT included in a total; half a cent is rounded away from zero."""
    # Integers only: adding half the divisor before dividing rounds to the nearest cent.
    size = (2 * abs(total) * vat_rate + FULL_RATE + vat_rate) // (2 * (FULL_RATE + vat_rate))
    return size if total >= 0 else -size


def allocate_cents(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total in proportion to weights, exactly; the largest remainders get the odd cents."""
    weight_sum = sum(weights)
    # Without weights the first part gets the total, so that the sum is still exact.
    if weight_sum == 0:
        return [total if index == 0 else 0 for index in range(len(weights))]
    parts = [divmod(total * weight, weight_sum) for weight in weights]
    shares = [share for share, _rest in parts]
    # Equal remainders go in order, so that the same input always gives the same cents.
    by_rest = sorted(range(len(parts)), key=lambda index: (-abs(parts[index][1]), index))
    for index in by_rest[: total - sum(shares)]:
        shares[index] += 1
    return shares


@dataclass(frozen=True)
class PricedLine:
    """Gross amount of a line with its VAT rate or exemption.

    `net_cents` is given for a line that reverses another one, so that the same net is taken back to the cent.
    """

    gross_cents: int
    vat_rate: int
    exemption: str = ""
    net_cents: int | None = None


def compute_taxes(lines: Sequence[PricedLine]) -> tuple[list[int], list[TaxTotal]]:
    """Return the net of each line and the totals for each rate and category, highest rate first."""
    nets = [line.net_cents or 0 for line in lines]
    taxes = []
    # EN 16931 wants a total of its own for the reverse charge, apart from what is exempt.
    groups = [(line.vat_rate, get_vat_category(line.vat_rate, line.exemption)) for line in lines]
    for rate, category in sorted(set(groups), reverse=True):
        indexes = [index for index, group in enumerate(groups) if group == (rate, category)]
        # Lines that reverse others keep their net; only the rest is computed.
        new_indexes = [index for index in indexes if lines[index].net_cents is None]
        amounts = [lines[index].gross_cents for index in new_indexes]
        net = sum(amounts) - compute_included_vat(sum(amounts), rate)
        for index, share in zip(new_indexes, allocate_net_cents(amounts, net, rate), strict=True):
            nets[index] = share
        net, total = sum(nets[index] for index in indexes), sum(lines[index].gross_cents for index in indexes)
        # VAT is the difference, so that net and VAT always add up to the price that the buyer saw.
        taxes.append(
            TaxTotal(
                rate, net, total - net, list_distinct_exemptions(lines[index].exemption for index in indexes)
            )
        )
    return nets, taxes


def allocate_net_cents(amounts: Sequence[int], net: int, vat_rate: int) -> list[int]:
    """Return the net of each line, rounded down or up so that the sum is `net`."""
    exact = [divmod(amount * FULL_RATE, FULL_RATE + vat_rate) for amount in amounts]
    shares = [share for share, _rest in exact]
    by_rest = sorted(range(len(exact)), key=lambda index: (-exact[index][1], index))
    for index in by_rest[: net - sum(shares)]:
        shares[index] += 1
    return shares


def list_distinct_exemptions(exemptions: Iterable[str]) -> tuple[str, ...]:
    """Return each exemption code once, in order of appearance."""
    return tuple(dict.fromkeys(code for code in exemptions if code))
