"""Preview the money of cancelling many registrations, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from convention.money import Money
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.models import Order, Registration

from .receivables import calculate_due_of_charges
from .refund_terms import RefundTerms, calculate_refund_amount

type TermsOfDue = Callable[[Registration, int], RefundTerms]


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


def load_receivables(orders: Iterable[Order]) -> dict[str, Receivable]:
    """Return the receivables of these orders by reference, with balance, charges and `is_invoiced`."""
    rows = Receivable.objects.with_balance().filter(reference__in={order.reference for order in orders})
    invoices = Invoice.objects.filter(receivable=OuterRef("pk"))
    loaded = rows.annotate(is_invoiced=Exists(invoices)).prefetch_related("charges")
    return {receivable.reference: receivable for receivable in loaded}


def calculate_amounts_due(
    registrations: Iterable[Registration], receivables: Mapping[str, Receivable]
) -> dict[int, int]:
    """Return what is due for each registration in cents, by id, as `calculate_amount_due` does for one."""
    due = {}
    for registration in registrations:
        receivable = receivables.get(registration.order.reference)
        due[registration.pk] = calculate_due_of_charges(
            registration, None if receivable is None else receivable.charges.all()
        )
    return due


def sum_cancellations(
    terms_by_registration: Sequence[tuple[Registration, RefundTerms]], receivables: Mapping[str, Receivable]
) -> CancellationSums:
    """Return what cancelling these registrations on these terms comes to; those of an order end together."""
    sums = CancellationSums()
    terms_by_order: dict[str, list[RefundTerms]] = defaultdict(list)
    currencies: dict[str, str] = {}
    for registration, terms in terms_by_registration:
        terms_by_order[registration.order.reference].append(terms)
        currencies[registration.order.reference] = registration.order.currency
    for reference, order_terms in terms_by_order.items():
        currency, receivable = currencies[reference], receivables.get(reference)
        released_cents = sum(terms.released_cents for terms in order_terms)
        refund_cents = _calculate_refund(receivable, released_cents) if receivable else 0
        sums.refunds[currency] += refund_cents
        sums.waived[currency] += released_cents - refund_cents
        sums.fees[currency] += sum(terms.cancellation_fee for terms in order_terms)
        sums.credited_order_count += bool(receivable and receivable.is_invoiced and released_cents)
    return sums


def _calculate_refund(receivable: Receivable, released_cents: int) -> int:
    return calculate_refund_amount(
        released_cents=released_cents,
        # Nothing was cancelled yet, so that the balance still contains what would be released.
        owed_cents=receivable.amount_owed - released_cents,
        received_cents=receivable.amount_paid - receivable.amount_refunded,
    )
