"""Preview the money of cancelling many registrations, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from convention.money import Money
from registrations.invoices.ledger.balance import ReceivableBalance
from registrations.invoices.models.documents import Charge, Invoice, Receivable
from registrations.models import Order, Registration

from .receivables import calculate_dues_together
from .refund_terms import RefundTerms, calculate_refund_amount


@dataclass
class CancellationSums:
    """Sums in cents by currency: what is refunded, charged as a fee, and no longer due."""

    refunds: Counter[str] = field(default_factory=Counter)
    fees: Counter[str] = field(default_factory=Counter)
    waived: Counter[str] = field(default_factory=Counter)
    credited_order_count: int = 0

    def describe(self) -> dict[str, str]:
        """Return each sum in words, if there is one: "120 €", or "120 € + 50 CHF"."""
        return {
            name: format_amounts(amounts)
            for name, amounts in (("refunds", self.refunds), ("fees", self.fees), ("waived", self.waived))
        }


def format_amounts(amounts: Mapping[str, int]) -> str:
    """Return the amounts of several currencies as one text, "" if all are zero."""
    return " + ".join(str(Money(cents, currency)) for currency, cents in sorted(amounts.items()) if cents)


@dataclass(frozen=True)
class BilledOrder:
    """The stored receivable of an order: charges, also withdrawn ones, and balance."""

    charges: list[Charge]
    balance: ReceivableBalance
    is_invoiced: bool


def load_billed_orders(orders: Iterable[Order]) -> dict[str, BilledOrder]:
    """Return the receivables of these orders by reference; orders that were not billed are left out."""
    rows: Any = Receivable.objects.with_balance().filter(reference__in={order.reference for order in orders})
    invoices = Invoice.objects.filter(receivable=OuterRef("pk"))
    return {
        row.reference: BilledOrder(
            list(row.charges.all()),
            ReceivableBalance(row.amount_owed, row.amount_paid, row.amount_refunded),
            row.is_invoiced,
        )
        for row in rows.annotate(is_invoiced=Exists(invoices)).prefetch_related("charges")
    }


def calculate_amounts_due(
    registrations: Iterable[Registration], billed_orders: Mapping[str, BilledOrder]
) -> dict[int, int]:
    """Return what is due for each registration in cents, by id, if those of an order end together."""
    by_reference: dict[str, list[Registration]] = defaultdict(list)
    for registration in registrations:
        by_reference[registration.order.reference].append(registration)
    dues: dict[int, int] = {}
    for reference, rows in by_reference.items():
        billed = billed_orders.get(reference)
        dues |= calculate_dues_together(rows, billed.charges if billed else None)
    return dues


def sum_cancellations(
    terms_by_registration: Iterable[tuple[Registration, RefundTerms]],
    billed_orders: Mapping[str, BilledOrder],
) -> CancellationSums:
    """Return what cancelling these registrations on these terms comes to; those of an order end together."""
    sums = CancellationSums()
    terms_by_order: dict[str, list[RefundTerms]] = defaultdict(list)
    currencies: dict[str, str] = {}
    unpaid_addon_cents: Counter[str] = Counter()
    for registration, terms in terms_by_registration:
        unpaid_addon_cents[registration.order.reference] += registration.unpaid_addon_cents
        terms_by_order[registration.order.reference].append(terms)
        currencies[registration.order.reference] = registration.order.currency
    for reference, order_terms in terms_by_order.items():
        currency, billed = currencies[reference], billed_orders.get(reference)
        released_cents = sum(terms.released_cents for terms in order_terms)
        refund_cents = (
            _calculate_refund(billed.balance, released_cents, unpaid_addon_cents[reference]) if billed else 0
        )
        sums.refunds[currency] += refund_cents
        sums.waived[currency] += released_cents - refund_cents
        sums.fees[currency] += sum(terms.cancellation_fee for terms in order_terms)
        # Also without a refund: the fee is a charge of its own, invoiced in place of the price.
        is_credited = billed and billed.is_invoiced and any(terms.due_cents for terms in order_terms)
        sums.credited_order_count += bool(is_credited)
    return sums


def _calculate_refund(balance: ReceivableBalance, released_cents: int, unpaid_addon_cents: int) -> int:
    return calculate_refund_amount(
        released_cents=released_cents,
        # Nothing was cancelled yet, so that the balance still contains what would be released.
        owed_cents=balance.amount_owed - released_cents - unpaid_addon_cents,
        received_cents=balance.amount_retained,
    )
