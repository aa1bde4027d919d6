"""Remove add-ons that a buyer added to a confirmed order by card and did not pay."""

import datetime
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.changes.change_order import change_order
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Receivable
from registrations.models import Order, Registration, RegistrationAddon
from registrations.payments.models import CardPaymentAttempt

from . import gateway
from .checkout import NothingToPay, PaymentUnavailable, accepts_cards, compute_card_due, end_attempt

# Add-ons that cannot be removed for so long, such as after the event, are left to the treasurer.
REMOVAL_ATTEMPTS_PERIOD: Final = datetime.timedelta(days=7)


def find_unpaid_addons(registrations: Iterable[Registration], due_cents: int) -> list[RegistrationAddon]:
    """Return the add-ons that await payment by card and do not cost more than the amount due."""
    return [
        item
        for registration in registrations
        if not registration.cancelled_at
        for item in registration.active_addons
        if item.pay_by and item.price <= due_cents
    ]


def clear_payment_deadlines(receivable: Receivable) -> None:
    """Remove the payment deadline of add-ons once nothing is due for their order."""
    provisional_addons = RegistrationAddon.objects.filter(
        # Of a cancelled registration they stay unpaid: they were dropped with it.
        registration__cancelled_at=None,
        registration__order__reference=receivable.reference,
        pay_by__isnull=False,
    )
    if provisional_addons.exists() and compute_balance(receivable).amount_due <= 0:
        provisional_addons.update(pay_by=None)


def remove_unpaid_addon(*, order: Order, addon_id: int) -> None:
    """Remove an add-on that was not paid; the e-mail about it goes to the buyer.

    Raise NothingToPay if it is paid or being paid, and PaymentUnavailable if Stripe cannot be asked.
    """
    # Ended first, so that nobody pays on a page that is still open for what is removed here.
    _end_open_attempts(order)
    _remove_addon(order=order, addon_id=addon_id)


def remove_expired_addons() -> None:
    """Remove add-ons whose payment did not come in time, so that their places are free again."""
    now = timezone.now()
    expired = RegistrationAddon.objects.filter(
        pay_by__lt=now, pay_by__gt=now - REMOVAL_ATTEMPTS_PERIOD, cancelled_at=None
    )
    for item in expired.select_related("registration__order").order_by("pk"):
        # Paid or being paid at this moment, or the event is over, or Stripe cannot be asked now.
        with suppress(ConventionError):
            remove_unpaid_addon(order=item.registration.order, addon_id=item.pk)


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
    # Opened in another tab since: attempts are made under the same lock.
    if accepts_cards() and CardPaymentAttempt.objects.unsettled().filter(order=order).exists():
        raise NothingToPay(_("A payment for this order has just been started. Finish or cancel it first."))
    rows = order.registrations.select_related("ticket").prefetch_related("addons__addon")
    # An ended attempt may turn out to be paid: then nothing is due any more.
    unpaid = {item.pk: item for item in find_unpaid_addons(rows, compute_card_due(order))}
    if addon_id not in unpaid:
        raise NothingToPay(_("This add-on has already been paid for or removed."))
    item = unpaid[addon_id]
    [registration] = [row for row in rows if row.pk == item.registration_id]
    change_order(
        registration=registration,
        ticket=registration.ticket,
        addons=[other.addon for other in registration.active_addons if other.pk != item.pk],
        expected_cents=-item.price,
    )
