"""Quotas that several tickets share: their counters follow those of the tickets."""

from collections import Counter
from collections.abc import Mapping

from convention.counters import give_back_to, take_from

from .models import Quota, Ticket


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
