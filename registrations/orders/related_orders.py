"""Orders of the same buyer for the same event, listed on each other's pages.

Anybody can enter another person's address, so an equal address is not enough. Another order is listed if one
of the two was started from the other's page, or both from the same page, and its link was never replaced; or
if the reader is signed in with that address. A link opens everything in an order: only the signed-in owner
gets links to all of them. Others get a link to the earlier order, from whose page this one was started.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Q

from convention.accounts.permissions import owns_address
from convention.club.models import Person
from convention.text.email_addresses import is_same_email
from registrations.models import Order
from registrations.permissions import LinkAccess, build_link_path

from .order_state import describe_order_state

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# An assistant may register fifty people one by one.
MAX_ORDERS_SHOWN: Final = 50


@dataclass(frozen=True)
class RelatedOrder:
    """Another order of the buyer, its state in words; `path` is "" if the reader may not open it."""

    reference: str
    names: str
    state: str
    path: str


def link_to_previous_order(*, order: Order, reference: str) -> None:
    """Store from which order's page a new one was started, if both have the same buyer."""
    previous = Order.objects.filter(event=order.event_id, reference=reference).first() if reference else None
    # After a double click, `order` is the one that the first click created.
    if previous and previous.pk != order.pk and is_same_email(previous.email, order.email):
        Order.objects.filter(pk=order.pk, previous_order=None).update(previous_order=previous)


def list_related_orders(link_access: LinkAccess, user: "RequestUser") -> list[RelatedOrder]:
    """Return the buyer's other orders for the event that the holder of this link may open."""
    order = link_access.order
    if not link_access.is_full or order.awaits_verification or order.source == Order.Source.COMPANY_CONTACT:
        return []
    is_owner = isinstance(user, Person) and owns_address(user, order.email)
    related = Q(email__iexact=order.email) if is_owner else _make_related_condition(order)
    rows = Order.objects.filter(related, event=order.event_id).exclude(pk=order.pk)
    # The state of a place that waits for its member depends on its ticket and the event.
    rows = rows.exclude(source=Order.Source.COMPANY_CONTACT).order_by("pk")
    rows = rows.prefetch_related("registrations__ticket__event")
    return [
        _build_related_order(
            row, build_link_path(row) if is_owner or row.pk == order.previous_order_id else ""
        )
        for row in rows[:MAX_ORDERS_SHOWN]
        if is_same_email(row.email, order.email) and not row.awaits_verification
    ]


def _make_related_condition(order: Order) -> Q:
    """Return the condition of the earlier order, and of those started from its page or from this one's."""
    related = Q(previous_order=order)
    if order.previous_order_id:
        previous = order.previous_order_id
        related |= Q(pk=previous) | Q(previous_order=previous, previous_order__link_version=0)
    # A link may have been replaced to lock out somebody who has the other order's link.
    return related & Q(link_version=0)


def _build_related_order(order: Order, path: str) -> RelatedOrder:
    registrations = sorted(order.registrations.all(), key=lambda registration: registration.pk)
    return RelatedOrder(
        reference=order.reference,
        # A private registration is shown to its attendee only.
        names=", ".join(row.name for row in registrations if not row.is_private),
        state=describe_order_state(registrations),
        path=path,
    )
