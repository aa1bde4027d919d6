"""Remind visitors by hand of what is missing for the host's list: at most one e-mail a day each."""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.errors import NotOpenNow
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.visits.identity.fields import WINDOW_OPEN, get_identity_window
from registrations.visits.models import Application, Visit
from registrations.visits.models.applications import make_missing_key

from .visitors import find_list_readiness

logger = logging.getLogger(__name__)


@transaction.atomic
def remind_incomplete(*, visit: Visit) -> int:
    """Queue a reminder for each visitor who can complete something; return how many there are.

    Visitors who got one today are left out. Raise NotOpenNow for a visit that is cancelled, over or a draft.
    """
    if visit.state not in (Visit.State.PUBLISHED, Visit.State.CLOSED, Visit.State.LOCKED, Visit.State.SENT):
        raise NotOpenNow(_("Reminders are possible while a visit is open to members, until it ends."))
    applications = [application for application, _codes in list_remindable(visit, at=timezone.now())]
    for application in applications:
        send_missing_reminder.enqueue(application.pk)
    record_action("visit.remind", visit, event=visit.event)
    return len(applications)


def list_remindable(visit: Visit, *, at: datetime.datetime) -> list[tuple[Application, list[str]]]:
    """Return the visitors who can complete something at `at` and got no reminder that day, with the codes."""
    possible = {"confidentiality"}
    if get_identity_window(visit).state_at(at) == WINDOW_OPEN:
        possible.add("identity")
    day = timezone.localdate(at)
    remindable = []
    for application, codes in find_list_readiness(visit).missing:
        open_codes = [code for code in codes if code in possible]
        has_address = application.person is not None and bool(application.person.email)
        if open_codes and has_address and not application.was_reminded_on(day):
            remindable.append((application, open_codes))
    return remindable


@task(queue_name=MAIL_QUEUE)
def send_missing_reminder(application_id: int) -> None:
    """Send the reminder unless everything was completed, or one was sent today. Raise MailNotSent."""
    # The lease of all mails that are recorded in `sent_mails`.
    with hold_lease(f"application:{application_id}"):
        row = Application.objects.select_related("visit__event").filter(pk=application_id).first()
        if row is None:
            return
        now = timezone.now()
        remindable = list_remindable(row.visit, at=now)
        due = {application.pk: (application, codes) for application, codes in remindable}
        if application_id not in due:
            return
        application, codes = due[application_id]
        key = make_missing_key(timezone.localdate(now))
        try:
            send_mail_message(build_reminder_message(application, row.visit, codes, message_key=key))
        except MailRefused:
            logger.warning("The mail server refused the reminder of the application %s.", application_id)
        application.sent_mails = [*application.sent_mails, key]
        application.save(update_fields=["sent_mails"])


def build_reminder_message(
    application: Application, visit: Visit, codes: list[str], *, message_key: str
) -> MailMessage:
    """Return the mail with a link for each missing item."""
    person, event = application.person, visit.event
    assert person is not None
    pages = {"confidentiality": "visit-confidentiality", "identity": "visit-identity"}
    with translation.override(person.language):
        labels = {
            "confidentiality": _("Accept the confidentiality terms"),
            "identity": _("Enter the details the host’s security team needs"),
        }
        subject = _("Action needed: %(event)s") % {"event": event.title}
        steps = [
            (labels[code], f"{settings.SITE_URL}{reverse(pages[code], args=[event.slug])}") for code in codes
        ]
    return MailMessage(
        to=person.email or "",
        subject=subject,
        template="visit_missing",
        recipient_name=person.first_name,
        context={"event": event, "steps": steps, "locks_at": visit.locks_at, "visit": visit},
        language=person.language,
        message_key=f"visit-{message_key}-{application.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
