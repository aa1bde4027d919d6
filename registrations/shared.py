"""Quotas that several tickets share: their counters follow those of the tickets.

Whoever frees places locks all tickets that share one first, in the order in which bookings lock theirs, since
what is free goes to whoever waited longest for any of them.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import Q, QuerySet

from convention.counters import give_back_to, take_from

from .models import Quota, Ticket


def sharing(tickets: Collection[int]) -> QuerySet[Ticket]:
    """The tickets with these keys, and all that share a quota with one of them, in the order of locks."""
    quotas = Ticket.objects.filter(pk__in=tickets, quota__isnull=False).order_by().values("quota")
    return Ticket.objects.filter(Q(pk__in=tickets) | Q(quota__in=quotas)).order_by("pk")


def lock_sharing(tickets: Collection[int]) -> None:
    """Lock them until the transaction ends; call it before the counter of one is lowered."""
    if tickets:
        list(sharing(tickets).select_for_update(no_key=True).values_list("pk"))


def count_shared(changes: Mapping[int, int]) -> Quota | None:
    """Raise or lower the quotas of these tickets, whose rows are locked: what they share stays so.

    `changes` are places by the tickets' keys. Returns the first quota with too few left, if any: the caller's
    transaction must then be undone.
    """
    sharing = Ticket.objects.filter(pk__in=changes, quota__isnull=False).select_related("quota")
    quotas = Counter[Quota]()
    for ticket in sharing.order_by():
        assert ticket.quota
        quotas[ticket.quota] += changes[ticket.pk]
    give_back_to({quota: -places for quota, places in quotas.items() if places < 0})
    return take_from({quota: places for quota, places in quotas.items() if places > 0})
