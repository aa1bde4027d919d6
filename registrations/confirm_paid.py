"""Confirm what was paid: what is pending becomes valid, and what had lapsed is taken again if it is left."""

import contextlib
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from convention import hooks
from convention.audit.record import record
from convention.errors import Closed, ConventionError, SoldOut
from convention.events.sequence import next_sequence

from .bill import bill, is_paid, kept_of, packages_of, rebill, receivable_of, rows_to_bill, stands
from .hold_places import let_go, refuse_if_over, unconfirmed
from .models import Order, Registration, Sponsorship
from .one_place import second_places


@transaction.atomic
def confirm_paid(*, order: Order) -> list[Sponsorship | Registration]:
    """Confirm what a paid order holds; return what is newly confirmed. Raises as `confirm_waiting`."""
    return confirm_waiting(order=order, verb="order.paid")


@transaction.atomic
def confirm_waiting(*, order: Order, verb: str) -> list[Sponsorship | Registration]:
    """Confirm each place of an order that waits for nothing else, and its package; those newly confirmed.

    `verb` names the reason in the audit trail. The order needs no verification from then on. Doing it twice
    changes nothing. A member's place that awaits its proof is confirmed by that later; one for a member who
    has another by now is left to lapse.
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
    hooks.send_confirmation.enqueue(order.pk)
    record(verb, order, event=order.event, fields=["confirmed_at"])
    sequence = next_sequence(order.event_id)
    for one in ready.all:
        one.confirmed_at, one.held_until, one.takes_place = now, None, True
    ready.save("confirmed_at", "held_until", "takes_place")
    Registration.objects.filter(pk__in=[place.pk for place in ready.places]).update(sequence=sequence)
    if order.needs_verification:
        _end_verification(order, ready.packages)
    if lapsed:
        rebill(order)
    return ready.all


def _end_verification(order: Order, packages: list[Sponsorship]) -> None:
    """Note that the order waits no longer: a package is owed, and its sponsor is told of their page."""
    order.verified_at = order.verified_at or timezone.now()
    order.save(update_fields=["verified_at"])
    for package in packages:
        hooks.notify_sponsor.enqueue(package.pk)
    if any(package.price for package in packages):
        receivable_of(order)


def without_second(places: list[Registration]) -> list[Registration]:
    """These, but for a member's second place of a ticket."""
    twice = second_places(places)
    return [place for place in places if place.pk not in twice]


@transaction.atomic
def confirm_or_tell(*, order: Order) -> None:
    """Confirm the places of a paid order; where they are gone nothing is owed, and the buyer is told.

    So it is with a place for a member who has another by now: it is not held until it lapses.
    """
    try:
        confirm_paid(order=order)
    except ConventionError:
        _owe_for_what_counts(order)
        return
    if unconfirmed(order).that(lambda one: not one.awaits_proof).all:
        let_go(order=order)
        _owe_for_what_counts(order)
    elif not stands(order):
        hooks.notify_unplaced.enqueue(order.pk)


def _owe_for_what_counts(order: Order) -> None:
    places = [one for one in rows_to_bill(order) if one.counts or one.cancelled_at]
    bill(order, places, [one for one in packages_of(order) if one.counts])
    hooks.notify_unplaced.enqueue(order.pk)


@transaction.atomic
def confirm_settled(*, order: Order) -> None:
    """After an order came to cost less: what it holds waits no longer for a payment that is not due any more.

    Where money for it is kept, that is as if it came now: what had lapsed is had again, or owed no longer.
    """
    waiting = unconfirmed(order).all
    if not waiting or not order.is_provisional or not is_paid(order):
        return
    if kept_of(order) > 0:
        confirm_or_tell(order=order)
    elif any(one.counts for one in waiting):
        with contextlib.suppress(SoldOut, Closed):
            confirm_paid(order=order)
