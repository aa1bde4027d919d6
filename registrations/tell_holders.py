"""Tell those who booked a session that it moved, is cancelled or takes place after all.

Looked for every minute, whoever changed the programme, by hand or from a file: what a holder was told last
stands with the seat.
"""

import logging

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send
from schedule.around import clashing

from .doors import own_secret
from .models import SessionSeat
from .seats import seats_of

logger = logging.getLogger(__name__)


def changed_sessions() -> None:
    """Queue a mail for each holder of a seat in a session that changed since they were told."""
    for pk in SessionSeat.objects.out_of_date().order_by("pk").values_list("pk", flat=True):
        tell_holder.enqueue(pk)


@task()
def tell_holder(seat_id: int) -> None:
    """Send one holder what changed, if they do not know it yet."""
    with leased(f"seat:{seat_id}"):
        rows = SessionSeat.objects.out_of_date().select_related(
            "session__room", "session__event", "registration__order", "registration__event"
        )
        seat = rows.filter(pk=seat_id).first()
        if seat is None:
            return
        holder, session = seat.registration, seat.session
        if holder.email or holder.order.email:
            with translation.override(holder.order.language):
                _send(seat)
        known = {"known_starts_at": session.starts_at, "knows_cancelled": session.cancelled_at is not None}
        SessionSeat.objects.filter(pk=seat.pk).update(**known)


def _send(seat: SessionSeat) -> None:
    try:
        send(_letter(seat))
    except Refused:
        logger.warning("The mail server refused the mail about the seat %s.", seat.pk)


def _letter(seat: SessionSeat) -> Letter:
    holder, session, event = seat.registration, seat.session, seat.session.event
    if session.cancelled_at:
        subject = _("Session cancelled: %(title)s")
    elif seat.knows_cancelled:
        subject = _("It takes place after all: %(title)s")
    else:
        subject = _("Session moved: %(title)s")
    others = [other.session for other in seats_of(holder)]
    page = reverse("order-sessions", args=[holder.order.reference, own_secret(holder), holder.reference])
    state = f"{session.starts_at:%Y%m%d%H%M}" if session.starts_at else "open"
    return Letter(
        to=holder.email or holder.order.email,
        subject=(subject % {"title": session.title})[:200],
        template="session_changed",
        context={
            "session": session,
            "event": event,
            "clashes": clashing(session, others),
            "was_cancelled": seat.knows_cancelled,
            "url": settings.SITE_URL + page,
        },
        language=holder.order.language,
        key=f"seat-{seat.pk}-{state}-{'off' if session.cancelled_at else 'on'}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
