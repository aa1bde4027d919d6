"""Mails about a host's decision: to the refused visitor, to the host's contacts, to the club."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, send_or_log
from registrations.visits.models import Application, HostContact
from registrations.visits.preconditions import has_begun
from registrations.visits.recipients import ClubRecipient, find_club_recipient, list_club_recipients


@task()
def notify_refused_visitor(application_id: int) -> None:
    """Mail a visitor that the host vetoed them, without a reason: none is stored. Raise MailNotSent."""
    rows = Application.objects.select_related("person", "visit__event__venue", "registration")
    application = rows.filter(pk=application_id, host_refused_at__isnull=False).first()
    if application is None or application.person is None or not application.person.email:
        return
    # A task that the worker retries must not run beside its first attempt.
    with hold_lease(f"host-refused:{application_id}"):
        send_or_log(build_refusal_message(application))


def build_refusal_message(application: Application) -> MailMessage:
    person, event = application.person, application.visit.event
    assert person is not None
    with translation.override(person.language):
        subject = _("The host has not confirmed your visit: %(event)s") % {"event": event.title}
    return MailMessage(
        to=person.email or "",
        subject=subject,
        template="host_refusal",
        recipient_name=person.first_name,
        context={"event": event, "person": person, "application": application},
        language=person.language,
        message_key=f"host-refused-{application.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


def queue_decision_mails(application: Application) -> None:
    """Queue the mails about the host's decision to each recipient of the club."""
    for recipient in list_club_recipients(application.visit.event):
        notify_club_of_decision.enqueue(application.pk, recipient.secretary_id)


@task()
def notify_club_of_decision(application_id: int, secretary_id: int | None = None) -> None:
    """Mail the host's decision to one recipient of the club. Raise MailNotSent."""
    rows = Application.objects.select_related("person", "company", "visit__event__venue", "replaces")
    application = rows.filter(pk=application_id).first()
    recipient = find_club_recipient(application.visit.event, secretary_id) if application else None
    if application and recipient:
        send_or_log(build_decision_message(application, recipient))


def build_decision_message(application: Application, recipient: ClubRecipient) -> MailMessage:
    """Return the mail to the club about a veto or an approved visitor."""
    event = application.visit.event
    kind = _find_decision_kind(application)
    with translation.override(recipient.language):
        subjects = {
            "approved": _("The host has agreed to a replacement: %(event)s"),
            "additional_approved": _("The host has agreed to an additional visitor: %(event)s"),
            "additional_refused": _("The host has declined the additional visitor: %(event)s"),
            "replacement_refused": _("The host has declined the proposed replacement: %(event)s"),
            "refused": _("The host has declined a visitor: %(event)s"),
        }
        subject = subjects[kind] % {"event": event.title}
        url = f"{settings.SITE_URL}{reverse('organize-visit-lists', args=[event.slug])}"
    return MailMessage(
        to=recipient.address,
        subject=subject,
        template="host_decision",
        context={
            "event": event,
            "application": application,
            "kind": kind,
            "url": url,
        },
        language=recipient.language,
        message_key=f"host-{kind}-{application.pk}-{recipient.key}",
        accent=event.accent,
    )


def _find_decision_kind(application: Application) -> str:
    """Return the kind of the mail about the decision; the task has only the id of the stored row."""
    # Approved rows are still those of a replacement or of an additional visitor.
    is_additional = application.replaces_id is None
    if not application.host_refused_at:
        return "additional_approved" if is_additional else "approved"
    if application.proposed_at is None or application.registration_id:
        return "refused"
    return "additional_refused" if is_additional else "replacement_refused"


@task()
def notify_host_of_proposal(application_id: int) -> None:
    """Ask each active contact of the host to approve a proposed visitor; the mail contains no name."""
    # Read when the task runs: a proposal that was decided or withdrawn meanwhile needs no mail.
    rows = Application.objects.active().select_related("visit__event__venue")
    application = rows.filter(pk=application_id, host_approved_at=None).first()
    if application is None or has_begun(application.visit, at=timezone.now()):
        return
    for contact in application.visit.host_contacts.filter(ended_at=None):
        send_or_log(build_approval_message(application, contact))


def build_approval_message(application: Application, contact: HostContact) -> MailMessage:
    event = application.visit.event
    with translation.override(contact.language):
        subject = (
            _("A replacement to approve: %(event)s")
            if application.replaces_id
            else _("An additional visitor to approve: %(event)s")
        )
        path = reverse("host-visit", args=[event.slug])
    return MailMessage(
        to=contact.email,
        subject=subject % {"event": event.title},
        template="host_approval_request",
        context={
            "event": event,
            "contact": contact,
            "is_additional": application.replaces_id is None,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=contact.language,
        message_key=f"host-asked-{application.pk}-{contact.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
