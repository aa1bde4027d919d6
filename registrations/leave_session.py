"""Leave a session: the seat is free for others, first for those who wait."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from schedule.models import Session

from .models import Registration
from .seats import NotBooked, give_up_seats, holder_of, stamp


@transaction.atomic
def leave_session(*, registration: Registration, session: Session, reason: str = "") -> None:
    """Give a seat up. Raises NotBooked, Closed."""
    holder = holder_of(registration)
    if not give_up_seats(holder, [session]):
        raise NotBooked(_("No seat is booked in “%(title)s”.") % {"title": session.title})
    record("seat.leave", holder, event=holder.event, reason=reason)
    stamp(holder)
