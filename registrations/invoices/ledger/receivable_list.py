"""The treasurer's list of receivables: search, filters, totals and export."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    ExpressionWrapper,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.tables.downloads import TableSheet
from convention.text.normalize import normalize_whitespace
from registrations.invoices.models import (
    Invoice,
    Quotation,
    Receivable,
    ReceivableQuerySet,
    Refund,
)
from registrations.invoices.models.receivables import build_sum_subquery

from .advice import STATE_LABELS, ReceivableState, derive_receivable_state
from .invoiced_lines import annotate_cents_to_credit
from .receivable_search import search_receivables

MIN_NUMBER_LENGTH, MAX_QUOTATIONS_FOUND = 6, 10


@dataclass(frozen=True)
class ReceivableFilter:
    """Filter of the list; empty fields match everything."""

    search_text: str = ""
    state: str = ""
    event: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "ReceivableFilter":
        """Return the filter for the query parameters q, state and event."""
        # Cut first: each word of the search adds a condition to the query.
        values = {name: normalize_whitespace(query.get(name, "")[:300]) for name in ("q", "state", "event")}
        return cls(search_text=values["q"], state=values["state"], event=values["event"])

    def list_receivables(self, *, today: datetime.date) -> ReceivableQuerySet:
        """Return the matching receivables with their balance, latest first."""
        rows = search_receivables(annotate_receivables(today), self.search_text)
        if self.event:
            rows = rows.filter(event__slug=self.event)
        if self.state in STATE_LABELS:
            return rows.filter(build_state_condition(self.state))
        # Orders that were cancelled unpaid would fill the list; a search finds them all the same.
        if self.state or self.search_text:
            return rows
        return rows.exclude(build_state_condition(ReceivableState.NOTHING_OWED.value))


def search_quotations(search_text: str) -> list[Quotation]:
    """Return the quotations of events whose number was searched for, the newest first."""
    # A number has a year and six digits: anything shorter is no search for a quotation.
    if len(search_text) < MIN_NUMBER_LENGTH or " " in search_text:
        return []
    rows = Quotation.objects.exclude(event=None).filter(number__icontains=search_text)
    return list(rows.select_related("event")[:MAX_QUOTATIONS_FOUND])


def sum_payable_until_then() -> QuerySet[Any, Any]:
    """Return the subquery of an invoice for the cents invoiced on its receivable until then."""
    negated = ExpressionWrapper(-F("total"), BigIntegerField())
    signed_total = Case(When(kind=Invoice.Kind.CREDIT_NOTE, then=negated), default=F("total"))
    # A credit note counts with the invoice that it credits.
    return (
        Invoice.objects.annotate(counted_with=Coalesce("origin_id", "pk"))
        .filter(receivable=OuterRef("receivable"), counted_with__lte=OuterRef("pk"))
        .order_by()
        .values("receivable")
        .annotate(payable=Sum(signed_total))
        .values("payable")
    )


def annotate_receivables(today: datetime.date) -> ReceivableQuerySet:
    """Return all receivables with balance, `unpaid_due_on`, `is_late`, `cents_to_send`, `cents_to_credit`.

    `unpaid_due_on` is the earliest due date of the invoices that are not paid in full, None without one. As
    in `compute_unpaid_cents`, payments cover invoices in the order in which they were issued.
    """
    retained = ExpressionWrapper(OuterRef("amount_paid") - OuterRef("amount_refunded"), BigIntegerField())
    unpaid_invoices = (
        Invoice.objects.exclude(kind=Invoice.Kind.CREDIT_NOTE)
        .annotate(payable=Subquery(sum_payable_until_then()))
        .filter(receivable=OuterRef("pk"), payable__gt=retained)
    )
    rows: ReceivableQuerySet = (
        Receivable.objects.with_balance()
        .with_first_attendee()
        .annotate(unpaid_due_on=Subquery(unpaid_invoices.order_by("due_on").values("due_on")[:1]))
        .annotate(
            is_late=Case(When(unpaid_due_on__lt=today, then=True), default=False),
            cents_to_send=build_sum_subquery(Refund.objects.to_send(), "amount"),
        )
    )
    return annotate_cents_to_credit(rows)


def build_state_condition(state: str) -> Q:
    """Return the condition of a state; it must agree with `advice.derive_receivable_state`."""
    has_refund_to_send = Q(cents_to_send__gt=0)
    is_settled = Q(amount_due=0, cents_to_credit__lte=0) & ~has_refund_to_send
    return {
        ReceivableState.OPEN.value: Q(amount_due__gt=0, is_late=False) & ~has_refund_to_send,
        ReceivableState.OVERDUE.value: Q(amount_due__gt=0, is_late=True) & ~has_refund_to_send,
        ReceivableState.PAID.value: is_settled & ~Q(amount_owed=0),
        ReceivableState.OVERPAID.value: Q(amount_due__lt=0) & ~has_refund_to_send,
        ReceivableState.REFUND_TO_SEND.value: has_refund_to_send,
        ReceivableState.CREDIT_TO_ISSUE.value: Q(amount_due=0, cents_to_credit__gt=0) & ~has_refund_to_send,
        ReceivableState.NOTHING_OWED.value: is_settled & Q(amount_owed=0),
    }[state]


def prefetch_invoices(rows: ReceivableQuerySet) -> ReceivableQuerySet:
    documents = Invoice.objects.order_by("issued_on", "pk").only("number", "kind", "receivable", "due_on")
    return rows.select_related("event").prefetch_related(Prefetch("invoices", documents))


def derive_row_state(row: Any, today: datetime.date | None = None) -> ReceivableState:
    """Return the state of an annotated row, on a day or today."""
    return derive_receivable_state(
        row.amount_owed,
        row.amount_due,
        unpaid_due_on=row.unpaid_due_on,
        cents_to_send=row.cents_to_send,
        cents_to_credit=row.cents_to_credit,
        today=today or timezone.localdate(),
    )


@dataclass
class CurrencyTotals:
    """Sums of receivables in one currency, in cents; `by_state` has count and balance of each state.

    Amounts due and overpaid are never offset against each other: they belong to different buyers.
    """

    currency: str
    amount_owed: int = 0
    amount_retained: int = 0
    amount_due: int = 0
    amount_overpaid: int = 0
    by_state: dict[ReceivableState, tuple[int, int]] = field(default_factory=dict)

    def count_state(self, state: ReceivableState) -> int:
        count, _cents = self.by_state.get(state, (0, 0))
        return count


LIST_COLUMNS = (
    "pk", "created_at", "currency", "amount_owed", "amount_paid", "amount_refunded", "amount_due",
    "unpaid_due_on", "cents_to_send", "cents_to_credit",
)  # fmt: skip
# What the treasurer has to see to comes first.
STATES_BY_URGENCY = (
    ReceivableState.OVERDUE,
    ReceivableState.REFUND_TO_SEND,
    ReceivableState.OVERPAID,
    ReceivableState.CREDIT_TO_ISSUE,
    ReceivableState.OPEN,
    ReceivableState.PAID,
    ReceivableState.NOTHING_OWED,
)


def load_list_values(rows: ReceivableQuerySet) -> list[Any]:
    """Return the values by which all rows are sorted and added up, as named tuples."""
    return list(rows.order_by().values_list(*LIST_COLUMNS, named=True))


def list_ids_by_urgency(values: Sequence[Any]) -> list[int]:
    """Return the ids by state, the earliest due date first, then the newest; what is not invoiced is last."""
    today = timezone.localdate()

    def get_urgency(row: Any) -> tuple[int, datetime.date, float, int]:
        rank = STATES_BY_URGENCY.index(derive_row_state(row, today))
        return rank, row.unpaid_due_on or datetime.date.max, -row.created_at.timestamp(), -row.pk

    # In Python: in SQL each subquery of the balance would run once more for each row.
    return [row.pk for row in sorted(values, key=get_urgency)]


def compute_totals(values: Sequence[Any]) -> list[CurrencyTotals]:
    """Return the sums of all rows by currency, the most frequent currency first."""
    totals: dict[str, CurrencyTotals] = {}
    today = timezone.localdate()
    for row in values:
        # Cents of different currencies are never added.
        sums = totals.setdefault(row.currency, CurrencyTotals(row.currency))
        sums.amount_owed += row.amount_owed
        sums.amount_retained += row.amount_paid - row.amount_refunded
        sums.amount_due += max(0, row.amount_due)
        sums.amount_overpaid += max(0, -row.amount_due)
        state = derive_row_state(row, today)
        count, cents = sums.by_state.get(state, (0, 0))
        sums.by_state[state] = (count + 1, cents + row.amount_due)
    return sorted(totals.values(), key=lambda sums: -sum(count for count, _due in sums.by_state.values()))


def list_headings() -> list[str]:
    return [
        _("Reference"), _("Buyer"), _("E-mail"), _("Event"), pgettext("subject", "For"), _("Purchase order"),
        _("Total"), _("Paid"), _("Refunded"), _("Balance due"), _("Currency"), _("Status"), _("Invoices"),
        _("Due on"), _("Created"),
    ]  # fmt: skip


def iter_sheet_rows(rows: ReceivableQuerySet) -> Iterator[list[Any]]:
    """Yield one row for each receivable, with amounts in whole currency units."""
    # The export may be large: rows are streamed, with their invoices chunk by chunk.
    for row in prefetch_invoices(rows).iterator(chunk_size=1000):
        amounts = (row.amount_owed, row.amount_paid, row.amount_refunded, row.amount_due)  # type: ignore[attr-defined]  # annotated
        yield [
            row.reference,
            row.buyer_label,
            row.email,
            str(row.event or ""),
            row.subject,
            row.purchase_order,
            *(Decimal(amount) / 100 for amount in amounts),
            row.currency,
            str(STATE_LABELS[derive_row_state(row)]),
            ", ".join(document.number for document in row.invoices.all()),
            row.unpaid_due_on or "",  # type: ignore[attr-defined]  # annotated by `annotate_receivables`
            timezone.localtime(row.created_at),
        ]


def build_receivables_sheet(rows: ReceivableQuerySet) -> TableSheet:
    """Return the list as a sheet for download."""
    return TableSheet(_("Receivables"), list_headings(), iter_sheet_rows(rows))
