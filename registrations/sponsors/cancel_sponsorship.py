"""Cancel a sponsorship: its package is free again, its places are cancelled, nothing is owed for it."""

from collections import Counter
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.counters import Counted
from convention.errors import Closed

from ..cancel import AlreadyCancelled, cancel_together
from ..models import Order, Registration, Sponsorship
from ..refund_rules import terms_of


@transaction.atomic
def cancel_sponsorship(*, sponsorship: Sponsorship, reason: str = "") -> Sponsorship:
    """Cancel it with all places that came with it. Raises AlreadyCancelled, or Closed once the event is over.

    What was invoiced is credited and what was paid given back by the treasurer, as for any order.
    """
    Order.objects.alone().get(pk=sponsorship.order_id)
    rows = Sponsorship.objects.select_related("order", "package", "event")
    one = rows.select_for_update(of=("self",)).get(pk=sponsorship.pk)
    if one.cancelled_at:
        raise AlreadyCancelled(_("This sponsorship was already cancelled."))
    if one.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    besides = Counter[Counted]([one.package] if one.counts else [])
    one.cancelled_at = timezone.now()
    one.save(update_fields=["cancelled_at"])
    record("sponsorship.cancel", one, event=one.event, reason=reason)
    standing = Registration.objects.select_related("order__event", "event", "ticket").filter(
        order=one.order, cancelled_at__isnull=True
    )
    places = list(standing.order_by("pk").select_for_update(of=("self",)))
    terms_for = partial(terms_of, at=timezone.now())
    cancel_together(places, order=one.order, reason=reason, terms_for=terms_for, besides=besides)
    return one
