"""Create, change and remove shared quotas: tickets join and leave while places are being sold."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Sum

from convention.audit.record import record

from .keep import refuse_fewer
from .models import Quota, Ticket
from .offer import offer_free


@transaction.atomic
def save_quota(*, quota: Quota, tickets: Collection[Ticket], changed: list[str]) -> Quota:
    """Keep a new or changed quota that these tickets of its event share.

    All tickets of the event are locked first, as bookings lock theirs before quotas: what is counted then
    is true. Raises InvalidFields where more places are taken than it would have.
    """
    _lock_tickets(quota)
    verb = "quota.change" if quota.pk else "quota.create"
    if quota.pk is None:
        quota.save()
    left_behind = {ticket.quota for ticket in tickets if ticket.quota and ticket.quota != quota}
    quota.tickets.exclude(pk__in=[ticket.pk for ticket in tickets]).update(quota=None)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(quota=quota)
    quota.taken = _count(quota)
    if quota.capacity is not None and quota.taken > quota.capacity:
        refuse_fewer(quota.taken)
    quota.save()
    for other in left_behind:
        Quota.objects.filter(pk=other.pk).update(taken=_count(other))
    _offer_what_is_free(quota)
    record(verb, quota, event=quota.event, fields=changed)
    return quota


@transaction.atomic
def remove_quota(*, quota: Quota) -> None:
    """Remove a quota: its tickets keep the places of their own."""
    _lock_tickets(quota)
    record("quota.remove", quota, event=quota.event)
    quota.delete()
    _offer_what_is_free(quota)


def _lock_tickets(quota: Quota) -> None:
    """All of the event, in the order in which bookings lock them."""
    rows = Ticket.objects.filter(event=quota.event).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk"))


def _offer_what_is_free(quota: Quota) -> None:
    """Places that there are more of now, in any ticket of the event, go to those who wait."""
    for pk in quota.event.tickets.order_by("pk").values_list("pk", flat=True):
        offer_free(Ticket, pk)


def _count(quota: Quota) -> int:
    """The places taken of all tickets that share it."""
    return quota.tickets.aggregate(taken=Sum("taken"))["taken"] or 0
