"""Quotas that several tickets share: their counters follow those of the tickets.

Releasing places locks all tickets of the quota first, in the order in which bookings lock them: a free place
is offered to the person who has waited longest for any of these tickets.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import Q, QuerySet

from convention.db.limited_stock import release_stock, reserve_stock
from registrations.models import Quota, Ticket


def find_tickets_sharing_quota(tickets: Collection[int]) -> QuerySet[Ticket]:
    """Return these tickets and all that share a quota with one of them, in the order of locks."""
    quotas = Ticket.objects.filter(pk__in=tickets, quota__isnull=False).order_by().values("quota")
    return Ticket.objects.filter(Q(pk__in=tickets) | Q(quota__in=quotas)).order_by("pk")


def lock_tickets_sharing_quota(tickets: Collection[int]) -> None:
    """Lock these tickets and those that share their quotas; call it before releasing any of them."""
    if tickets:
        # NO KEY UPDATE, so that registrations, which refer to these tickets, can be inserted meanwhile.
        list(find_tickets_sharing_quota(tickets).select_for_update(no_key=True).values_list("pk"))


def update_shared_quotas(changes: Mapping[int, int]) -> Quota | None:
    """Change the quotas of tickets, whose rows the caller has locked, by places per ticket.

    Return the first quota with too few left, if any: the caller's transaction has to be rolled back.
    """
    sharing = Ticket.objects.filter(pk__in=changes, quota__isnull=False).select_related("quota")
    quotas = Counter[Quota]()
    for ticket in sharing.order_by():
        assert ticket.quota
        quotas[ticket.quota] += changes[ticket.pk]
    release_stock({quota: -places for quota, places in quotas.items() if places < 0})
    return reserve_stock({quota: places for quota, places in quotas.items() if places > 0})
