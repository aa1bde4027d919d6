"""Add add-ons to a confirmed registration, or remove them, behind the link of its order.

`change_order.py` makes the change. This module adds the rules of a sale: an add-on must be on sale and
available, and only the buyer may add a paid one. An add-on is removed by the refund rules of the place, while
they refund all of it; later the organizers decide.
"""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.accounts.permissions import owns_address
from convention.club.models import Person
from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event, load_application_deadlines
from convention.text.email_addresses import is_same_email
from registrations.billing.receivables import sync_receivable
from registrations.billing.refund_rules import load_refund_steps
from registrations.billing.refund_terms import RefundStep, decide_refund_terms
from registrations.booking.validation import is_addon_for_ticket, refuse_if_closed
from registrations.invoices.ledger.balance import compute_balance
from registrations.models import Addon, Order, Registration, RegistrationAddon
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

# An add-on by card that is not paid by then is removed, and its place becomes available again.
PAYMENT_PERIOD: Final = datetime.timedelta(hours=24)
# As long as the buyer may be on the payment page: the e-mail can then say that the add-on is paid.
CARD_MAIL_DELAY: Final = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class ChosenPayment:
    """Payment method for what is added to a free order, and the billing details of its invoice."""

    payment: str
    billing: BillingDetails
    purchase_order: str = ""


def load_addons_on_sale(events: Collection[Event]) -> dict[int, list[Addon]]:
    """Return by event the add-ons on sale, in three queries; none where registration is closed."""
    now = timezone.now()
    load_application_deadlines(events)
    open_events = {event.pk: event for event in events if event.is_registration_open(at=now)}
    addons: dict[int, list[Addon]] = {event.pk: [] for event in events}
    rows = Addon.objects.filter(event__in=open_events).prefetch_related("tickets") if open_events else ()
    for addon in rows:
        # One instance for all add-ons, so that the event is not queried again.
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
    """Return whether what is added may be invoiced: the address of the order is verified or trusted.

    Anybody can place a free order under the address of a stranger, who would then owe money.
    """
    if order.payment != Order.Payment.FREE or order.source in Order.TRUSTED_SOURCES:
        return True
    is_signed_in = isinstance(user, Person) and owns_address(user, order.email)
    return is_signed_in or _has_verified_buyer(order)


def _has_verified_buyer(order: Order) -> bool:
    """Return whether the buyer has a member's place.

    The member confirmed it through a mailed link, which also replaced the order's link, or was signed in.
    """
    rows = order.registrations.confirmed().filter(person__isnull=False).select_related("ticket__event")
    return any(row.ticket.needs_member_verification and is_same_email(row.email, order.email) for row in rows)


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
    changed_registration = change_order(
        registration=registration,
        ticket=registration.ticket,
        addons=[*chosen, *change.added],
        expected_cents=expected_cents,
        mail_delay=CARD_MAIL_DELAY if is_paid_next else NO_DELAY,
    )
    if is_paid_next:
        # A formerly free order has no receivable yet, and the treasurer needs it to see what is due.
        receivable = sync_receivable(changed_registration.order)
        # Money that was overpaid before may cover the add-ons.
        if compute_balance(receivable).amount_due > 0:
            added = RegistrationAddon.objects.filter(
                registration=changed_registration, addon__in=change.added
            )
            billed = added.filter(price__gt=0, cancelled_at=None)
            billed.update(pay_by=timezone.now() + PAYMENT_PERIOD)
    return changed_registration


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


def select_removable_addons(
    link_access: LinkAccess, registration: Registration, *, at: datetime.datetime
) -> list[RegistrationAddon]:
    """Return the add-ons that the holder of the link can remove at `at`: none once the event has begun.

    What a company or a sponsor ordered for attendees is removed through the link of the order only. An add-on
    that awaits its payment by card is removed on the page of the payment.
    """
    order, event = link_access.order, link_access.order.event
    is_ordered_by_company = order.source in (Order.Source.COMPANY_CONTACT, Order.Source.SPONSOR)
    if registration.state != Registration.State.CONFIRMED or at >= event.starts_at:
        return []
    if not registration.active_addons or find_cancellation_time(event):
        return []
    if is_ordered_by_company and not link_access.is_full:
        return []
    # Kept on the event's object, so that the rules are read once for all registrations of an order.
    prefetch_related_objects([event], "refund_rules")
    refund_steps = load_refund_steps(registration.ticket, event)
    return [
        item
        for item in registration.active_addons
        if not item.pay_by and _is_refunded_in_full(registration, item, refund_steps, at=at)
    ]


def _is_refunded_in_full(
    registration: Registration,
    item: RegistrationAddon,
    refund_steps: list[RefundStep],
    *,
    at: datetime.datetime,
) -> bool:
    terms = decide_refund_terms(
        due_cents=item.price, confirmed_at=registration.confirmed_at, refund_steps=refund_steps, at=at
    )
    return terms.cancellation_fee == 0


def preview_removed_addon(
    *, link_access: LinkAccess, registration: Registration, addon_slug: str
) -> OrderChange:
    """Return what removing this add-on comes to. Raise OrderChangeRefused or NotOpenNow."""
    removable = select_removable_addons(link_access, registration, at=timezone.now())
    if addon_slug not in {item.addon.slug for item in removable}:
        raise OrderChangeRefused(_("This add-on can no longer be removed here. Contact the organizers."))
    others = [item.addon for item in registration.active_addons if item.addon.slug != addon_slug]
    return preview_order_change(registration=registration, ticket=registration.ticket, addons=others)


@transaction.atomic
def remove_addon(
    *, link_access: LinkAccess, registration: Registration, addon_slug: str, expected_cents: int
) -> Registration:
    """Remove the add-on, refund it or release what is due for it, and mail the new confirmation.

    Raises as `preview_removed_addon`, and DifferenceChanged.
    """
    registration = lock_registration(registration)
    change = preview_removed_addon(link_access=link_access, registration=registration, addon_slug=addon_slug)
    removed = {item.pk for item in change.removed}
    return change_order(
        registration=registration,
        ticket=registration.ticket,
        addons=[item.addon for item in registration.active_addons if item.pk not in removed],
        expected_cents=expected_cents,
    )
