"""Cancel many public orders of an event at once: filter, preview, cancel.

Meant for orders that no real buyer placed, so no cancellation fee is charged. Orders that were paid, with an
attendee who has arrived, or with a sponsor's package are skipped.
"""

import datetime
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.money import Money
from registrations.billing.receivables import sync_existing_receivable
from registrations.billing.refund_terms import RefundReason, RefundTerms
from registrations.inventory.stock import release_registrations
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.models import Order, Registration, RegistrationAddon, Sponsorship

from .cancel import cancel_registrations

PUBLIC_SOURCES = (Order.Source.PAGE, Order.Source.API)
# Of one preview and of one cancellation, which locks all its unconfirmed orders in one transaction.
MAX_BULK_ORDERS = 500


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """Criteria for public orders; an empty field filters nothing.

    `only_held` leaves out orders with a confirmed registration. `buyer_email` may contain `*` for any
    characters. Both times are inclusive and aware.
    """

    only_held: bool = True
    network: str = ""
    buyer_email: str = ""
    ordered_from: datetime.datetime | None = None
    ordered_to: datetime.datetime | None = None

    def find_orders(self, event: Event) -> QuerySet[Order]:
        """Return the matching orders that have an active registration, newest first."""
        registrations = Registration.objects.filter(order=OuterRef("pk"))
        # Orders by organizers, contacts and imports are not the public's: they are never cancelled here.
        conditions = Q(Exists(registrations.active()), event=event, source__in=PUBLIC_SOURCES)
        if self.only_held:
            conditions &= ~Q(Exists(registrations.confirmed()))
        if self.network:
            conditions &= Q(network=self.network)
        if self.buyer_email:
            conditions &= Q(email__iregex=_make_address_pattern(self.buyer_email))
        if self.ordered_from:
            conditions &= Q(created_at__gte=self.ordered_from)
        if self.ordered_to:
            conditions &= Q(created_at__lte=self.ordered_to)
        return Order.objects.filter(conditions).order_by("-created_at", "-pk")


@dataclass
class OrderPreview:
    """An order as it would be cancelled. `objection` says why it would be skipped; "" if it would not."""

    order: Order
    registrations: list[Registration] = field(default_factory=list)
    is_invoiced: bool = False
    objection: str = ""

    @property
    def ticket_counts(self) -> list[tuple[str, int]]:
        """Return the ticket titles with the number of registrations of each."""
        return list(Counter(registration.ticket.title for registration in self.registrations).items())

    @property
    def is_held(self) -> bool:
        """Return whether none of its registrations is confirmed."""
        return not any(registration.confirmed_at for registration in self.registrations)

    @property
    def full_price(self) -> Money:
        """Return the sum of what its registrations cost."""
        return Money(sum(registration.full_price for registration in self.registrations), self.order.currency)


@dataclass(frozen=True)
class BulkCancelPreview:
    """The orders that would be cancelled or skipped, and how many orders match in all."""

    order_previews: list[OrderPreview]
    match_count: int

    @property
    def cancellable_orders(self) -> list[OrderPreview]:
        """Return the orders without an objection."""
        return [preview for preview in self.order_previews if not preview.objection]

    @property
    def freed_place_count(self) -> int:
        """Return how many places would become free."""
        return sum(len(preview.registrations) for preview in self.cancellable_orders)


def preview_bulk_cancellation(event: Event, order_filter: OrderFilter) -> BulkCancelPreview:
    """Return what cancelling the matching orders would do, in a fixed number of queries."""
    orders = order_filter.find_orders(event)
    return BulkCancelPreview(_load_previews(orders[:MAX_BULK_ORDERS]), orders.count())


def cancel_orders(*, event: Event, references: Collection[str], reason: str) -> list[Order]:
    """Cancel these orders without mails, and return those that were cancelled.

    Orders with an objection are skipped, also where it arose meanwhile. Unconfirmed orders are cancelled in
    one transaction, each confirmed order in its own. Raise InvalidFields without a reason and NotOpenNow
    once the event is over.
    """
    return _cancel_orders(event, references, reason, notified_at=timezone.now())


def cancel_orders_and_notify(*, event: Event, references: Collection[str], reason: str) -> list[Order]:
    """Do the same as `cancel_orders`, and queue a mail to each buyer, also for orders that were only held."""
    return _cancel_orders(event, references, reason, notified_at=None)


def _cancel_orders(
    event: Event, references: Collection[str], reason: str, *, notified_at: datetime.datetime | None
) -> list[Order]:
    if not reason:
        raise InvalidFields(_("Some fields need to be corrected."), {"reason": [_("Enter a reason.")]})
    if event.is_over():
        raise NotOpenNow(_("The event is over, so the registration can no longer be cancelled."))
    # The references come from the browser, so they are filtered again.
    rows = Order.objects.filter(event=event, source__in=PUBLIC_SOURCES, reference__in=references)
    previews = [
        preview for preview in _load_previews(rows.order_by("pk")[:MAX_BULK_ORDERS]) if not preview.objection
    ]
    held_order_ids = [preview.order.pk for preview in previews if preview.registrations and preview.is_held]
    cancelled = _cancel_held_orders(held_order_ids, reason, notified_at)
    for preview in previews:
        if not preview.is_held and _cancel_confirmed_order(preview.order, reason, notified_at):
            cancelled.append(preview.order)
    record_action("order.bulk_cancel", event, event=event, reason=reason)
    return cancelled


