"""Confirm pending orders that were paid or verified; released places are reserved again if any are left."""

import contextlib
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError, NotOpenNow, SoldOut
from convention.events.sequence import advance_sequence
from registrations.billing.receivables import (
    bill_order,
    calculate_amount_retained,
    is_order_active,
    is_paid,
    list_active_sponsorships,
    list_billable_registrations,
    sync_existing_receivable,
    sync_receivable,
)
from registrations.models import Order, Registration, Sponsorship

from .holds import lock_pending_items, refuse_after_event, release_hold
from .order_limits import find_second_registrations


@transaction.atomic
def confirm_paid_items(*, order: Order) -> list[Sponsorship | Registration]:
    """Confirm a paid order's items; return newly confirmed ones. Raises as `confirm_pending_items`."""
    return confirm_pending_items(order=order, verb="order.paid")


@transaction.atomic
def confirm_pending_items(*, order: Order, verb: str) -> list[Sponsorship | Registration]:
    """Confirm an order's pending items; return those that are newly confirmed.

    `verb` is recorded in the audit trail. The order needs no verification afterwards. Repeating it changes
    nothing. Registrations that await a member's verification stay pending, and so does one for a member who
    has another place by now: its hold expires.

    Raise SoldOut or CompanyFull if a released place is gone, and NotOpenNow once the event is over or
    cancelled; then nothing changes.
    """
    ready = lock_pending_items(order).filter_items(lambda item: not item.awaits_member_verification)
    # Members are locked before stock, in the same order as by bookings.
    ready = replace(ready, registrations=exclude_second_registrations(ready.registrations))
    if not ready.all_items:
        return []
    now = timezone.now()
    refuse_after_event(order, at=now)
    released = ready.released_items
    ready.reserve_released()
    hooks.send_order_mails.enqueue(order.pk)
    record_action(verb, order, event=order.event, fields=["confirmed_at"])
    # As late as possible: it locks the event's row, on which all changes of the event wait.
    sequence = advance_sequence(order.event_id)
    for item in ready.all_items:
        item.confirmed_at, item.hold_expires_at, item.is_reserved = now, None, True
    ready.save("confirmed_at", "hold_expires_at", "is_reserved")
    # Not part of `save`: packages have no badge, so they have no sequence for scanners.
    Registration.objects.filter(pk__in=[place.pk for place in ready.registrations]).update(sequence=sequence)
    for follow_confirmation in hooks.confirmation_listeners.providers():
        follow_confirmation(order, ready.registrations)
    if order.needs_verification:
        _finish_verification(order, ready.packages)
    if released:  # nothing was owed for them while they were released
        sync_existing_receivable(order)
    return ready.all_items


def _finish_verification(order: Order, packages: list[Sponsorship]) -> None:
    """Set the order's verification time, notify its sponsor, and bill its package."""
    # The mailed link may have been opened before the payment arrived.
    order.verified_at = order.verified_at or timezone.now()
    order.save(update_fields=["verified_at"])
    for package in packages:
        hooks.notify_sponsor.enqueue(package.pk)
    if any(package.price for package in packages):
        sync_receivable(order)


def exclude_second_registrations(registrations: list[Registration]) -> list[Registration]:
    """Return the registrations without a member's second one for the same ticket."""
    second_ids = find_second_registrations(registrations)
    return [registration for registration in registrations if registration.pk not in second_ids]


@transaction.atomic
def confirm_or_notify(*, order: Order) -> None:
    """Confirm a paid order; if its places are gone, bill only what is reserved and notify the buyer.

    The same applies to a place for a member who has another one by now: it is released at once. A member's
    place stays pending, and its link is mailed now.
    """
    # Outside of the inner transaction, which may be rolled back.
    _queue_links_after_payment(order)
    try:
        confirm_paid_items(order=order)
    except ConventionError:
        # The inner transaction is rolled back, so that nothing was confirmed. The money has arrived all the
        # same: this must not fail, or the payment would not be recorded.
        _bill_reserved_items(order)
        return
    if lock_pending_items(order).filter_items(lambda item: not item.awaits_member_verification).all_items:
        release_hold(order=order)
        _bill_reserved_items(order)
    # The payment arrived after the order had been cancelled.
    elif not is_order_active(order):
        hooks.notify_unplaced.enqueue(order.pk)


def _queue_links_after_payment(order: Order) -> None:
    """Queue the links of members' places, whose mails waited until the order is paid."""
    if any(
        registration.awaits_member_verification for registration in lock_pending_items(order).registrations
    ):
        hooks.send_order_mails.enqueue(order.pk)


def _bill_reserved_items(order: Order) -> None:
    places = [item for item in list_billable_registrations(order) if item.occupies_place or item.cancelled_at]
    bill_order(order, places, [item for item in list_active_sponsorships(order) if item.occupies_place])
    hooks.notify_unplaced.enqueue(order.pk)


@transaction.atomic
def confirm_settled_order(*, order: Order) -> None:
    """Confirm a provisional order that became cheaper, so that no payment is due any more.

    If money was retained for it, this is as if it had been paid now: released items are reserved again, or no
    longer owed.
    """
    pending_items = lock_pending_items(order).all_items
    if not pending_items or not order.is_confirmed_later or not is_paid(order):
        return
    if calculate_amount_retained(order) > 0:
        confirm_or_notify(order=order)
        return
    _queue_links_after_payment(order)
    if any(item.occupies_place for item in pending_items):
        # Nothing was paid, so nobody has to be notified: a place that is gone stays released.
        with contextlib.suppress(SoldOut, NotOpenNow):
            confirm_paid_items(order=order)
