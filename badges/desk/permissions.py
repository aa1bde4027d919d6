"""Decide who serves which guest: the desk staff and the organizers of the guest's event."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.permissions import has_club_role
from convention.errors import Forbidden, NotFound
from convention.events.models import Event, EventRole
from convention.events.permissions import ALL_EVENTS_ROLES, get_event_to_staff, list_event_roles
from registrations.invoices.models import Payment
from registrations.models import Registration

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def get_guest_to_serve(event: str, reference: str, person: "RequestUser") -> Registration:
    """Return a registration of an event at whose desk this person works.

    Raise SignInRequired, Forbidden or NotFound.
    """
    event_obj = get_event_to_staff(event, person)
    return get_guest(event_obj, reference)


def can_take_payments(person: "RequestUser", event: Event) -> bool:
    """Return whether this person of the club works at the event's desk today.

    People of an outside firm, whose role comes from its contract (a delegation), may not.
    """
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return True
    return any(
        role.event_id == event.pk and role.role in EventRole.DESK_ROLES and role.delegation_id is None
        for role in list_event_roles(person)
    )


def get_guest_to_charge(event: str, reference: str, person: "RequestUser") -> Registration:
    """Return a registration whose payments this person may see and take.

    Raise SignInRequired, Forbidden or NotFound.
    """
    guest = get_guest_to_serve(event, reference, person)
    check_takes_payments(person, guest.event)
    return guest


def check_takes_payments(person: "RequestUser", event: Event) -> None:
    """Raise Forbidden unless `can_take_payments`."""
    if not can_take_payments(person, event):
        raise Forbidden(_("Payments are taken by the club’s own staff."))


def can_cancel_order_of(guest: Registration, person: "RequestUser") -> bool:
    """Return whether this person, who works at the desk, may cancel the guest's order.

    With a price it may be paid or invoiced, which the people of an outside firm do not see.
    """
    return not guest.order.total or can_take_payments(person, guest.event)


def get_guest_to_cancel(event: str, reference: str, person: "RequestUser") -> Registration:
    """Return a registration that this person may cancel at the desk.

    Raise SignInRequired, Forbidden or NotFound.
    """
    guest = get_guest_to_serve(event, reference, person)
    if not can_cancel_order_of(guest, person):
        raise Forbidden(_("Registrations with a price are cancelled by the club’s own staff."))
    return guest


def get_guest(event: Event, reference: str) -> Registration:
    """Return a registration of the event with what the desk shows. Raise NotFound."""
    guest = find_guest(event, reference)
    if guest is None:
        raise NotFound(_("This registration belongs to another event."))
    return guest


def find_guest(event: Event, reference: str) -> Registration | None:
    """Return a registration of the event with what the desk shows; None for any other text."""
    # PostgreSQL takes no NUL character.
    if not reference or "\0" in reference:
        return None
    rows = Registration.objects.select_related("ticket", "order", "staff_note__written_by", "person")
    guest = rows.prefetch_related("addons__addon").filter(event=event, reference=reference).first()
    if guest is not None:
        guest.event = guest.order.event = event
    return guest


def get_payment_to_serve(guest: Registration, payment_id: int) -> Payment:
    """Return a payment of the guest's order. Raise NotFound."""
    rows = Payment.objects.select_related("receivable__event")
    payment = rows.filter(pk=payment_id, receivable__reference=guest.order.reference).first()
    if payment is None:
        raise NotFound(_("This payment belongs to another guest."))
    return payment
