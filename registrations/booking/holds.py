"""Provisional holds: places reserved for a payment or a mailed link that may never come.

Two limits keep strangers from reserving everything. Of a ticket's unconfirmed places at most half are held
for members who are not verified, one per address; nothing reveals which addresses are members'. Of an event's
places at most `settings.UNVERIFIED_PLACES_PER_HOUR` are held for orders of the last hour whose buyers are not
verified; organizers are alerted when it is reached.

Beyond either limit an order is accepted without a hold: whoever opens the mailed link first gets the place.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.db.advisory_locks import acquire_advisory_lock
from convention.db.limited_stock import LimitedStock
from convention.errors import NotOpenNow
from convention.text.email_addresses import normalize_email
from registrations.billing.receivables import sync_existing_receivable
from registrations.inventory.stock import release_expired_packages, release_ticket_holds, reserve_again
from registrations.models import Order, OrderAlarm, Registration, Sponsorship, Ticket
from registrations.models.order_item import OrderItem

from .build_order import get_hold_duration
from .unverified_alarm import notify_organizers
from .validation import refuse_if_cancelled, refuse_if_closed

UNVERIFIED_COUNT_PERIOD: Final = datetime.timedelta(hours=1)
# A flood of orders lasts for hours: organizers get one alarm a day for each event.
ALARM_INTERVAL: Final = datetime.timedelta(days=1)


def withhold_member_places(registrations: Iterable[Registration], *, at: datetime.datetime) -> None:
    """Set `is_reserved` of unsaved registrations that await a member's verification.

    Locks each ticket's holds until the caller's transaction ends, so that the count stays true.
    """
    pending = [r for r in registrations if r.awaits_member_verification and r.ticket.capacity is not None]
    if not pending or settings.RATE_LIMITS == "off":
        return
    tickets = {registration.ticket_id: registration.ticket for registration in pending}
    # In the order of ids, or two orders of several tickets could deadlock.
    for _pk, ticket in sorted(tickets.items()):
        # Not the ticket's row: it is the most contended one, and is locked last (LOCK_ORDER).
        acquire_advisory_lock(f"hold:{ticket.pk}")
        ticket.refresh_from_db(fields=["reserved", "capacity"])
    addresses_by_ticket = find_held_addresses(tickets, at=at)
    for registration in pending:
        addresses = addresses_by_ticket[registration.ticket_id]
        address = normalize_email(registration.email)
        registration.is_reserved = address not in addresses and can_hold_place(
            registration.ticket, held_count=len(addresses)
        )
        if registration.is_reserved:
            # Counted for the order's next registrations, because this one is not in the database yet.
            addresses.append(address)
            registration.ticket.reserved += 1


def can_hold_place(ticket: Ticket, *, held_count: int) -> bool:
    """Return whether one more place can be held; at most half of the unconfirmed places are."""
    # Rounded up, so that the last place of a ticket can be held too.
    unconfirmed = (ticket.remaining or 0) + held_count
    return held_count < (unconfirmed + 1) // 2


def find_held_addresses(tickets: Collection[int], *, at: datetime.datetime) -> dict[int, list[str]]:
    """Return the normalized addresses for which a place of each ticket is held at `at`."""
    rows = Registration.objects.filter(
        ticket__in=tickets,
        hold_expires_at__gt=at,
        is_reserved=True,
        confirmed_at__isnull=True,
        cancelled_at__isnull=True,
    ).exclude(order__payment=Order.Payment.CARD)  # these end with the payment, not with a mailed link
    addresses_by_ticket: dict[int, list[str]] = {ticket: [] for ticket in tickets}
    for ticket, email in rows.order_by().values_list("ticket_id", "email"):
        addresses_by_ticket[ticket].append(normalize_email(email))
    return addresses_by_ticket


def withhold_unverified_places(order: Order, items: Sequence[OrderItem], *, at: datetime.datetime) -> None:
    """Hold nothing for an unverified order that would exceed its event's ceiling.

    `items` are the order's unsaved registrations and package; a package counts as one place. An order that
    reaches the ceiling raises an alarm. Does nothing for other orders.
    """
    if not order.awaits_verification or settings.RATE_LIMITS == "off":  # load tests need no ceiling
        return
    lock_unverified_count(order.event_id)
    places = count_unverified_places(order.event_id, since=at - UNVERIFIED_COUNT_PERIOD) + len(items)
    # The order that reaches the ceiling is held and raises the alarm; those beyond are not held.
    if places > settings.UNVERIFIED_PLACES_PER_HOUR:
        for item in items:
            item.is_reserved = False
    if places >= settings.UNVERIFIED_PLACES_PER_HOUR:
        _raise_alarm(order.event_id, places, at=at)


def lock_unverified_count(event: int) -> None:
    """Let only one transaction at a time count an event's unverified orders; released when it ends."""
    acquire_advisory_lock(f"unverified:{event}")


