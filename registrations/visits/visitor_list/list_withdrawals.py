"""Mail the club when a visitor on a list that the host already has gives up the place."""

from collections.abc import Sequence

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.mail.messages import MailMessage, send_or_log
from registrations.models import Registration
from registrations.visits.models import Application
from registrations.visits.recipients import ClubRecipient, find_club_recipient, list_club_recipients


def queue_withdrawal_mails(registrations: Sequence[Registration]) -> None:
    """Queue the mails to the club for each of these cancelled registrations that is on a list the host has.

    Nothing is queued for a cancelled visit, nor where an application ended before its place: by the host's
    veto, or when a replacement took the place.
    """
    visit_registrations = [
        registration for registration in registrations if registration.event.kind == Event.Kind.SITE_VISIT
    ]
    if not visit_registrations:
        return
    listed = Application.objects.active().filter(listed_at__isnull=False, visit__cancelled_at__isnull=True)
    applications = listed.filter(registration__in=visit_registrations).select_related("visit__event")
    for application in applications:
        # One task for each recipient: a retry must not mail those who already have the mail.
        for recipient in list_club_recipients(application.visit.event):
            notify_club_of_withdrawal.enqueue(application.pk, recipient.secretary_id)


@task()
def notify_club_of_withdrawal(application_id: int, secretary_id: int | None = None) -> None:
    """Mail one recipient of the club that a visitor has left the host's list. Raise MailNotSent."""
    rows = Application.objects.select_related("person", "company", "registration", "visit__event__venue")
    application = rows.filter(pk=application_id, visit__cancelled_at__isnull=True).first()
    # Organizers who withdrew the place themselves, with a reason, need no mail about it.
    if application is None or application.revocation_reason:
        return
    if recipient := find_club_recipient(application.visit.event, secretary_id):
        send_or_log(build_withdrawal_message(application, recipient))


def build_withdrawal_message(application: Application, recipient: ClubRecipient) -> MailMessage:
    event = application.visit.event
    with translation.override(recipient.language):
        subject = _("A visitor has left the host’s list: %(event)s") % {"event": event.title}
        url = f"{settings.SITE_URL}{reverse('organize-visit-lists', args=[event.slug])}"
    return MailMessage(
        to=recipient.address,
        subject=subject,
        template="visitor_left",
        context={"event": event, "application": application, "url": url},
        language=recipient.language,
        message_key=f"visitor-left-{application.pk}-{recipient.key}",
        accent=event.accent,
    )
