"""Ask visitors for their identity: one mail when the period opens, one reminder before the lock."""

import datetime
from contextlib import suppress

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.visits.models import Application, Identity, Visit
from registrations.visits.models.visits import MAX_IDENTITY_DAYS_BEFORE

from .fields import (
    WINDOW_OPEN,
    get_field_label,
    get_identity_window,
    is_identity_complete,
    list_requested_fields,
)

ONE_DAY = datetime.timedelta(days=1)
# Before the lock.
REMINDER_PERIOD = 2 * ONE_DAY


def request_identities() -> None:
    """Periodic job: queue the mails that are due for all visits whose period is open."""
    now = timezone.now()
    # One day more than the maximum, as the period opens at midnight.
    latest_start = now + (MAX_IDENTITY_DAYS_BEFORE + 1) * ONE_DAY
    is_upcoming = Q(event__starts_at__gt=now, event__starts_at__lt=latest_start)
    visits = Visit.objects.active().filter(is_upcoming, purged_at=None).exclude(identity_fields=[])
    for visit in visits.select_related("event"):
        if get_identity_window(visit).state_at(now) == WINDOW_OPEN:
            for application in list_due_requests(visit, at=now):
                send_identity_request.enqueue(application.pk)


def list_due_requests(visit: Visit, *, at: datetime.datetime) -> list[Application]:
    """Return the applications with an incomplete identity to which a mail is due at `at`."""
    rows = Application.objects.confirmed().filter(visit=visit, person__isnull=False)
    given_fields = dict(
        Identity.objects.filter(application__visit=visit).values_list("application", "field_names")
    )
    requested = list_requested_fields(visit)
    incomplete = [
        application
        for application in rows
        if not is_identity_complete(requested, given_fields.get(application.pk, []))
    ]
    return [
        application
        for application in incomplete
        if is_request_due(application, locks_at=visit.locks_at, at=at)
    ]


def is_request_due(application: Application, *, locks_at: datetime.datetime, at: datetime.datetime) -> bool:
    """Return whether a mail is due: one request, and one reminder from `REMINDER_PERIOD` before the lock.

    The reminder never follows within a day of the request.
    """
    if application.identity_requested_at is None:
        return True
    # A reminder by hand (`visitor_list/remind.py`) is enough for its day.
    if application.was_reminded_on(timezone.localdate(at)):
        return False
    # Without the day in between, a late visitor would get request and reminder at once.
    is_reminder_time = at >= locks_at - REMINDER_PERIOD and at >= application.identity_requested_at + ONE_DAY
    return is_reminder_time and application.identity_reminded_at is None


@task(queue_name=MAIL_QUEUE)
def send_identity_request(application_id: int) -> None:
    """Send the mail if it is still due, and record the time. Raise MailNotSent."""
    with hold_lease(f"identity:{application_id}"):
        now = timezone.now()
        rows = Application.objects.confirmed().select_related("visit__event__venue", "person")
        application = rows.filter(pk=application_id, person__isnull=False).first()
        if (
            application is None
            or get_identity_window(application.visit).state_at(now) != WINDOW_OPEN
            # Decided again under the lease: the identity may have been given, or the mail sent, since the
            # task was queued.
            or application not in list_due_requests(application.visit, at=now)
        ):
            return
        timestamp_field = (
            "identity_requested_at" if application.identity_requested_at is None else "identity_reminded_at"
        )
        # A permanent refusal counts as sent, or the job would queue the mail every hour.
        with suppress(MailRefused):  # the secretary's page shows who has not answered
            send_mail_message(build_request_message(application, timestamp_field))
        Application.objects.filter(pk=application_id).update(**{timestamp_field: now})


def build_request_message(application: Application, timestamp_field: str) -> MailMessage:
    """Return the mail with the link to the form; it lists the names of the requested fields."""
    person, visit = application.person, application.visit
    assert person is not None
    with translation.override(person.language):
        subject = _("The host needs your details: %(event)s") % {"event": visit.event.title}
        path = reverse("visit-identity", args=[visit.event.slug])
        fields = [get_field_label(name) for name in list_requested_fields(visit)]
    return MailMessage(
        to=person.email or "",
        subject=subject,
        template="identity_request",
        recipient_name=person.first_name,
        context={
            "event": visit.event,
            "fields": fields,
            "locks_at": visit.locks_at,
            "is_locked": visit.locked_at is not None,
            "is_reminder": timestamp_field == "identity_reminded_at",
            "url": f"{settings.SITE_URL}{path}",
        },
        language=person.language,
        message_key=f"identity-{application.pk}-{timestamp_field}",
        accent=visit.event.accent,
        reply_to=visit.event.contact_email,
    )
