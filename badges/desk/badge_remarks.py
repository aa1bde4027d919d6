"""Provide what scanners show of a badge's holder: the desk's note, and whether money is to be paid."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from convention.events.sequence import advance_sequence
from registrations.invoices.models import Receivable
from registrations.models import Order, Registration, RegistrationQuerySet
from registrations.notes.models import StaffNote


def find_badge_remarks(registrations: RegistrationQuerySet) -> dict[int, dict[str, Any]]:
    """Return what scanners show of these registrations, by id: `note` and `to_pay`, each if there is any."""
    notes = StaffNote.objects.filter(registration__in=registrations.order_by().values("pk"))
    remarks: dict[int, dict[str, Any]] = {
        pk: {"note": text} for pk, text in notes.values_list("registration", "text")
    }
    for pk in filter_to_pay(registrations).order_by().values_list("pk", flat=True):
        remarks.setdefault(pk, {})["to_pay"] = True
    return remarks


def filter_to_pay(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Return those whose order has something to pay now, as `DeskGuest.payment_state` says of one guest."""
    receivables: Any = Receivable.objects.with_balance().filter(reference=OuterRef("order__reference"))
    # Invoices are paid after the event.
    payable = registrations.confirmed().filter(order__total__gt=0)
    billed = payable.exclude(order__payment=Order.Payment.INVOICE)
    # An order without a receivable owes its whole price.
    return billed.exclude(Exists(receivables.filter(amount_due__lte=0)))


def refresh_badges_of_order(receivable: Receivable) -> None:
    """Let scanners fetch the badges of an order whose balance has changed, once that is committed."""
    if _filter_badges_of(receivable.reference).exists():
        # Later, in a transaction of its own: here the receivable is locked, and other actions lock the
        # event's row before a receivable.
        transaction.on_commit(partial(renew_badges, receivable.reference), robust=True)


@transaction.atomic
def renew_badges(order_reference: str) -> None:
    """Give the badges of an order the event's next sequence, so that scanners fetch them."""
    rows = _filter_badges_of(order_reference).select_for_update(of=("self",), no_key=True).order_by("pk")
    by_event: dict[int, list[int]] = {}
    for pk, event_id in rows.values_list("pk", "event"):
        by_event.setdefault(event_id, []).append(pk)
    for event_id, pks in by_event.items():
        Registration.objects.filter(pk__in=pks).update(sequence=advance_sequence(event_id))


def _filter_badges_of(order_reference: str) -> RegistrationQuerySet:
    return Registration.objects.confirmed().filter(order__reference=order_reference)
