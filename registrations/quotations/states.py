"""The states of quotations in a list, with the orders that were placed from them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count

from registrations.invoices.models import Quotation
from registrations.models import Order, Registration, Sponsorship
from registrations.pricing.quotation_prices import parse_line_key
from registrations.pricing.quoted_prices import TICKET_KIND

from .lookup import load_quoted_orders


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
    orders = load_quoted_orders(quotations)
    counts = _count_ordered_places([quotation.number for quotation in quotations])
    return [
        QuotationRow(
            quotation, orders.get(quotation.number, []), _find_state(quotation, counts[quotation.number])
        )
        for quotation in quotations
    ]


def _find_state(quotation: Quotation, ordered_count: int) -> QuotationState:
    if ordered_count >= _count_quoted_places(quotation):
        return QuotationState.USED
    if quotation.withdrawn_at:
        return QuotationState.WITHDRAWN
    if not quotation.is_valid:
        return QuotationState.EXPIRED
    return QuotationState.PARTLY_USED if ordered_count else QuotationState.OPEN


def _count_quoted_places(quotation: Quotation) -> int:
    """Return the number of quoted tickets, 1 for a package."""
    kinds = [parse_line_key(line.get("key", ""))[1] for line in quotation.lines]
    return kinds.count(TICKET_KIND) or 1


def _count_ordered_places(numbers: list[str]) -> Counter[str]:
    """Return how many places and packages active orders from each quotation have."""
    counts = Counter[str]()
    for model in (Registration, Sponsorship):
        rows = model.objects.active().filter(order__quotation_number__in=numbers).order_by()
        counts.update(dict(rows.values_list("order__quotation_number").annotate(Count("pk"))))
    return counts
