"""Write a booking of members, or of an unverified buyer: what is looked at stays true until it is written."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .booking import Booking, write, write_at_once
from .holds import hold, limit_unverified
from .on_application import admit
from .one_place import refuse_second_place


def write_checked(booking: Booking) -> None:
    """As `write`; each member gets one place of a ticket. Raises AlreadyRegistered besides.

    An order that awaits verification holds its places only below the event's hourly ceiling.
    """
    is_for_members = any(one.ticket.needs_proof for one in booking.registrations)
    if booking.order.awaits_verification:
        is_unlimited = settings.RATE_LIMITS == "off" and not is_for_members
        write(booking) if is_unlimited else _look_and_write(booking)
    elif not write_at_once(booking):
        _look_and_write(booking)


@transaction.atomic
def _look_and_write(booking: Booking) -> None:
    now = timezone.now()
    hold(booking.registrations, at=now)
    limit_unverified(booking.order, booking.registrations, at=now)
    for registration in booking.registrations:
        if registration.member_of and registration.person:
            refuse_second_place(registration, registration.person)
    write(booking)
    admit(booking.registrations)
