"""Create, change and remove shared quotas while places are being sold."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Sum

from convention.audit.record import record_action
from registrations.models import Quota, Ticket
from registrations.waiting_list.offers import offer_free_event_places

from .stock_limits import raise_too_few_places


@transaction.atomic
def save_quota(*, quota: Quota, tickets: Collection[Ticket], changed: list[str]) -> Quota:
    """Save a quota that these tickets of its event share.

    All tickets of the event are locked first, as bookings lock them before quotas, so that the count stays
    exact. Raise InvalidFields if more places are reserved than the quota would have.
    """
    _lock_event_tickets(quota)
    verb = "quota.change" if quota.pk else "quota.create"
    if quota.pk is None:
        # A new row needs its key before tickets can refer to it.
        quota.save()
    # Quotas that lose a ticket are counted again below.
    reduced_quotas = {ticket.quota for ticket in tickets if ticket.quota and ticket.quota != quota}
    quota.tickets.exclude(pk__in=[ticket.pk for ticket in tickets]).update(quota=None)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(quota=quota)
    # Counted, not adjusted: the locks on the tickets make the sum exact.
    quota.reserved = _count_reserved(quota)
    if quota.capacity is not None and quota.reserved > quota.capacity:
        raise_too_few_places(quota.reserved)
    quota.save()
    for other in reduced_quotas:
        Quota.objects.filter(pk=other.pk).update(reserved=_count_reserved(other))
    offer_free_event_places(quota.event)
    record_action(verb, quota, event=quota.event, fields=changed)
    return quota


@transaction.atomic
def remove_quota(*, quota: Quota) -> None:
    """Remove a quota; its tickets are then limited only by their own places."""
    _lock_event_tickets(quota)
    record_action("quota.remove", quota, event=quota.event)
    quota.delete()
    # The quota may have been the reason why people had to wait.
    offer_free_event_places(quota.event)


def _lock_event_tickets(quota: Quota) -> None:
    """Lock the event's tickets in the order of bookings."""
    rows = Ticket.objects.filter(event=quota.event).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk"))


def _count_reserved(quota: Quota) -> int:
    return quota.tickets.aggregate(taken=Sum("reserved"))["taken"] or 0
