"""Amounts that orders still owe, for many guests in a fixed number of queries."""

from collections.abc import Iterable

from django.db.models import prefetch_related_objects

from convention.money import Money
from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Receivable
from registrations.models import Order, Registration


def load_amounts_due(orders: Iterable[Order]) -> dict[int, Money]:
    """Return what is left to pay for each order, by the order's id; negative if too much was paid."""
    billed = [order for order in orders if order.total]
    receivables = Receivable.objects.filter(reference__in=[order.reference for order in billed])
    rows = receivables.with_balance().values("reference", "amount_due")  # type: ignore[misc]  # annotated
    cents_due = {row["reference"]: row["amount_due"] for row in rows}
    # An order gets its receivable when money is first concerned; until then it owes its whole price.
    unbilled = [order for order in billed if order.reference not in cents_due]
    prefetch_related_objects(unbilled, "registrations__addons", "sponsorships")
    return {
        order.pk: Money(cents_due[order.reference], order.currency)
        if order.reference in cents_due
        else order.amount_due
        for order in billed
    }


def sync_amount_due(guest: Registration) -> tuple[Receivable, int]:
    """Bring the receivable of a guest's order up to date; return it with the cents left to pay."""
    receivable = sync_receivable(guest.order)
    return receivable, compute_balance(receivable).amount_due
