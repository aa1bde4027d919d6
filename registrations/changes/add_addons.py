"""Add add-ons that are on sale to a confirmed registration, behind the link of its order.

The change itself is that of `change_order.py`. The rules of a sale come on top: only what is on sale and
left, and only the buyer may add what costs something.
"""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.accounts.permissions import owns_address
from convention.club.models import Person
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.booking.validation import is_addon_for_ticket, refuse_if_closed
from registrations.invoices.ledger.balance import compute_balance
from registrations.models import Addon, Order, Registration, RegistrationAddon
from registrations.order_context import TRUSTED_SOURCES
from registrations.order_request import BillingDetails
from registrations.permissions import LinkAccess

from .change_order import (
    NO_DELAY,
    OrderChange,
    OrderChangeRefused,
    change_order,
    lock_registration,
    preview_order_change,
)

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# An add-on by card that is not paid by then is removed, and its place is free again.
PAYMENT_PERIOD: Final = datetime.timedelta(hours=24)
# As long as the buyer may be on the payment page: the e-mail can then say that the add-on is paid.
CARD_MAIL_DELAY: Final = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class ChosenPayment:
    """How the buyer of a free order pays what is added, and whom the invoice goes to."""

    payment: str
    billing: BillingDetails
    purchase_order: str = ""


def load_addons_on_sale(events: Collection[Event]) -> dict[int, list[Addon]]:
    """Return by event the add-ons on sale, in two queries; none where registration is closed."""
    now = timezone.now()
    open_events = {event.pk: event for event in events if event.is_registration_open(at=now)}
    addons: dict[int, list[Addon]] = {event.pk: [] for event in events}
    rows = Addon.objects.filter(event__in=open_events).prefetch_related("tickets") if open_events else ()
    for addon in rows:
        # The same instance for all, so that no page reads it again.
        addon.event = open_events[addon.event_id]
        if addon.is_on_sale(at=now):
            addons[addon.event_id].append(addon)
    return addons


def select_addons_for(registration: Registration, addons: Iterable[Addon]) -> list[Addon]:
    """Return which add-ons go with the registration and are not part of it yet."""
    if registration.state != Registration.State.CONFIRMED or registration.order.awaits_verification:
        return []
    chosen = {item.addon_id for item in registration.active_addons}
    return [
        addon
        for addon in addons
        if addon.pk not in chosen
        and addon.currency == registration.order.currency
        and is_addon_for_ticket(addon, registration.ticket.slug)
    ]


def select_addons_of_link(
    link_access: LinkAccess, registration: Registration, addons: Iterable[Addon]
) -> list[Addon]:
    """Return which add-ons the holder of the link can add: only the buyer those that cost something."""
    return [
        addon for addon in select_addons_for(registration, addons) if link_access.is_full or not addon.price
    ]


def can_be_invoiced(order: Order, user: "RequestUser") -> bool:
    """Return whether what is added may be invoiced: somebody vouched for the address of the order.

    A free order may name the address of a stranger, who would owe money.
    """
    if order.payment != Order.Payment.FREE or order.source in TRUSTED_SOURCES:
        return True
    return isinstance(user, Person) and owns_address(user, order.email)


def preview_added_addons(
    *, link_access: LinkAccess, registration: Registration, addons: Collection[Addon]
) -> OrderChange:
    """Return what adding these add-ons comes to. Raise OrderChangeRefused or NotOpenNow."""
    now = timezone.now()
    refuse_if_closed(registration.event, at=now)
    if registration.order.awaits_verification:
        raise OrderChangeRefused(_("Confirm the order first, using the link that we e-mailed to the buyer."))
    for addon in addons:
        if not addon.is_on_sale(at=now):
            raise OrderChangeRefused(_("“%(addon)s” is not on sale at the moment.") % {"addon": addon.title})
        if addon.price and not link_access.is_full:
            raise OrderChangeRefused(_("Only the buyer can add paid add-ons."))
    chosen = [item.addon for item in registration.active_addons]
    return preview_order_change(
        registration=registration, ticket=registration.ticket, addons=list({*chosen, *addons})
    )


@transaction.atomic
def add_addons(
    *,
    link_access: LinkAccess,
    registration: Registration,
    addons: Collection[Addon],
    expected_cents: int,
    user: "RequestUser",
    chosen_payment: ChosenPayment | None = None,
) -> Registration:
    """Add the add-ons, charge them, and mail the new confirmation.

    `chosen_payment` is needed where the order was free so far; `user` then decides whether an invoice is
    possible. Raises as `preview_added_addons`, and DifferenceChanged or SoldOut.
    """
    registration = lock_registration(registration)
    change = preview_added_addons(link_access=link_access, registration=registration, addons=addons)
    order = registration.order
    if order.payment == Order.Payment.FREE and change.difference_cents > 0:
        _set_payment(order, chosen_payment, user)
    chosen = [item.addon for item in registration.active_addons]
    is_paid_next = order.is_by_card and change.difference_cents > 0
    changed = change_order(
        registration=registration,
        ticket=registration.ticket,
        addons=[*chosen, *change.added],
        expected_cents=expected_cents,
        mail_delay=CARD_MAIL_DELAY if is_paid_next else NO_DELAY,
    )
    if is_paid_next:
        # An order that was free has none yet, and the treasurer sees what is due by it.
        receivable = sync_receivable(changed.order)
        # Money that was overpaid before may cover the add-ons.
        if compute_balance(receivable).amount_due > 0:
            added = RegistrationAddon.objects.filter(registration=changed, addon__in=change.added)
            billed = added.filter(price__gt=0, cancelled_at=None)
            billed.update(pay_by=timezone.now() + PAYMENT_PERIOD)
    return changed


def _set_payment(order: Order, chosen: ChosenPayment | None, user: "RequestUser") -> None:
    """Save how a free order is paid from now on, and its billing details. The order is locked."""
    if chosen is None:
        raise OrderChangeRefused(_("Choose how to pay and enter the billing details first."))
    if chosen.payment == Order.Payment.INVOICE and not can_be_invoiced(order, user):
        raise OrderChangeRefused(_("Sign in with the order’s address to pay on invoice."))
    order.payment, order.purchase_order = chosen.payment, chosen.purchase_order
    billing = {f"billing_{name}": value for name, value in asdict(chosen.billing.normalize()).items()}
    for name, value in billing.items():
        setattr(order, name, value)
    order.save(update_fields=["payment", "purchase_order", *billing])
