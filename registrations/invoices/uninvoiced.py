"""Find the receivables with charges that no document invoices yet, and issue their invoices together.

The query repeats `invoiced_balance` in SQL (`ledger.invoiced_lines`), for lists of thousands; a test compares
both.
"""

import datetime
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.tasks import task
from django.utils import timezone

from convention import hooks
from convention.actor import Actor, current_actor
from convention.errors import ConventionError
from convention.tasks.queue import list_unfinished_arguments
from convention.tasks.queue_names import DOCUMENT_QUEUE
from convention.text.countries import country_codes
from registrations.invoices.documents.completeness import is_complete_issuer
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.invoiced_lines import find_undeducted_deposits, find_uninvoiced_charges
from registrations.invoices.ledger.manual_charges import find_manual_charges
from registrations.invoices.models import Issuer, Payment, Receivable, ReceivableQuerySet
from registrations.invoices.models.receivables import build_sum_subquery
from registrations.invoices.sending import queue_invoice_mail

# For one run of the periodic job; the next run continues.
ISSUE_BATCH_SIZE = 200

logger = logging.getLogger(__name__)


def list_uninvoiced_receivables() -> ReceivableQuerySet:
    """Return the receivables with something to invoice, annotated with `uninvoiced`, in cents.

    Orders that wait for a payment or a verification are left out: perhaps nothing will ever be owed for them.
    """
    rows: ReceivableQuerySet = Receivable.objects.annotate(
        charged=build_sum_subquery(find_uninvoiced_charges(), "amount"),
        deducted=build_sum_subquery(find_undeducted_deposits(), "amount"),
    ).annotate(uninvoiced=F("charged") - F("deducted"))
    for find_references in hooks.pending_references.providers():
        rows = rows.exclude(reference__in=find_references())
    # A discount alone is no invoice: the total would be negative.
    return rows.filter(Q(charged__gt=0, uninvoiced__gte=0))


def make_complete_buyer_filter() -> Q:
    """Return the conditions of `require_complete_invoice` and `require_buyer_address` on the receivable."""
    has_address = Q(name__regex=r"\S", street__regex=r"\S", city__regex=r"\S")
    return has_address & Q(country__in=country_codes(), currency__regex="^[A-Z]{3}$")


def make_unpaid_deposit_filter() -> Q:
    """Return the condition that the next invoice deducts a deposit that is not paid in full.

    More is then due than what is left to invoice. It needs `list_uninvoiced_receivables().with_balance()`.
    """
    return Q(deducted__gt=0, amount_due__gt=F("uninvoiced"))


def has_complete_buyer(receivable: Receivable) -> bool:
    """Return whether an invoice of the receivable can name its buyer."""
    return Receivable.objects.filter(make_complete_buyer_filter(), pk=receivable.pk).exists()


@dataclass(frozen=True)
class InvoiceBatch:
    """Receivables that can be invoiced together, and those that wait for a buyer's details or a deposit."""

    ready: Sequence[Receivable]
    incomplete: Sequence[Receivable]
    with_unpaid_deposit: Sequence[Receivable]

    @property
    def total_by_currency(self) -> dict[str, int]:
        """Return the cents to invoice by currency."""
        return _sum_uninvoiced(self.ready)

    @property
    def incomplete_total_by_currency(self) -> dict[str, int]:
        """Return the cents that cannot be invoiced yet by currency."""
        return _sum_uninvoiced(self.incomplete)

    @property
    def fingerprint(self) -> str:
        """Return a text that differs once a row or an amount does."""
        sums = " ".join(f"{total}{currency}" for currency, total in sorted(self.total_by_currency.items()))
        return f"{len(self.ready)} {max((row.pk for row in self.ready), default=0)} {sums}"


