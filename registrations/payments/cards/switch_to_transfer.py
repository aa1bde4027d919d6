"""Let the buyer of an unpaid order by card pay it by bank transfer, also what was added to a paid order.

The same rules apply as to a new order on invoice: a verified buyer is confirmed at once, others through the
link in an e-mail, and their places are held until then. Confirmed places stay confirmed.
"""

import contextlib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import NotOpenNow
from registrations.billing.change_billing import change_to_invoice_payment
from registrations.billing.receivables import (
    calculate_amount_retained,
    calculate_balance,
    is_order_active,
    sync_receivable,
)
from registrations.billing.unbilled import bill_unless_pending, has_held_places
from registrations.booking.build_order import get_hold_duration
from registrations.booking.confirm import confirm_pending_items
from registrations.booking.holds import (
    extend_hold,
    lock_pending_items,
    lock_unverified_count,
    withhold_unverified_places,
)
from registrations.models import (
    Order,
    Registration,
    RegistrationAddon,
    RegistrationQuerySet,
    Sponsorship,
)
from registrations.order_context import OrderContext
from registrations.orders.transfer_details import has_bank_details
from registrations.payments.models import CardPaymentAttempt
from registrations.rate_limits import throttle_unverified_order

from . import gateway
from .checkout import NothingToPay, PaymentUnavailable, accepts_cards, end_attempt
from .reconcile import update_attempt


def can_switch_to_transfer(order: Order) -> bool:
    """Return whether an active order by card has something left to pay, and may be paid on invoice.

    Nothing of it is paid or confirmed yet; or all is confirmed and partly paid, and add-ons were added since.
    What was confirmed without a payment stays by card: nobody vouches for the buyer. Without the club's bank
    details nothing could be paid by transfer.
    """
    if (
        not order.is_by_card
        or not has_bank_details()
        or order.event.is_over()
        or not is_order_active(order)
        or calculate_balance(order).amount <= 0
    ):
        return False
    is_partly_paid = calculate_amount_retained(order) > 0
    if _has_confirmed_items(order):
        return is_partly_paid and not has_held_places(order) and _find_unpaid_places(order).exists()
    return not is_partly_paid


def _find_unpaid_places(order: Order) -> RegistrationQuerySet:
    """Return the confirmed places with add-ons that await a payment by card."""
    addons = RegistrationAddon.objects.filter(
        registration__order=order, cancelled_at=None, pay_by__isnull=False
    )
    return Registration.objects.confirmed().filter(pk__in=addons.values("registration"))


def _has_confirmed_items(order: Order) -> bool:
    confirmed = {"confirmed_at__isnull": False, "cancelled_at": None}
    return any(rows.filter(**confirmed).exists() for rows in (order.registrations, order.sponsorships))


def switch_to_transfer(*, order: Order, context: OrderContext) -> Order:
    """Let an unpaid order by card be paid by transfer, and end its open Stripe sessions; return it.

    Raise NothingToPay if it is paid or being paid, PaymentUnavailable if Stripe cannot be asked, SoldOut or
    CompanyFull if an expired place is gone, NotOpenNow, and TooManyUnverifiedOrders.
    """
    _update_attempts(order)
    order = _switch_to_invoice(order=order, context=context)
    # Only now: an expired session of an order by card would release its places.
    for attempt in CardPaymentAttempt.objects.unsettled().filter(order=order) if accepts_cards() else ():
        # The poller ends the others: it finds that the order no longer waits for them.
        with contextlib.suppress(gateway.StripeUnavailable, gateway.StripeRefusal):
            end_attempt(attempt)
    order.refresh_from_db()
    return order


def _update_attempts(order: Order) -> None:
    """Ask Stripe whether an open session was paid a moment ago."""
    for attempt in CardPaymentAttempt.objects.unsettled().filter(order=order) if accepts_cards() else ():
        try:
            update_attempt(attempt)
        except (gateway.StripeUnavailable, gateway.StripeRefusal) as error:
            raise PaymentUnavailable(
                _("The payment page cannot be reached at the moment. Try again in a minute.")
            ) from error


@transaction.atomic
def _switch_to_invoice(*, order: Order, context: OrderContext) -> Order:
    # The advisory lock comes before all row locks.
    lock_unverified_count(order.event_id)
    order = Order.objects.locked_for_update().select_related("event").get(pk=order.pk)
    if CardPaymentAttempt.objects.unsettled().filter(order=order, completed_at__isnull=False).exists():
        raise NothingToPay(_("The bank is processing this payment; you do not need to do anything."))
    if not can_switch_to_transfer(order):
        raise NothingToPay(_("There is nothing left to pay for this order."))
    if _has_confirmed_items(order):
        # The confirmation that was sent named the payment by card: the next one names the bank account.
        _find_unpaid_places(order).update(confirmation_sent_at=None)
        change_to_invoice_payment(order=order)
        sync_receivable(order)
    else:
        _switch_unpaid_order(order, context)
    # The links of members waited for the payment by card.
    hooks.send_order_mails.enqueue(order.pk)
    return order


def _switch_unpaid_order(order: Order, context: OrderContext) -> None:
    """Hold the places of a locked order like those of one on invoice, or confirm them."""
    order.needs_verification = not context.is_trusted and order.verified_at is None
    # The places were counted for the network when they were ordered.
    with throttle_unverified_order(order, context, place_count=0):
        _hold_places(order)
        # Only now: the ceiling would count the order's own places twice.
        order.save(update_fields=["needs_verification"])
        change_to_invoice_payment(order=order)
    if not order.awaits_verification:
        _confirm(order)


def _hold_places(order: Order) -> None:
    """Hold the places for as long as those of an order on invoice; expired ones are reserved again."""
    items, now = lock_pending_items(order).all_items, timezone.now()
    reserved = [item.is_reserved for item in items]
    withhold_unverified_places(order, items, at=now)
    # At the ceiling an order on invoice holds nothing: it would give away what is held for the card payment.
    if [item.is_reserved for item in items] != reserved:
        raise NotOpenNow(
            _(
                "Many orders are being confirmed right now, so payment by transfer is not available. Pay by "
                "card, or try again in an hour."
            )
        )
    extend_hold(order=order, expires_at=now + get_hold_duration(order))


def _confirm(order: Order) -> None:
    for item in confirm_pending_items(order=order, verb="order.confirm"):
        # The e-mail to a sponsor names how to pay, which has changed.
        if isinstance(item, Sponsorship):
            hooks.notify_sponsor.enqueue(item.pk)
    bill_unless_pending(order)
