"""Bulk cancellation: many public orders of an event, found by a filter, looked at, and cancelled at once.

For orders that nobody stands behind: nothing is kept of their price. Orders that were paid, or from which
somebody has arrived, are left, and so are those with a sponsor's package, which has its own page.
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
from convention.audit.record import record
from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.models import Event
from convention.events.sequence import next_sequence
from convention.money import Money

from .bill import asked_for, rebill
from .cancel import cancel_together
from .invoices.models import Invoice, Receivable
from .models import Order, Registration, RegistrationAddon, Sponsorship
from .places import give_back
from .terms import Terms, Why

PUBLIC_SOURCES = ("page", "api")
MAX_ORDERS = 500
"""The most orders that are shown, and cancelled, at once."""


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """Which public orders are looked for; what is empty filters nothing.

    Of orders that are only held, nothing is confirmed yet: they wait for a link or a payment. `address` is
    the buyer's e-mail, in which `*` stands for any characters. The moments are inclusive.
    """

    only_held: bool = True
    network: str = ""
    address: str = ""
    ordered_from: datetime.datetime | None = None
    ordered_to: datetime.datetime | None = None

    def apply(self, event: Event) -> QuerySet[Order]:
        """Return the orders with a place to cancel, the latest first."""
        places = Registration.objects.filter(order=OuterRef("pk"))
        conditions = Q(Exists(places.active()), event=event, source__in=PUBLIC_SOURCES)
        if self.only_held:
            conditions &= ~Q(Exists(places.confirmed()))
        if self.network:
            conditions &= Q(network=self.network)
        if self.address:
            conditions &= Q(email__iregex=_pattern_of(self.address))
        if self.ordered_from:
            conditions &= Q(created_at__gte=self.ordered_from)
        if self.ordered_to:
            conditions &= Q(created_at__lte=self.ordered_to)
        return Order.objects.filter(conditions).order_by("-created_at", "-pk")


@dataclass
class OrderPreview:
    """An order as it would be cancelled; `objection` says why it would be left, empty where it would not."""

    order: Order
    places: list[Registration] = field(default_factory=list)
    is_invoiced: bool = False
    objection: str = ""

    @property
    def tickets(self) -> list[tuple[str, int]]:
        """Return the titles of its tickets, and how many places it has of each."""
        return list(Counter(place.ticket.title for place in self.places).items())

    @property
    def is_held(self) -> bool:
        """Return whether none of its places is confirmed."""
        return not any(place.confirmed_at for place in self.places)

    @property
    def worth(self) -> Money:
        """Return what its places cost."""
        return Money(sum(place.worth for place in self.places), self.order.currency)


@dataclass(frozen=True)
class Preview:
    """What a bulk cancellation would do: the orders shown, and how many the filter found in all."""

    orders: list[OrderPreview]
    found: int

    @property
    def cancellable(self) -> list[OrderPreview]:
        """Return those that would be cancelled."""
        return [one for one in self.orders if not one.objection]

    @property
    def places(self) -> int:
        """Return how many places would be free."""
        return sum(len(one.places) for one in self.cancellable)


def preview_cancellation(event: Event, chosen: OrderFilter) -> Preview:
    """Return what cancelling the orders of a filter would do now, in a fixed number of queries."""
    found = chosen.apply(event)
    return Preview(_previews(found[:MAX_ORDERS]), found.count())


def cancel_orders(*, event: Event, references: Collection[str], reason: str) -> list[Order]:
    """Cancel the orders of these references without mails, and return those that were cancelled.

    Orders with an objection are left; so is one that changed so that it cannot be cancelled. What is held is
    cancelled together, each confirmed order by itself. Raises InvalidFields without a reason, or Closed once
    the event is over.
    """
    return _cancel_orders(event, references, reason, notified_at=timezone.now())


def cancel_orders_and_notify(*, event: Event, references: Collection[str], reason: str) -> list[Order]:
    """The same, and queue a mail to each buyer, also of places that were only held."""
    return _cancel_orders(event, references, reason, notified_at=None)


def _cancel_orders(
    event: Event, references: Collection[str], reason: str, *, notified_at: datetime.datetime | None
) -> list[Order]:
    if not reason:
        raise InvalidFields(_("Some fields need another look."), {"reason": [_("Enter a reason.")]})
    if event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    rows = Order.objects.filter(event=event, source__in=PUBLIC_SOURCES, reference__in=references)
    previews = [one for one in _previews(rows.order_by("pk")[:MAX_ORDERS]) if not one.objection]
    held = [one.order.pk for one in previews if one.places and one.is_held]
    cancelled = _cancel_held(held, reason, notified_at)
    for one in previews:
        if not one.is_held and _cancel_confirmed(one.order, reason, notified_at):
            cancelled.append(one.order)
    record("order.bulk_cancel", event, event=event, reason=reason)
    return cancelled


def _pattern_of(address: str) -> str:
    """Return the regular expression of an address in which `*` stands for any characters."""
    escaped = "".join(c if c.isalnum() else ".*" if c == "*" else f"\\{c}" for c in address)
    return f"^{escaped}$"


def _previews(orders: QuerySet[Order]) -> list[OrderPreview]:
    found = {order.pk: OrderPreview(order) for order in orders}
    places = Registration.objects.active().filter(order__in=found).select_related("ticket")
    for place in places.prefetch_related("addons").order_by("pk"):
        found[place.order_id].places.append(place)
    by_reference = {one.order.reference: one for one in found.values()}
    receivables = Receivable.objects.with_balance().filter(reference__in=by_reference)
    invoiced = Exists(Invoice.objects.filter(receivable=OuterRef("pk")))
    for reference, kept, is_invoiced in receivables.annotate(is_invoiced=invoiced).values_list(
        "reference", F("paid") - F("given_back"), "is_invoiced"
    ):
        by_reference[reference].is_invoiced = is_invoiced
        by_reference[reference].objection = _("has been paid") if kept > 0 else ""
    for order in Sponsorship.objects.filter(order__in=found).values_list("order", flat=True):
        found[order].objection = _("belongs to a sponsor")
    came = hooks.scanned_registrations.provider()(
        {place.pk for one in found.values() for place in one.places}
    )
    for one in found.values():
        if any(place.pk in came for place in one.places):
            one.objection = _("somebody has already arrived")
    return list(found.values())


@transaction.atomic
def _cancel_held(keys: list[int], reason: str, notified_at: datetime.datetime | None) -> list[Order]:
    """Cancel orders of which nothing is confirmed, all together; one confirmed just now is left."""
    locked_orders = list(Order.objects.alone().filter(pk__in=keys).select_related("event"))
    rows = Registration.objects.filter(order__in=locked_orders, cancelled_at__isnull=True).order_by("pk")
    locked = list(rows.select_for_update(of=("self",)))
    confirmed = {place.order_id for place in locked if place.confirmed_at}
    orders = [order for order in locked_orders if order.pk not in confirmed]
    places = [place for place in locked if place.order_id not in confirmed]
    if not places:
        return []
    now = timezone.now()
    cancelled = Registration.objects.filter(pk__in=[place.pk for place in places])
    cancelled.update(cancelled_at=now, cancellation_sent_at=notified_at, generation=F("generation") + 1)
    for order in orders:
        rebill(order)
    give_back([place for place in places if place.counts])
    addons = RegistrationAddon.objects.filter(registration__in=places, cancelled_at__isnull=True)
    addons.update(cancelled_at=now)
    for order in orders:
        _finish(order, reason, notified_at)
    cancelled.update(sequence=next_sequence(orders[0].event_id))
    return orders


def _cancel_confirmed(order: Order, reason: str, notified_at: datetime.datetime | None) -> bool:
    """Cancel one order with confirmed places; whether it could be."""
    try:
        with transaction.atomic():
            _cancel_all_places(order, reason, notified_at)
    except ConventionError:
        return False
    return True


def _cancel_all_places(order: Order, reason: str, notified_at: datetime.datetime | None) -> None:
    order = Order.objects.alone().select_related("event").get(pk=order.pk)
    rows = Registration.objects.select_related("order__event", "event", "ticket").order_by("pk")
    places = list(rows.filter(order=order, cancelled_at__isnull=True).select_for_update(of=("self",)))
    _finish(order, reason, notified_at)
    cancel_together(places, order=order, reason=reason, terms_for=_nothing_kept)
    cancelled = Registration.objects.filter(pk__in=[place.pk for place in places])
    cancelled.update(cancellation_sent_at=notified_at)


def _finish(order: Order, reason: str, notified_at: datetime.datetime | None) -> None:
    """Note the cancellation in the audit trail, and queue the mail unless nobody is notified."""
    record("order.cancel", order, event=order.event, reason=reason)
    if notified_at is None:
        hooks.send_cancellation.enqueue(order.pk)


def _nothing_kept(registration: Registration) -> Terms:
    worth = asked_for(registration)
    return Terms(worth, worth, Why.ORGANIZER)
