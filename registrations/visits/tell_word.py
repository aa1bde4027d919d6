"""Mails about a host's word: to who is not received, to the host who is asked, to the club."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter

from .models import Application, HostContact
from .send_noted import send_noted


@task()
def tell_refused(application_id: int) -> None:
    """Tell somebody that the host does not receive them; no reason is given, for none was. Raises NotSent."""
    rows = Application.objects.select_related("person", "visit__event__venue", "registration")
    application = rows.filter(pk=application_id, host_refused_at__isnull=False).first()
    if application is None or application.person is None or not application.person.email:
        return
    with leased(f"host-refused:{application_id}"):
        send_noted(letter_to_visitor(application))


def letter_to_visitor(application: Application) -> Letter:
    """The mail to whoever does not come."""
    person, event = application.person, application.visit.event
    assert person is not None
    with translation.override(person.language):
        subject = _("Not confirmed by the host: %(event)s") % {"event": event.title}
    return Letter(
        to=person.email or "",
        subject=subject[:200],
        template="host_refused",
        context={"event": event, "person": person, "application": application},
        language=person.language,
        key=f"host-refused-{application.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


@task()
def tell_club(application_id: int) -> None:
    """Tell the club, at the event's contact address, what the host said of somebody. Raises NotSent."""
    rows = Application.objects.select_related("person", "company", "visit__event__venue", "replaces")
    application = rows.filter(pk=application_id).first()
    if application and application.visit.event.contact_email:
        send_noted(letter_to_club(application))


def letter_to_club(application: Application) -> Letter:
    """The mail that leads to the list: somebody is refused, or a replacement may come."""
    event, language = application.visit.event, settings.LANGUAGE_CODE
    kind = "refused" if application.host_refused_at else "approved"
    with translation.override(language):
        subject = _("The host’s answer: %(event)s") % {"event": event.title}
        url = f"{settings.SITE_URL}{reverse('organize-visit-lists', args=[event.slug])}"
    return Letter(
        to=event.contact_email,
        subject=subject[:200],
        template="host_said",
        context={
            "event": event,
            "application": application,
            "kind": kind,
            "url": url,
        },
        language=language,
        key=f"host-{kind}-{application.pk}",
        accent=event.accent,
    )


@task()
def ask_host(application_id: int) -> None:
    """Ask each contact at the host's whether a replacement may come, without a name in the mail."""
    rows = Application.objects.standing().select_related("visit__event__venue")
    application = rows.filter(pk=application_id, host_approved_at=None).first()
    if application is None or application.visit.event.starts_at <= timezone.now():
        return
    for contact in application.visit.host_contacts.filter(ended_at=None):
        send_noted(letter_to_host(application, contact))


def letter_to_host(application: Application, contact: HostContact) -> Letter:
    """The mail that leads to the host's page."""
    event = application.visit.event
    with translation.override(contact.language):
        subject = _("A replacement to approve: %(event)s") % {"event": event.title}
        path = reverse("host-visit", args=[event.slug])
    return Letter(
        to=contact.email,
        subject=subject[:200],
        template="host_asked",
        context={"event": event, "contact": contact, "url": f"{settings.SITE_URL}{path}"},
        language=contact.language,
        key=f"host-asked-{application.pk}-{contact.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
