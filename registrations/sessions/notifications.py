"""Notify those who booked a session when it moves, is cancelled, or takes place after all.

A job looks for changes every minute, so that editing the programme need not know about bookings. Each booking
stores what was announced last.
"""

import logging

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.models import SessionBooking
from registrations.permissions import make_own_secret
from schedule.programme.neighbours import find_conflicting_sessions

from .booking import list_session_bookings

logger = logging.getLogger(__name__)


def notify_changed_sessions() -> None:
    """Queue a mail for each booking whose session changed since the last mail."""
    for pk in SessionBooking.objects.with_unannounced_changes().order_by("pk").values_list("pk", flat=True):
        notify_session_change.enqueue(pk)


@task()
def notify_session_change(session_booking_id: int) -> None:
    """Mail one attendee what changed, unless they were notified already."""
    with hold_lease(f"seat:{session_booking_id}"):
        rows = SessionBooking.objects.with_unannounced_changes().select_related(
            "session__room", "session__event", "registration__order", "registration__event"
        )
        session_booking = rows.filter(pk=session_booking_id).first()
        if session_booking is None:
            return
        registration, session = session_booking.registration, session_booking.session
        if registration.email or registration.order.email:
            with translation.override(registration.order.language):
                _send_letter(session_booking)
        # Saved even without an address, so that the job does not find the row again.
        announced = {
            "notified_starts_at": session.starts_at,
            "is_cancellation_notified": session.cancelled_at is not None,
        }
        SessionBooking.objects.filter(pk=session_booking.pk).update(**announced)


def _send_letter(session_booking: SessionBooking) -> None:
    try:
        send_mail_message(_write_letter(session_booking))
    except MailRefused:
        # A refusal is final: the change is stored as announced all the same.
        logger.warning("The mail server refused the mail about the seat %s.", session_booking.pk)


def _write_letter(session_booking: SessionBooking) -> MailMessage:
    registration, session, event = (
        session_booking.registration,
        session_booking.session,
        session_booking.session.event,
    )
    if session.cancelled_at:
        subject = _("Session cancelled: %(title)s")
    elif session_booking.is_cancellation_notified:
        subject = _("It takes place after all: %(title)s")
    else:
        subject = _("Session moved: %(title)s")
    booked_sessions = [other.session for other in list_session_bookings(registration)]
    page = reverse(
        "order-sessions",
        args=[registration.order.reference, make_own_secret(registration), registration.reference],
    )
    # Part of the Message-ID: a retry is the same mail, another move is another one.
    state = f"{session.starts_at:%Y%m%d%H%M}" if session.starts_at else "open"
    return MailMessage(
        to=registration.email or registration.order.email,
        subject=(subject % {"title": session.title})[:200],
        template="session_changed",
        context={
            "session": session,
            "event": event,
            "conflicting_sessions": find_conflicting_sessions(session, booked_sessions),
            "was_cancelled": session_booking.is_cancellation_notified,
            "url": settings.SITE_URL + page,
        },
        language=registration.order.language,
        message_key=f"seat-{session_booking.pk}-{state}-{'off' if session.cancelled_at else 'on'}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
