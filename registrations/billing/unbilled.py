"""Bill orders on invoice once their places are confirmed, and stop billing places that have lapsed.

While a place is pending, nothing is certain: its charge might be withdrawn at once.
"""

import datetime
import logging
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from convention.actor import unsigned_actions
from convention.errors import ConventionError
from convention.money import Money
from registrations.invoices.models.documents import Charge, Receivable
from registrations.models import UNVERIFIED_ORDER, Order, Registration, RegistrationQuerySet, Sponsorship
from registrations.models.orders import OrderQuerySet

from .receivables import list_active_sponsorships, sync_existing_receivable, sync_receivable

# For one run of the job; the next run continues.
BILLING_BATCH_SIZE = 500
# Orders of events that ended earlier and were never billed here were settled elsewhere.
MAX_BILLING_DELAY = datetime.timedelta(days=90)

logger = logging.getLogger(__name__)


def has_held_places(order: Order) -> bool:
    """Return whether a place of the order is held for its confirmation, such as by its member."""
    return order.registrations.active().filter(confirmed_at__isnull=True).exists()


def sum_held_places(order: Order) -> Money:
    """Return the price of the places that are held for their confirmation, add-ons included."""
    held = order.registrations.active().filter(confirmed_at__isnull=True)
    return Money(sum(row.amount_owed for row in held.prefetch_related("addons")), order.currency)


def bill_unless_pending(order: Order) -> None:
    """Bill a locked order on invoice, unless a place is still held for its confirmation.

    `bill_unbilled_orders` bills it once the place is confirmed or has lapsed. A package is billed at once.
    """
    if has_held_places(order) and not list_active_sponsorships(order).exists():
        sync_existing_receivable(order)
    else:
        sync_receivable(order)


def bill_unbilled_orders() -> None:
    """Create the receivables of invoice orders that have none yet. A periodic job.

    Only orders with a confirmed registration and no open hold.
    """
    for key in list(
        _find_unbilled_orders().order_by("-pk").values_list("pk", flat=True)[:BILLING_BATCH_SIZE]
    ):
        try:
            _bill_if_unbilled(key)
        except ConventionError:  # one order that cannot be billed must not stop the others
            logger.exception("The order with the key %s cannot be billed.", key)


def _find_unbilled_orders() -> OrderQuerySet:
    """Return the invoice orders to bill; orders with an open hold are left out."""
    now, of_order = timezone.now(), {"order": OuterRef("pk")}
    # An unconfirmed hold is confirmed or expires soon. Billing earlier could create charges that are
    # withdrawn at once.
    pending_holds = Registration.objects.active(at=now).filter(confirmed_at__isnull=True, **of_order)
    receivables = Receivable.objects.filter(reference=OuterRef("reference"))
    return Order.objects.select_related("event").exclude(UNVERIFIED_ORDER).filter(
        Exists(Registration.objects.confirmed().filter(**of_order)), ~Exists(pending_holds),
        ~Exists(receivables), payment=Order.Payment.INVOICE, total__gt=0,
        event__ends_at__gt=now - MAX_BILLING_DELAY,
    )  # fmt: skip


@transaction.atomic
def _bill_if_unbilled(order_id: int) -> None:
    """Bill the order under its lock, unless it was billed or cancelled meanwhile."""
    # The order is locked first, as by every action that changes what it owes.
    list(Order.objects.locked_for_update().filter(pk=order_id).values_list("pk"))
    if order := _find_unbilled_orders().filter(pk=order_id).first():
        sync_receivable(order)


def withdraw_lapsed_charges() -> None:
    """Sync the receivables of invoice orders that still charge for released places. A periodic job."""
    # Only released places: until then a mailed link may confirm one without reserving it again.
    lapsed = _find_lapsed_charged_places().filter(hold_expires_at=None)
    for key in list(lapsed.order_by("order").values_list("order", flat=True).distinct()[:BILLING_BATCH_SIZE]):
        try:
            _sync_lapsed_order(key)
        except ConventionError:  # one order that cannot be synced must not stop the others
            logger.exception("The charges of the order with the key %s cannot be withdrawn.", key)


@transaction.atomic
def _sync_lapsed_order(order_id: int) -> None:
    order = Order.objects.locked_for_update().select_related("event").get(pk=order_id)
    with unsigned_actions():
        sync_existing_receivable(order)


def _find_lapsed_charged_places() -> RegistrationQuerySet:
    """Return the lapsed places of invoice orders for which their receivables still charge.

    An unverified order keeps its charges, since its link may still confirm it.
    """
    charges = Charge.objects.active().filter(
        # The keys of add-ons begin with the reference too.
        key__startswith=OuterRef("reference"),
        receivable__reference=OuterRef("order__reference"),
    )
    now = timezone.now()
    return Registration.objects.filter(
        Q(hold_expires_at=None) | Q(hold_expires_at__lte=now), Exists(charges),
        confirmed_at=None, cancelled_at=None, order__payment=Order.Payment.INVOICE,
        event__ends_at__gt=now - MAX_BILLING_DELAY,
    ).exclude(order__in=Order.objects.unverified())  # fmt: skip


def find_pending_references() -> Any:
    """Return a subquery of the references of orders that are not confirmed yet, as `pending_references`."""
    # A payment by card may still come after the hold; without one, an expired place is never owed.
    may_follow = Q(hold_expires_at__gt=timezone.now()) | Q(order__payment=Order.Payment.CARD)
    pending = Q(confirmed_at__isnull=True, cancelled_at__isnull=True, order=OuterRef("pk")) & may_follow
    orders = Order.objects.filter(
        UNVERIFIED_ORDER
        | Exists(Registration.objects.filter(pending))
        | Exists(Sponsorship.objects.filter(pending))
        # `withdraw_lapsed_charges` has not run since.
        | Exists(_find_lapsed_charged_places().filter(order=OuterRef("pk")))
    )
    return orders.values("reference")
