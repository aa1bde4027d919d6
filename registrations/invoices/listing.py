"""The treasurer's list: searched, filtered by state and event, and as rows of a file."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.downloads import Sheet
from convention.text import fold, tidy

from .advice import STATES, State, state_of
from .models import Invoice, Receivable
from .receivables import ReceivableQuerySet


@dataclass(frozen=True)
class Filter:
    """What the treasurer looks for; empty fields filter nothing."""

    words: str = ""
    state: str = ""
    event: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """Out of an address's query: q, state and event."""
        asked = {name: tidy(query.get(name, "")[:300]) for name in ("q", "state", "event")}
        return cls(words=asked["q"], state=asked["state"], event=asked["event"])

    def apply(self, *, today: datetime.date) -> ReceivableQuerySet:
        """The receivables it leaves, latest first, each with its balance."""
        rows = listed(today)
        for word in fold(self.words).split():
            numbered = Invoice.objects.filter(number__icontains=word).values("receivable")
            rows = rows.filter(Q(search__contains=word) | Q(pk__in=numbered))
        if self.event:
            rows = rows.filter(event__slug=self.event)
        return rows.filter(in_state(self.state)) if self.state in STATES else rows


def listed(today: datetime.date) -> ReceivableQuerySet:
    """All, with balance, the first day on which an invoice is due, and whether that has passed."""
    mine = Invoice.objects.exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(receivable=OuterRef("pk"))
    first = mine.order_by("due_on").values("due_on")[:1]
    rows: ReceivableQuerySet = Receivable.objects.with_balance().annotate(
        first_due=Subquery(first), is_late=Exists(mine.filter(due_on__lt=today))
    )
    return rows


def in_state(state: str) -> Q:
    """The condition of a state (`advice.state_of` says the same of one row)."""
    return {
        State.OPEN.value: Q(due__gt=0, is_late=False),
        State.OVERDUE.value: Q(due__gt=0, is_late=True),
        State.PAID.value: Q(due=0) & ~Q(owed=0),
        State.TOO_MUCH.value: Q(due__lt=0),
        State.NOTHING.value: Q(due=0, owed=0),
    }[state]


def with_numbers(rows: ReceivableQuerySet) -> ReceivableQuerySet:
    """With the documents of each."""
    documents = Invoice.objects.order_by("issued_on", "pk").only("number", "kind", "receivable", "due_on")
    return rows.select_related("event").prefetch_related(Prefetch("invoices", documents))


def state_of_row(row: Any) -> State:
    """The state of a row of the list."""
    return state_of(row.owed, row.due, first_due=row.first_due, today=timezone.localdate())


def totals(rows: ReceivableQuerySet) -> dict[str, int]:
    """What all of them come to: owed, kept and left to pay."""
    found = {"owed": 0, "kept": 0, "due": 0}
    for owed, paid, back, due in rows.order_by().values_list("owed", "paid", "given_back", F("due")):
        found["owed"] += owed
        found["kept"] += paid - back
        found["due"] += due
    return found


def header() -> list[str]:
    """The names of the columns."""
    return [
        _("Reference"), _("Buyer"), _("E-mail"), _("Event"), pgettext("subject", "For"), _("Purchase order"),
        _("Owed"), _("Paid"), _("Given back"), _("Left to pay"), _("Currency"), _("State"), _("Invoices"),
        _("Due on"), _("Created"),
    ]  # fmt: skip


def as_rows(rows: ReceivableQuerySet) -> Iterator[list[Any]]:
    """One row for each receivable; amounts in whole units of the currency."""
    for row in with_numbers(rows).iterator(chunk_size=1000):
        amounts = (row.owed, row.paid, row.given_back, row.due)  # type: ignore[attr-defined]  # annotated
        yield [
            row.reference,
            row.name,
            row.email,
            str(row.event or ""),
            row.subject,
            row.purchase_order,
            *(Decimal(amount) / 100 for amount in amounts),
            row.currency,
            str(STATES[state_of_row(row)]),
            ", ".join(document.number for document in row.invoices.all()),
            row.first_due or "",  # type: ignore[attr-defined]  # annotated
            timezone.localtime(row.created_at),
        ]


def sheet_of(rows: ReceivableQuerySet) -> Sheet:
    """The list, to download."""
    return Sheet(_("Receivables"), header(), as_rows(rows))
