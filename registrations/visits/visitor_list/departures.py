"""Tell the club that a visitor left a list that the host already has."""

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
from registrations.visits.permissions import list_club_addresses


def notify_departures(registrations: Sequence[Registration]) -> None:
    """Queue a mail for each of these cancelled registrations that is on a list the host has.

    Nothing is queued for a cancelled visit, nor where an application ended before its place: by the host's
    veto, or when a replacement took the place.
    """
    visit_registrations = [
        registration for registration in registrations if registration.event.kind == Event.Kind.SITE_VISIT
    ]
    if not visit_registrations:
        return
    listed = Application.objects.active().filter(listed_at__isnull=False, visit__cancelled_at__isnull=True)
    for pk in listed.filter(registration__in=visit_registrations).values_list("pk", flat=True):
        notify_club_of_departure.enqueue(pk)


@task()
def notify_club_of_departure(application_id: int) -> None:
    """Mail the club that a visitor has left the host's list. Raise MailNotSent."""
    rows = Application.objects.select_related("person", "company", "registration", "visit__event__venue")
    application = rows.filter(pk=application_id, visit__cancelled_at__isnull=True).first()
    # Organizers who withdrew the place themselves, with a reason, need no mail about it.
    if application is None or application.revocation_reason:
        return
    for address, language in list_club_addresses(application.visit.event):
        send_or_log(build_departure_message(application, address, language))


def build_departure_message(application: Application, address: str, language: str) -> MailMessage:
    event = application.visit.event
    with translation.override(language):
        subject = _("A visitor has left the host’s list: %(event)s") % {"event": event.title}
        url = f"{settings.SITE_URL}{reverse('organize-visit-lists', args=[event.slug])}"
    return MailMessage(
        to=address,
        subject=subject,
        template="visitor_left",
        context={"event": event, "application": application, "url": url},
        language=language,
        message_key=f"visitor-left-{application.pk}",
        accent=event.accent,
    )