def _sum_uninvoiced(rows: Iterable[Receivable]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.uninvoiced  # type: ignore[attr-defined]  # annotated
    return totals


class InvoiceCounts(NamedTuple):
    """How many invoices can be issued now, and how many lack details of the buyer."""

    ready: int
    incomplete: int


def count_uninvoiced(*, event_slug: str = "") -> InvoiceCounts:
    """Count what `load_invoice_batch` returns, of one event or of all."""
    rows = _exclude_queued(list_uninvoiced_receivables()).with_balance()
    if event_slug:
        rows = rows.filter(event__slug=event_slug)
    rows = rows.exclude(make_unpaid_deposit_filter())
    complete = make_complete_buyer_filter()
    counts = rows.aggregate(ready=Count("pk", filter=complete), incomplete=Count("pk", filter=~complete))
    return InvoiceCounts(**counts)


def load_invoice_batch(*, event_slug: str = "") -> InvoiceBatch:
    """Return what can be invoiced now, of one event or of all."""
    rows = _exclude_queued(list_uninvoiced_receivables()).with_balance()
    rows = rows.with_first_attendee().select_related("event").order_by("pk")
    if event_slug:
        rows = rows.filter(event__slug=event_slug)
    # A deposit asks for a part first; the final invoice, issued before it is paid, would make it useless.
    invoiceable = rows.exclude(make_unpaid_deposit_filter())
    return InvoiceBatch(
        ready=list(invoiceable.filter(make_complete_buyer_filter())),
        incomplete=list(invoiceable.exclude(make_complete_buyer_filter())),
        with_unpaid_deposit=list(rows.filter(make_unpaid_deposit_filter())),
    )


def _exclude_queued(rows: ReceivableQuerySet) -> ReceivableQuerySet:
    """Leave out the receivables of batches that the worker has not finished."""
    queued_ids = {
        pk
        for receivable_ids, _person in list_unfinished_arguments(issue_and_send_invoices)
        for pk in receivable_ids
    }
    return rows.exclude(pk__in=queued_ids)


@task(queue_name=DOCUMENT_QUEUE)
def issue_and_send_invoices(receivable_ids: list[int], person_id: int) -> None:
    """Issue and e-mail the invoices of these receivables on behalf of a person. Repeating it is harmless."""
    token = current_actor.set(Actor(person_id, "job"))
    try:
        for receivable in Receivable.objects.filter(pk__in=receivable_ids).order_by("pk"):
            _issue_and_send(receivable)
    finally:
        current_actor.reset(token)


def issue_due_invoices() -> None:
    """Issue the invoices whose time has come by the issuer's setting. A periodic job.

    They are e-mailed with all new documents, by `sending.queue_new_invoice_mails`.
    """
    issuer = Issuer.get_current()
    if issuer is None or issuer.issues_since is None:
        return
    if not is_complete_issuer(issuer):
        logger.warning("No invoice can be issued: the issuer's name, SIREN or country is missing.")
        return
    due_receivables = _iterate_due_receivables(issuer, timezone.now())
    issued_count = 0
    while issued_count < ISSUE_BATCH_SIZE and (receivable := next(due_receivables, None)):
        issued_count += _try_to_issue(receivable)


def _try_to_issue(receivable: Receivable) -> bool:
    """Issue the invoice; return False if that is refused."""
    try:
        issue_invoice(receivable=receivable)
    # One that cannot be issued must not stop the others; the treasurer finds it in the list.
    except ConventionError:
        logger.warning("The invoice of receivable %s cannot be issued.", receivable.pk)
        return False
    return True


def _iterate_due_receivables(issuer: Issuer, now: datetime.datetime) -> Iterator[Receivable]:
    """Yield each due receivable once, in pages by id; a refused one stays due and is tried in every run."""
    last_pk = 0
    while page := list(
        _find_due_receivables(issuer, now).filter(pk__gt=last_pk).order_by("pk")[:ISSUE_BATCH_SIZE]
    ):
        yield from page
        last_pk = page[-1].pk


def _find_due_receivables(issuer: Issuer, now: datetime.datetime) -> ReceivableQuerySet:
    """Return the orders' receivables whose time has come; those entered by hand are left to the treasurer."""
    new_charges = find_uninvoiced_charges().filter(
        receivable=OuterRef("pk"), added_at__gte=issuer.issues_since
    )
    rows = list_uninvoiced_receivables().filter(make_complete_buyer_filter(), Exists(new_charges))
    rows = rows.exclude(pk__in=find_manual_charges().values("receivable"))
    if issuer.issues_on == Issuer.IssueTime.PAYMENT:
        return rows.with_balance().filter(Q(amount_due__lte=0))
    if issuer.issues_on == Issuer.IssueTime.DAY:
        first_day = now + datetime.timedelta(days=issuer.issue_days_before)
        return rows.filter(Q(event__isnull=True) | Q(event__starts_at__lte=first_day))
    # A deposit asks for a part first. The final invoice, issued a minute later, would make it useless.
    return rows.exclude(pk__in=find_undeducted_deposits().values("invoice__receivable"))


def has_invoice_mail_after(payment: Payment) -> bool:
    """Return whether the buyer gets an invoice because of the payment, which says that it is paid."""
    issuer, receivable = Issuer.get_current(), payment.receivable
    if issuer is None or issuer.sends_since is None or not receivable.email:
        return False
    if receivable.invoices.filter(created_at__gte=max(payment.created_at, issuer.sends_since)).exists():
        return True
    if issuer.issues_since is None or issuer.issues_on != Issuer.IssueTime.PAYMENT:
        return False
    is_due = _find_due_receivables(issuer, timezone.now()).filter(pk=receivable.pk).exists()
    return is_due and is_complete_issuer(issuer)


def _issue_and_send(receivable: Receivable) -> None:
    try:
        # Both or neither: a second run of the task finds the invoice issued and would not send it.
        with transaction.atomic():
            queue_invoice_mail(invoice=issue_invoice(receivable=receivable))
    except ConventionError:
        logger.warning("The invoice of receivable %s cannot be issued.", receivable.pk)
