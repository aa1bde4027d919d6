"""Mail attendees about changed session bookings and answers, and former contacts about a new contact.

A job runs every minute. A mail about bookings and answers is sent once nothing has changed for QUIET_PERIOD,
so that several changes on a page cause one mail.
"""

import datetime
import logging

from django.db import transaction
from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.accounts.mails import send_notice
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.billing.buyer_name import find_attendee_first_name
from registrations.models import Order, Registration, RegistrationQuerySet, SessionBooking
from registrations.questions.answers import describe_answers
from registrations.questions.queries import load_questions
from registrations.sessions.booking import list_session_bookings
from schedule.models import Session

from .links import build_reader_url

logger = logging.getLogger(__name__)

QUIET_PERIOD = datetime.timedelta(minutes=3)


def find_unnotified(*, at: datetime.datetime) -> RegistrationQuerySet:
    """Return confirmed registrations of upcoming events whose last change is older than QUIET_PERIOD."""
    rows: RegistrationQuerySet = Registration.objects.confirmed().filter(
        Q(changed_at__lte=at - QUIET_PERIOD), event__ends_at__gt=at
    )
    return rows


def notify_changed_registrations() -> None:
    """Queue a mail for each registration with unannounced changes."""
    for pk in find_unnotified(at=timezone.now()).order_by("pk").values_list("pk", flat=True):
        notify_changes.enqueue(pk)


@task()
def notify_changes(registration_id: int) -> None:
    """Mail one attendee the current bookings and answers, unless they were notified already."""
    with hold_lease(f"changes:{registration_id}"):
        rows = find_unnotified(at=timezone.now()).select_related("event__venue", "order", "ticket")
        registration = rows.filter(pk=registration_id).first()
        if registration is None:
            return
        if registration.email or registration.order.email:
            with translation.override(registration.mail_language):
                _send_message(registration)
        # A change during sending has set another time, and stays due.
        Registration.objects.filter(pk=registration.pk, changed_at=registration.changed_at).update(
            changed_at=None
        )


def _send_message(registration: Registration) -> None:
    try:
        send_mail_message(_build_message(registration))
    except MailRefused:
        # A refusal is final, so the change counts as announced: a retry would be refused as well.
        logger.warning("The mail server refused the mail about changes of %s.", registration.reference)


def _build_message(registration: Registration) -> MailMessage:
    event = registration.event
    assert registration.changed_at is not None
    recipient = registration.email or registration.order.email
    return MailMessage(
        to=recipient,
        subject=_("Your changes have been saved: %(event)s") % {"event": event.title},
        template="changes",
        recipient_name=find_attendee_first_name(registration),
        context={
            "registration": registration,
            "event": event,
            "sessions": [session_booking.session for session_booking in list_session_bookings(registration)],
            "released_sessions": _list_released_sessions(registration, registration.changed_at),
            "answer_texts": list(describe_answers(load_questions(event), registration.answers)),
            "url": build_reader_url(registration, recipient),
        },
        language=registration.mail_language,
        message_key=f"changes-{registration.reference}-{registration.changed_at:%Y%m%d%H%M%S%f}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


def _list_released_sessions(registration: Registration, changed_at: datetime.datetime) -> list[Session]:
    """Return the sessions whose seats, booked before the change, were given up with it."""
    # The mail about earlier changes left QUIET_PERIOD after them, so that none is announced twice.
    since = changed_at - QUIET_PERIOD
    times = SessionBooking.objects.filter(registration=registration).values_list("booked_at", "cancelled_at")
    # A change less than QUIET_PERIOD before the next one was not announced yet.
    for changed in sorted((time for pair in times for time in pair if time), reverse=True):
        if changed > since:
            since = min(since, changed - QUIET_PERIOD)
    released = SessionBooking.objects.filter(
        registration=registration,
        booked_at__lte=since,
        cancelled_at__gt=since,
        session__cancelled_at=None,
    )
    booked = SessionBooking.objects.active().filter(registration=registration)
    rows = Session.objects.filter(pk__in=released.values("session")).exclude(pk__in=booked.values("session"))
    return list(rows.order_by("starts_at", "pk"))


def notify_former_contact(order: Order, former_email: str) -> None:
    """Mail the former contact, after the transaction, that the order's e-mails go to another address.

    Nobody is mailed at an address that never worked: one that is not verified yet, or was refused.
    """
    was_refused = order.deliveries.needing_attention().filter(registration=None).exists()
    if not former_email or order.awaits_verification or was_refused:
        return
    event = order.event
    with translation.override(order.language):
        # The new address is not named: the former one may be a stranger's.
        notice = MailMessage(
            to=former_email,
            subject=_("The contact address of your order has changed: %(event)s") % {"event": event.title},
            template="former_contact",
            context={"order": order, "event": event},
            language=order.language,
            message_key=f"former-contact-{order.reference}-{timezone.now():%Y%m%d%H%M%S%f}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    # Sent at once: a queued task would have to store the address.
    transaction.on_commit(lambda: send_notice(notice))
