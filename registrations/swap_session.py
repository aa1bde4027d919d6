"""Swap sessions: give seats up and take another one, both or neither."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from schedule.models import Session

from .models import Registration, SessionSeat
from .seats import NotBooked, give_up_seats, holder_of, refuse_clashes, seats_of, stamp, take_seat


@transaction.atomic
def swap_session(
    *, registration: Registration, given_up: Collection[Session], wanted: Session, reason: str = ""
) -> SessionSeat:
    """Take a seat in one session for those in others; where the new one is full all stays as it was.

    Sessions are locked in one order, whichever way somebody swaps, so that two who swap against each other
    do not wait in a ring. Who has the wanted seat already keeps all.
    Raises SoldOut, NotBooked, SeatsClash, Closed.
    """
    holder = holder_of(registration)
    booked = {seat.session: seat for seat in seats_of(holder)}
    if wanted in booked:
        return booked[wanted]
    for session in given_up:
        if session not in booked:
            raise NotBooked(_("No seat is booked in “%(title)s”.") % {"title": session.title})
    refuse_clashes(holder, wanted, given_up={session.pk for session in given_up})
    seat = None
    for session in sorted({*given_up, wanted}, key=lambda session: session.pk):
        if session == wanted:
            seat = take_seat(holder, wanted)
        else:
            give_up_seats(holder, [session])
    assert seat is not None
    record("seat.swap", holder, event=holder.event, reason=reason)
    stamp(holder)
    return seat