def _make_address_pattern(address: str) -> str:
    """Return a regular expression for an address in which `*` matches any characters."""
    # Everything but letters, digits and the asterisk is escaped: the filter must not become a regular
    # expression.
    escaped = "".join(c if c.isalnum() else ".*" if c == "*" else f"\\{c}" for c in address)
    return f"^{escaped}$"


def _load_previews(order_rows: QuerySet[Order]) -> list[OrderPreview]:
    previews = {order.pk: OrderPreview(order) for order in order_rows}
    registrations = Registration.objects.active().filter(order__in=previews).select_related("ticket")
    for registration in registrations.prefetch_related("addons").order_by("pk"):
        previews[registration.order_id].registrations.append(registration)
    by_reference = {preview.order.reference: preview for preview in previews.values()}
    receivables = Receivable.objects.with_balance().filter(reference__in=by_reference)
    invoiced = Exists(Invoice.objects.filter(receivable=OuterRef("pk")))
    for reference, amount_retained, is_invoiced in receivables.annotate(is_invoiced=invoiced).values_list(
        "reference", F("amount_paid") - F("amount_refunded"), "is_invoiced"
    ):
        by_reference[reference].is_invoiced = is_invoiced
        by_reference[reference].objection = _("has been paid") if amount_retained > 0 else ""
    for order in Sponsorship.objects.filter(order__in=previews).values_list("order", flat=True):
        previews[order].objection = _("belongs to a sponsor")
    # A hook, because scans belong to `badges`, which imports this package.
    arrived_ids = hooks.scanned_registrations.provider()(
        {registration.pk for preview in previews.values() for registration in preview.registrations}
    )
    for preview in previews.values():
        if any(registration.pk in arrived_ids for registration in preview.registrations):
            preview.objection = _("someone has already arrived")
    return list(previews.values())


@transaction.atomic
def _cancel_held_orders(
    order_ids: list[int], reason: str, notified_at: datetime.datetime | None
) -> list[Order]:
    """Cancel orders without a confirmed registration in bulk; skip those confirmed meanwhile."""
    locked_orders = list(Order.objects.locked_for_update().filter(pk__in=order_ids).select_related("event"))
    rows = Registration.objects.filter(order__in=locked_orders, cancelled_at__isnull=True).order_by("pk")
    locked = list(rows.select_for_update(of=("self",)))
    confirmed = {registration.order_id for registration in locked if registration.confirmed_at}
    orders = [order for order in locked_orders if order.pk not in confirmed]
    registrations = [registration for registration in locked if registration.order_id not in confirmed]
    if not registrations:
        return []
    now = timezone.now()
    cancelled = Registration.objects.filter(pk__in=[registration.pk for registration in registrations])
    cancelled.update(cancelled_at=now, cancellation_sent_at=notified_at, badge_version=F("badge_version") + 1)
    for order in orders:
        sync_existing_receivable(order)
    # Expired holds were released before; releasing them again would free the places of others.
    release_registrations([registration for registration in registrations if registration.occupies_place])
    addons = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    addons.update(cancelled_at=now)
    for order in orders:
        _record_and_notify(order, reason, notified_at)
    # The sequence is taken last: scanners that poll meanwhile must not skip rows that are not committed yet.
    cancelled.update(sequence=advance_sequence(orders[0].event_id))
    return orders


def _cancel_confirmed_order(order: Order, reason: str, notified_at: datetime.datetime | None) -> bool:
    """Cancel one order with confirmed registrations; return whether it could be cancelled."""
    try:
        with transaction.atomic():
            _cancel_all_registrations(order, reason, notified_at)
    except ConventionError:
        # The order changed since the preview; it must not stop the others.
        return False
    return True


def _cancel_all_registrations(order: Order, reason: str, notified_at: datetime.datetime | None) -> None:
    order = Order.objects.locked_for_update().select_related("event").get(pk=order.pk)
    rows = Registration.objects.select_related("order__event", "event", "ticket").order_by("pk")
    registrations = list(rows.filter(order=order, cancelled_at__isnull=True).select_for_update(of=("self",)))
    _record_and_notify(order, reason, notified_at)
    cancel_registrations(registrations, order=order, reason=reason, get_terms=_full_refund_terms)
    cancelled = Registration.objects.filter(pk__in=[registration.pk for registration in registrations])
    cancelled.update(cancellation_sent_at=notified_at)


def _record_and_notify(order: Order, reason: str, notified_at: datetime.datetime | None) -> None:
    """Record the cancellation in the audit trail; queue the mail unless it counts as sent already."""
    record_action("order.cancel", order, event=order.event, reason=reason)
    if notified_at is None:
        hooks.send_cancellation.enqueue(order.pk)


def _full_refund_terms(_registration: Registration, due_cents: int) -> RefundTerms:
    return RefundTerms(due_cents, due_cents, RefundReason.ORGANIZER)