def count_unverified_places(event: int, *, since: datetime.datetime) -> int:
    """Return how many registrations and packages ordered after `since` are held for unverified buyers."""
    registrations, packages = select_unverified_items([event], since=since)
    return registrations.count() + packages.count()


def select_unverified_items(
    events: Collection[int], *, since: datetime.datetime
) -> tuple[QuerySet[Registration], QuerySet[Sponsorship]]:
    """Return the registrations and packages ordered after `since` that are held for unverified buyers."""
    orders = Order.objects.unverified().filter(event__in=events, created_at__gt=since)
    pending = {
        "is_reserved": True,
        "confirmed_at": None,
        "cancelled_at": None,
        "hold_expires_at__isnull": False,
    }
    return (
        Registration.objects.filter(order__in=orders, **pending),
        Sponsorship.objects.filter(order__in=orders, **pending),
    )


def _raise_alarm(event: int, places: int, *, at: datetime.datetime) -> None:
    """Save an alarm and queue its mails, unless the event had one within `ALARM_INTERVAL`."""
    if OrderAlarm.objects.filter(event=event, raised_at__gt=at - ALARM_INTERVAL).exists():
        return
    alarm = OrderAlarm.objects.create(
        event_id=event, ordered_since=at - UNVERIFIED_COUNT_PERIOD, raised_at=at, place_count=places
    )
    notify_organizers.enqueue(alarm.pk)


@dataclass(frozen=True)
class PendingItems:
    """The pending packages and registrations of an order."""

    packages: list[Sponsorship]
    registrations: list[Registration]

    @property
    def all_items(self) -> list[Sponsorship | Registration]:
        return [*self.packages, *self.registrations]

    def filter_items(self, predicate: Callable[[OrderItem], bool]) -> "PendingItems":
        return PendingItems(
            list(filter(predicate, self.packages)), list(filter(predicate, self.registrations))
        )

    @property
    def released_items(self) -> list[Sponsorship | Registration]:
        """Return the items whose stock was released."""
        return [item for item in self.all_items if not item.occupies_place]

    def reserve_released(self) -> None:
        """Reserve the stock of released items again. Raise SoldOut or CompanyFull."""
        packages = Counter[LimitedStock](item.package for item in self.packages if not item.occupies_place)
        reserve_again([item for item in self.registrations if not item.occupies_place], packages)

    def save(self, *fields: str) -> None:
        Sponsorship.objects.bulk_update(self.packages, fields)
        Registration.objects.bulk_update(self.registrations, fields)


def find_hold_end(items: Iterable[OrderItem]) -> datetime.datetime | None:
    """Return when the first hold of the unconfirmed items ends; None if one has expired, or all are settled.

    An order is paid as a whole: as soon as one hold has expired, none may be promised.
    """
    now = timezone.now()
    unconfirmed = [item for item in items if item.confirmed_at is None and item.cancelled_at is None]
    if not all(item.is_held(at=now) for item in unconfirmed):
        return None
    return min((item.hold_expires_at for item in unconfirmed if item.hold_expires_at), default=None)


