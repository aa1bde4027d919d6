"""Confirm what was paid: what is pending becomes valid, and what had lapsed is taken again if it is left."""

import contextlib
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record
from convention.errors import Closed, SoldOut
from convention.events.sequence import next_sequence
from convention.tasks import enqueue

from .bill import is_paid, rebill
from .hold_places import refuse_if_over, unconfirmed
from .models import Order, Registration, Sponsorship
from .one_place import second_places


@transaction.atomic
def confirm_paid(*, order: Order) -> list[Sponsorship | Registration]:
    """Confirm each place of a paid order that waits for nothing else, and its package; those newly confirmed.

    Doing it twice changes nothing. A member's place that awaits its proof is confirmed by that later; one for
    a member who has another by now is left to lapse.
    Raises SoldOut or CompanyFull where a lapsed place is gone, Closed once the event is over; then nothing
    changes.
    """
    ready = unconfirmed(order).that(lambda one: not one.awaits_proof)
    ready = replace(ready, places=without_second(ready.places))
    if not ready.all:
        return []
    now = timezone.now()
    refuse_if_over(order, at=now)
    lapsed = ready.lapsed
    ready.take_lapsed()
    enqueue("CONFIRMATION_TASK", order.pk)
    record("order.paid", order, event=order.event, fields=["confirmed_at"])
    sequence = next_sequence(order.event_id)
    for one in ready.all:
        one.confirmed_at, one.held_until, one.takes_place = now, None, True
    ready.save("confirmed_at", "held_until", "takes_place")
    Registration.objects.filter(pk__in=[place.pk for place in ready.places]).update(sequence=sequence)
    if lapsed:
        rebill(order)
    return ready.all


def without_second(places: list[Registration]) -> list[Registration]:
    """These, but for a member's second place of a ticket."""
    twice = second_places(places)
    return [place for place in places if place.pk not in twice]


@transaction.atomic
def confirm_settled(*, order: Order) -> None:
    """After an order came to cost less: what it holds waits no longer for a payment that is not due any more.

    A place that is gone stays as it is.
    """
    if order.is_by_card and is_paid(order) and any(one.counts for one in unconfirmed(order).all):
        with contextlib.suppress(SoldOut, Closed):
            confirm_paid(order=order)
