"""The states of quotations in a list, with the orders that were placed from them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from registrations.invoices.models import Quotation
from registrations.models import Order, Sponsorship
from registrations.pricing.quotation_prices import count_ordered_items, parse_line_key

from .lookup import load_quoted_orders

# The lines of places name their kind.
PACKAGE_KIND = ""


class QuotationState(StrEnum):
    """Whether a quotation was ordered, else whether it still can be."""

    OPEN = "open"
    PARTLY_USED = "partly_used"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class QuotationRow:
    """A quotation in a list; `orders` includes those that were cancelled."""

    quotation: Quotation
    orders: list[Order]
    state: QuotationState

    @property
    def can_be_withdrawn(self) -> bool:
        return self.state in (QuotationState.OPEN, QuotationState.PARTLY_USED)


def load_quotation_rows(quotations: Sequence[Quotation]) -> list[QuotationRow]:
    """Return the rows of a list, with a fixed number of queries."""
    numbers = [quotation.number for quotation in quotations]
    orders, ordered_items = load_quoted_orders(quotations), count_ordered_items(numbers)
    packages = Sponsorship.objects.active().filter(order__quotation_number__in=numbers)
    for number, slug in packages.values_list("order__quotation_number", "package__slug"):
        ordered_items[number][PACKAGE_KIND, slug] += 1
    return [
        QuotationRow(
            quotation,
            orders.get(quotation.number, []),
            _find_state(quotation, ordered_items[quotation.number]),
        )
        for quotation in quotations
    ]


def _find_state(quotation: Quotation, ordered_items: Counter[tuple[str, str]]) -> QuotationState:
    quoted_items = _count_quoted_items(quotation)
    # The items of an order that were not quoted leave the quoted prices unused.
    used_count = (quoted_items & ordered_items).total()
    if used_count == quoted_items.total():
        return QuotationState.USED
    if quotation.withdrawn_at:
        return QuotationState.WITHDRAWN
    if not quotation.is_valid:
        return QuotationState.EXPIRED
    return QuotationState.PARTLY_USED if used_count else QuotationState.OPEN


def _count_quoted_items(quotation: Quotation) -> Counter[tuple[str, str]]:
    """Return how many of each item are quoted, by kind and slug."""
    keys = [parse_line_key(line.get("key", "")) for line in quotation.lines]
    # The key of a package is its slug alone.
    return Counter((kind, slug) if kind else (PACKAGE_KIND, number) for number, kind, slug in keys)