def lock_pending_items(order: Order) -> PendingItems:
    """Return an order's pending items, locked until the transaction ends."""
    pending_filter = {"order": order, "confirmed_at__isnull": True, "cancelled_at__isnull": True}
    packages = Sponsorship.objects.select_related("package").filter(**pending_filter).order_by("pk")
    # With `of` no joined row is locked: tickets are locked last, and PostgreSQL refuses to lock the nullable
    # side of a join.
    related = ("ticket__event", "member_of", "voucher", "membership_pass")
    places = Registration.objects.select_related(*related).filter(**pending_filter).order_by("pk")
    return PendingItems(
        list(packages.select_for_update(of=("self",))), list(places.select_for_update(of=("self",)))
    )


def refuse_after_event(order: Order, *, at: datetime.datetime) -> None:
    """Raise NotOpenNow if the event has ended at `at`, or was cancelled."""
    refuse_if_cancelled(order.event)
    if order.event.is_over(at=at):
        raise NotOpenNow(_("The event is over."))


@transaction.atomic
def extend_hold(*, order: Order, expires_at: datetime.datetime) -> None:
    """Hold an order's pending items until `expires_at`, or later if that was promised.

    Released items are reserved again. Raise SoldOut, CompanyFull or NotOpenNow.
    """
    pending, now = lock_pending_items(order), timezone.now()
    released = pending.released_items
    if released:
        # Packages are sold independently of registration, so that only the event's end closes them.
        refuse_after_event(order, at=now) if pending.packages else refuse_if_closed(order.event, at=now)
        pending.reserve_released()
    _hold_items(pending, expires_at=expires_at)
    if released:
        sync_existing_receivable(order)


@transaction.atomic
def hold_until_event_ends(*, order: Order) -> None:
    """Hold the pending items of an order that was paid in part, until its event ends.

    Released items are reserved again, also after registration has closed. Raise SoldOut or CompanyFull, and
    NotOpenNow once the event is over.
    """
    pending = lock_pending_items(order)
    refuse_after_event(order, at=timezone.now())
    released = pending.released_items
    pending.reserve_released()
    _hold_items(pending, expires_at=order.event.ends_at)
    if released:
        sync_existing_receivable(order)


@transaction.atomic
def shorten_unpaid_hold(*, order: Order) -> None:
    """End the hold of `hold_until_event_ends` after the usual time; other holds stay as they are.

    Call it once nothing of a part payment is left.
    """
    pending = lock_pending_items(order).filter_items(
        lambda item: item.hold_expires_at is not None and item.hold_expires_at >= order.event.ends_at
    )
    expires_at = timezone.now() + get_hold_duration(order)
    for item in pending.all_items:
        item.hold_expires_at = min(expires_at, item.hold_expires_at or expires_at)
    pending.save("hold_expires_at")


def _hold_items(pending: PendingItems, *, expires_at: datetime.datetime) -> None:
    for item in pending.all_items:
        # A payment by card must not shorten a hold that was promised for a mailed link.
        item.hold_expires_at = max(expires_at, item.hold_expires_at or expires_at)
        item.is_reserved = True
    pending.save("hold_expires_at", "is_reserved")


@transaction.atomic
def release_hold(*, order: Order) -> None:
    """Release at once what is held for a payment that will not come.

    Registrations that await a member's verification stay held.
    """
    now = timezone.now()
    pending = lock_pending_items(order).filter_items(
        lambda item: item.hold_expires_at is not None and not item.awaits_member_verification
    )
    for item in pending.all_items:
        # As expired holds, they are released by the same functions as all others.
        item.hold_expires_at = now
    pending.save("hold_expires_at")
    # Packages come before tickets in the lock order.
    release_expired_packages(at=now)
    release_ticket_holds({place.ticket_id for place in pending.registrations}, at=now)
