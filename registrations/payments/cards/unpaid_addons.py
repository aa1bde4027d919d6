"""Add-ons that a buyer added to a confirmed order by card, and removes again instead of paying for them."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from registrations.changes.change_order import change_order
from registrations.models import Order, Registration, RegistrationAddon
from registrations.payments.models import CardPaymentAttempt

from . import gateway
from .checkout import NothingToPay, PaymentUnavailable, accepts_cards, compute_card_due, end_attempt


def find_unpaid_addons(registrations: Iterable[Registration], due_cents: int) -> list[RegistrationAddon]:
    """Return the add-ons that came after the confirmation and that the amount due contains."""
    return [
        item
        for registration in registrations
        if registration.confirmed_at and not registration.cancelled_at
        for item in registration.active_addons
        if 0 < item.price <= due_cents and item.created_at > registration.confirmed_at
    ]


def remove_unpaid_addon(*, order: Order, addon_id: int) -> None:
    """Remove an add-on that was not paid; the e-mail about it goes to the buyer.

    Raise NothingToPay if it is paid or being paid, and PaymentUnavailable if Stripe cannot be asked.
    """
    # Ended first, so that nobody pays on a page that is still open for what is removed here.
    _end_open_attempts(order)
    _remove_addon(order=order, addon_id=addon_id)


def _end_open_attempts(order: Order) -> None:
    attempts = CardPaymentAttempt.objects.unsettled().filter(order=order)
    for attempt in attempts if accepts_cards() else ():
        if attempt.completed_at:
            raise NothingToPay(_("The bank is processing this payment; you do not need to do anything."))
        try:
            end_attempt(attempt)
        except (gateway.StripeUnavailable, gateway.StripeRefusal) as error:
            raise PaymentUnavailable(
                _("The payment page cannot be reached at the moment. Try again in a minute.")
            ) from error


@transaction.atomic
def _remove_addon(*, order: Order, addon_id: int) -> None:
    order = Order.objects.locked_for_update().select_related("event").get(pk=order.pk)
    rows = order.registrations.select_related("ticket").prefetch_related("addons__addon")
    # An ended attempt may turn out to be paid: then nothing is due any more.
    unpaid = {item.pk: item for item in find_unpaid_addons(rows, compute_card_due(order))}
    if addon_id not in unpaid:
        raise NothingToPay(_("This add-on has been paid, or was removed before."))
    item = unpaid[addon_id]
    [registration] = [row for row in rows if row.pk == item.registration_id]
    change_order(
        registration=registration,
        ticket=registration.ticket,
        addons=[each.addon for each in registration.active_addons if each.pk != item.pk],
        expected_cents=-item.price,
    )
