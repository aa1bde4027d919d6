"""Let an attendee tell the company's contact, who ordered and pays for the place, that they cannot come."""

import datetime

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.api.throttles import consume_rate_limit
from convention.audit.record import find_last_entry, record_action
from convention.errors import NotOpenNow
from convention.mail.messages import MailMessage, send_or_log
from registrations.changes.cancel import check_own_cancellation, is_left_to_contact
from registrations.models import Registration

ABSENCE_VERB = "registration.report_absence"
MAX_REPORTS_PER_DAY = 2
DAY_SECONDS = 86_400


def check_reportable(registration: Registration) -> None:
    """Raise NotOpenNow for a place that the attendee cancels, and what `check_own_cancellation` raises."""
    check_own_cancellation(registration)
    if not is_left_to_contact(registration):
        raise NotOpenNow(_("You can cancel this place yourself."))


@transaction.atomic
def report_absence(*, registration: Registration) -> None:
    """Queue the mail to the company's contact that the attendee cannot come; the place stays theirs.

    Raise what `check_reportable` raises, and TooManyRequests.
    """
    check_reportable(registration)
    subject = f"{registration.reference}:{registration.holder_count}"
    consume_rate_limit("absences", subject, limit=MAX_REPORTS_PER_DAY, window_seconds=DAY_SECONDS)
    record_action(ABSENCE_VERB, registration, event=registration.event)
    send_absence_mail.enqueue(registration.pk)


def find_reported_at(registration: Registration) -> datetime.datetime | None:
    """Return when the present attendee last reported that they cannot come, None if they did not."""
    entry = find_last_entry(ABSENCE_VERB, registration, event=registration.event.slug)
    if entry is None or (registration.transferred_at and entry.created_at < registration.transferred_at):
        return None
    return entry.created_at


@task()
def send_absence_mail(registration_id: int) -> None:
    """Send the mail to the contact, unless the place was given away or cancelled meanwhile."""
    rows = Registration.objects.select_related("order__for_company__company", "event__venue", "ticket")
    registration = rows.filter(pk=registration_id, cancelled_at=None).first()
    if registration is None or not registration.order.email:
        return
    if reported_at := find_reported_at(registration):
        send_or_log(_build_message(registration, reported_at))


def _build_message(registration: Registration, reported_at: datetime.datetime) -> MailMessage:
    # `reported_at` is part of the Message-ID, so a task that runs twice sends the same mail.
    order, event = registration.order, registration.event
    company = order.for_company.company
    with translation.override(order.language):
        subject = _("%(name)s can’t come: %(event)s") % {"name": registration.name, "event": event.title}
        path = reverse("company-place", args=[company.slug, registration.reference])
    is_transferable = timezone.now() <= event.substitution_deadline
    return MailMessage(
        to=order.email,
        subject=subject,
        template="absence",
        context={
            "registration": registration,
            "event": event,
            "transferable_until": event.substitution_deadline if is_transferable else None,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=order.language,
        message_key=f"absence-{registration.reference}-{reported_at:%Y%m%d%H%M%S%f}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
