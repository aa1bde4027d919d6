"""The treasurer's list of receivables: search, filters, totals and export."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.tables.downloads import TableSheet
from convention.text.normalize import casefold_text, normalize_whitespace
from registrations.invoices.models import Invoice, Receivable, ReceivableQuerySet

from .advice import STATE_LABELS, ReceivableState, derive_receivable_state


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
        rows = annotate_receivables(today)
        # Every word must occur, in the search text or in an invoice number.
        for word in casefold_text(self.search_text).split():
            numbered = Invoice.objects.filter(number__icontains=word).values("receivable")
            rows = rows.filter(Q(search_text__contains=word) | Q(pk__in=numbered))
        if self.event:
            rows = rows.filter(event__slug=self.event)
        return rows.filter(build_state_condition(self.state)) if self.state in STATE_LABELS else rows


def annotate_receivables(today: datetime.date) -> ReceivableQuerySet:
    """Return all receivables with balance, `first_due_on` and `is_late`."""
    invoices = Invoice.objects.exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(receivable=OuterRef("pk"))
    first = invoices.order_by("due_on").values("due_on")[:1]
    rows: ReceivableQuerySet = Receivable.objects.with_balance().annotate(
        first_due_on=Subquery(first), is_late=Exists(invoices.filter(due_on__lt=today))
    )
    return rows


def build_state_condition(state: str) -> Q:
    """Return the condition of a state; it must agree with `advice.derive_receivable_state`."""
    return {
        ReceivableState.OPEN.value: Q(amount_due__gt=0, is_late=False),
        ReceivableState.OVERDUE.value: Q(amount_due__gt=0, is_late=True),
        ReceivableState.PAID.value: Q(amount_due=0) & ~Q(amount_owed=0),
        ReceivableState.OVERPAID.value: Q(amount_due__lt=0),
        ReceivableState.NOTHING_OWED.value: Q(amount_due=0, amount_owed=0),
    }[state]


def prefetch_invoices(rows: ReceivableQuerySet) -> ReceivableQuerySet:
    documents = Invoice.objects.order_by("issued_on", "pk").only("number", "kind", "receivable", "due_on")
    return rows.select_related("event").prefetch_related(Prefetch("invoices", documents))


def derive_row_state(row: Any) -> ReceivableState:
    """Return the state of an annotated row."""
    return derive_receivable_state(
        row.amount_owed, row.amount_due, first_due_on=row.first_due_on, today=timezone.localdate()
    )


def compute_totals(rows: ReceivableQuerySet) -> dict[str, int]:
    """Return the sums of all rows: amount owed, retained and due, in cents."""
    totals = {"amount_owed": 0, "amount_retained": 0, "amount_due": 0}
    columns = ("amount_owed", "amount_paid", "amount_refunded", "amount_due")
    for owed, paid, refunded, due in rows.order_by().values_list(*columns):
        totals["amount_owed"] += owed
        totals["amount_retained"] += paid - refunded
        totals["amount_due"] += due
    return totals


def list_headings() -> list[str]:
    return [
        _("Reference"), _("Buyer"), _("E-mail"), _("Event"), pgettext("subject", "For"), _("Purchase order"),
        _("Amount due"), _("Paid"), _("Refunded"), _("Balance due"), _("Currency"), _("State"), _("Invoices"),
        _("Due on"), _("Created"),
    ]  # fmt: skip


def iter_sheet_rows(rows: ReceivableQuerySet) -> Iterator[list[Any]]:
    """Yield one row for each receivable, with amounts in whole currency units."""
    # The export may be large: rows are streamed, with their invoices chunk by chunk.
    for row in prefetch_invoices(rows).iterator(chunk_size=1000):
        amounts = (row.amount_owed, row.amount_paid, row.amount_refunded, row.amount_due)  # type: ignore[attr-defined]  # annotated
        yield [
            row.reference,
            row.name,
            row.email,
            str(row.event or ""),
            row.subject,
            row.purchase_order,
            *(Decimal(amount) / 100 for amount in amounts),
            row.currency,
            str(STATE_LABELS[derive_row_state(row)]),
            ", ".join(document.number for document in row.invoices.all()),
            row.first_due_on or "",  # type: ignore[attr-defined]  # annotated
            timezone.localtime(row.created_at),
        ]


def build_receivables_sheet(rows: ReceivableQuerySet) -> TableSheet:
    """Return the list as a sheet for download."""
    return TableSheet(_("Receivables"), list_headings(), iter_sheet_rows(rows))
