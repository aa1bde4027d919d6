"""Hold the places of an order while it is being paid, and let them go when it will not be."""

import datetime

from django.db import transaction
from django.utils import timezone

from .models import Order, Registration, RegistrationQuerySet
from .places import release_lapsed, take_again
from .register import refuse_if_closed


def unconfirmed(order: Order) -> RegistrationQuerySet:
    """The places of an order that wait for a payment or a proof, locked until the transaction ends."""
    beside = ("ticket__event", "member_of", "voucher", "membership_pass")
    rows = Registration.objects.select_related(*beside).select_for_update(of=("self",))
    waiting: RegistrationQuerySet = rows.filter(
        order=order, confirmed_at__isnull=True, cancelled_at__isnull=True
    )
    return waiting.order_by("pk")


@transaction.atomic
def hold_places(*, order: Order, until: datetime.datetime) -> None:
    """Keep what the order waits for until then; what had lapsed is taken again if it is left.

    A later end that was promised stays. Raises SoldOut, CompanyFull or Closed.
    """
    waiting = list(unconfirmed(order))
    lapsed = [registration for registration in waiting if not registration.counts]
    if lapsed:
        refuse_if_closed(order.event, at=timezone.now())
        take_again(lapsed)
    for registration in waiting:
        registration.held_until = max(until, registration.held_until or until)
        registration.takes_place = True
    Registration.objects.bulk_update(waiting, ["held_until", "takes_place"])


@transaction.atomic
def let_go(*, order: Order) -> None:
    """Free at once what is held for a payment that will not come; a place awaiting its proof stays held."""
    now = timezone.now()
    waiting = [r for r in unconfirmed(order) if r.held_until and not r.awaits_proof]
    Registration.objects.filter(pk__in=[r.pk for r in waiting]).update(held_until=now)
    release_lapsed({r.ticket_id for r in waiting}, at=now)
