"""Book a session: a seat for someone registered."""

from django.db import transaction

from convention.audit.record import record
from schedule.models import Session

from .models import Registration, SessionSeat
from .seats import holder_of, refuse_clashes, stamp, take_seat


@transaction.atomic
def book_session(*, registration: Registration, session: Session, reason: str = "") -> SessionSeat:
    """Take a seat; who has one keeps it. Raises SoldOut, SeatsClash, Closed."""
    holder = holder_of(registration)
    if seat := SessionSeat.objects.standing().filter(registration=holder, session=session).first():
        return seat
    refuse_clashes(holder, session)
    seat = take_seat(holder, session)
    record("seat.book", holder, event=holder.event, reason=reason)
    stamp(holder)
    return seat
