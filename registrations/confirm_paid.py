"""Confirm what was paid: pending places become valid, and lapsed ones are taken again if they are left."""

import contextlib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, SoldOut
from convention.events.sequence import next_sequence
from convention.tasks import enqueue

from .bill import is_paid
from .hold_places import unconfirmed
from .models import Order, Registration
from .places import take_again


@transaction.atomic
def confirm_paid(*, order: Order) -> list[Registration]:
    """Confirm every place of a paid order that waits for nothing else; those newly confirmed.

    Doing it twice changes nothing. A member's place that awaits its proof is confirmed by that later.
    Raises SoldOut or CompanyFull where a lapsed place is gone, Closed once the event is over; then nothing
    changes.
    """
    ready = [registration for registration in unconfirmed(order) if not registration.awaits_proof]
    if not ready:
        return []
    now = timezone.now()
    if order.event.ends_at <= now:
        raise Closed(_("The event is over."))
    take_again(registration for registration in ready if not registration.counts)
    enqueue("CONFIRMATION_TASK", order.pk)
    record("order.paid", order, event=order.event, fields=["confirmed_at"])
    sequence = next_sequence(order.event_id)
    for registration in ready:
        registration.confirmed_at, registration.held_until = now, None
        registration.takes_place, registration.sequence = True, sequence
    Registration.objects.bulk_update(ready, ["confirmed_at", "held_until", "takes_place", "sequence"])
    return ready


@transaction.atomic
def confirm_settled(*, order: Order) -> None:
    """After an order came to cost less: what it holds waits no longer for a payment that is not due any more.

    A place that is gone stays as it is.
    """
    if order.is_by_card and is_paid(order) and any(one.counts for one in unconfirmed(order)):
        with contextlib.suppress(SoldOut, Closed):
            confirm_paid(order=order)
