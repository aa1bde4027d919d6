"""Write a booking where members are told from others: what is looked at stays true until it is written."""

from django.db import transaction
from django.utils import timezone

from .booking import Booking, write, write_at_once
from .holds import hold
from .on_application import admit
from .one_place import refuse_second_place


def write_for_members(booking: Booking) -> None:
    """As `write`; each member gets one place of a ticket. Raises AlreadyRegistered besides."""
    if not write_at_once(booking):
        _look_and_write(booking)


@transaction.atomic
def _look_and_write(booking: Booking) -> None:
    hold(booking.registrations, at=timezone.now())
    for registration in booking.registrations:
        if registration.member_of and registration.person:
            refuse_second_place(registration, registration.person)
    write(booking)
    admit(booking.registrations)
