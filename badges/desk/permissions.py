"""Decide who serves which guest: the desk staff and the organizers of the guest's event."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_staff
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


def get_guest(event: Event, reference: str) -> Registration:
    """Return a registration of the event with what the desk shows. Raise NotFound."""
    rows = Registration.objects.select_related("ticket", "order", "staff_note__written_by", "person")
    guest = rows.prefetch_related("addons__addon").filter(event=event, reference=reference).first()
    if guest is None:
        raise NotFound(_("This registration belongs to another event."))
    guest.event = guest.order.event = event
    return guest


def get_payment_to_serve(guest: Registration, payment_id: int) -> Payment:
    """Return a payment of the guest's order. Raise NotFound."""
    rows = Payment.objects.select_related("receivable__event")
    payment = rows.filter(pk=payment_id, receivable__reference=guest.order.reference).first()
    if payment is None:
        raise NotFound(_("This payment belongs to another guest."))
    return payment
