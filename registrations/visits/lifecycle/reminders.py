"""Reminders: a week and a day before the visit, and a request for feedback afterwards.

Each visitor gets each mail once; a mail that is more than `MAX_MAIL_DELAY` late is skipped.
"""

import datetime
import logging
from typing import Final

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailAttachment, MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.billing.buyer_name import find_attendee_first_name
from registrations.models import Registration
from registrations.orders.calendar import format_venue_address
from registrations.permissions import make_own_secret
from registrations.visits.applications.state import list_present_visitors
from registrations.visits.models import Application, DayMail, Ride, Visit
from registrations.visits.rides.calendar import build_ride_calendar, list_rides

logger = logging.getLogger(__name__)

# After a long outage of the worker, "tomorrow" must not be mailed on the day itself.
MAX_MAIL_DELAY: Final = datetime.timedelta(hours=24)
FEEDBACK_DELAY: Final = datetime.timedelta(hours=2)
FIRST_REMINDER_PERIOD: Final = datetime.timedelta(days=7)


def remind_visitors() -> None:
    """Periodic job: queue the mails that are due."""
    now = timezone.now()
    visits = Visit.objects.active().filter(
        event__starts_at__lt=now + FIRST_REMINDER_PERIOD,
        event__ends_at__gt=now - FEEDBACK_DELAY - MAX_MAIL_DELAY,
    )
    for visit in visits.filter(agreed_at__isnull=False).select_related("event"):
        for kind, at in list_mail_times(visit):
            if at <= now < at + MAX_MAIL_DELAY:
                _queue_mails(visit, kind)


def list_mail_times(visit: Visit) -> list[tuple[DayMail.Kind, datetime.datetime]]:
    """Return when each kind of mail is due, at the event's local time."""
    event, kinds = visit.event, DayMail.Kind
    # Subtracted from local time: across a change of clocks the mail still goes out at the same hour.
    start = event.starts_at.astimezone(event.zone)
    return [
        (kinds.WEEK, start - FIRST_REMINDER_PERIOD),
        (kinds.DAY_BEFORE, start - datetime.timedelta(days=1)),
        (kinds.AFTER, event.ends_at + FEEDBACK_DELAY),
    ]


def _queue_mails(visit: Visit, kind: DayMail.Kind) -> None:
    if kind == DayMail.Kind.AFTER:
        # The feedback mail goes to those who were scanned, not to everybody with a place.
        applications = list_present_visitors(visit)
    else:
        applications = list(Application.objects.confirmed().filter(visit=visit))
    rows = [DayMail(application=application, kind=kind) for application in applications]
    # The unique constraint makes repeated runs harmless.
    DayMail.objects.bulk_create(rows, ignore_conflicts=True)
    due = DayMail.objects.filter(application__visit=visit, kind=kind, sent_at__isnull=True)
    for pk in due.order_by("pk").values_list("pk", flat=True):
        send_day_mail.enqueue(pk)


@task(queue_name=MAIL_QUEUE)
def send_day_mail(mail_id: int) -> None:
    """Send one mail, unless it was sent or the visitor no longer comes. Raise MailNotSent."""
    rows = DayMail.objects.filter(sent_at__isnull=True, application__visit__cancelled_at__isnull=True)
    # The job queues unsent mails again every quarter of an hour, so that two tasks for one mail are common.
    with hold_lease(f"day-mail:{mail_id}"):
        mail = rows.select_related(
            "application__visit__event__venue", "application__registration__order"
        ).filter(pk=mail_id, application__in=Application.objects.confirmed()).first()  # fmt: skip
        if mail is None:
            return
        registration = mail.application.registration
        assert registration is not None
        with translation.override(registration.mail_language):
            try:
                send_mail_message(_build_message(mail))
            except MailRefused:
                logger.warning("The mail server refused %s.", _build_message_key(mail))
        # Also after a permanent refusal, or the job would try again until `MAX_MAIL_DELAY`.
        DayMail.objects.filter(pk=mail_id).update(sent_at=timezone.now())


def _build_message(mail: DayMail) -> MailMessage:
    application = mail.application
    registration, visit, event = application.registration, application.visit, application.visit.event
    assert registration is not None
    is_after = mail.kind == DayMail.Kind.AFTER
    subject = (
        _("Thank you for coming: %(event)s")
        if is_after
        else _("Practical information for your visit: %(event)s")
    )
    rides, can_choose = list_rides(application), Ride.objects.filter(visit=visit).exists()
    page_before = "visit-rides" if rides or can_choose else "visit"
    page = reverse("visit-feedback" if is_after else page_before, args=[event.slug])
    return MailMessage(
        to=registration.email or registration.order.email,
        subject=subject % {"event": event.title},
        template="after_visit" if is_after else "before_visit",
        recipient_name=find_attendee_first_name(registration),
        context={
            "event": event,
            "visit": visit,
            "registration": registration,
            "where": format_venue_address(event),
            "rides": rides,
            "can_choose": can_choose,
            "has_questions": is_after and visit.feedback_questions.exists(),
            "badge_url": settings.SITE_URL + _build_badge_path(registration),
            "url": settings.SITE_URL + page,
        },
        language=registration.mail_language,
        message_key=_build_message_key(mail),
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=() if is_after else (_make_calendar_attachment(application),),
    )


def _build_badge_path(registration: Registration) -> str:
    args = [registration.order.reference, make_own_secret(registration), registration.reference]
    return reverse("order-badge", args=args)


def _make_calendar_attachment(application: Application) -> MailAttachment:
    return MailAttachment(
        name=f"{application.visit.event.slug}.ics",
        content=build_ride_calendar(application),
        mimetype="text/calendar; method=PUBLISH; charset=utf-8",
    )


def _build_message_key(mail: DayMail) -> str:
    return f"visit-{mail.kind}-{mail.pk}"
