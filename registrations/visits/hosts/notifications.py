"""Mails to the host: the address of the contacts' page, a new list, a cancelled visit."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.mail.messages import MailMessage, send_or_log
from registrations.visits.models import HostContact, Visit, VisitorList


@task()
def notify_new_contact(contact_id: int) -> None:
    """Mail a new contact the address of their page. Raise MailNotSent."""
    contact = _find_active_contact(contact_id)
    if contact:
        send_or_log(build_page_message(contact, key=f"host-welcome-{contact.pk}"))


@task()
def notify_contact_of_list(contact_id: int, list_id: int, unlisted_count: int = 0) -> None:
    """Mail a contact that this version is on their page, unless a newer one was sent.

    `unlisted_count` is how many people will be on a later version. Raise MailNotSent.
    """
    contact = _find_active_contact(contact_id)
    row = VisitorList.objects.filter(pk=list_id, sent_at__isnull=False).first()
    # The mail leads to the current list, so an overtaken version needs none.
    if contact and row and not row.visit.lists.filter(sent_at__isnull=False, number__gt=row.number).exists():
        key = f"host-list-{row.pk}-{contact.pk}"
        send_or_log(build_page_message(contact, key=key, visitor_list=row, unlisted_count=unlisted_count))


def _find_active_contact(contact_id: int) -> HostContact | None:
    """Return the contact if their visit is still to come."""
    rows = HostContact.objects.active().select_related("visit__event__venue")
    upcoming = rows.filter(visit__cancelled_at__isnull=True, visit__event__ends_at__gt=timezone.now())
    return upcoming.filter(pk=contact_id).first()


def build_page_message(
    contact: HostContact, *, key: str, visitor_list: VisitorList | None = None, unlisted_count: int = 0
) -> MailMessage:
    """Return the mail with the link to the host's page; it contains no visitor's name."""
    event = contact.visit.event
    with translation.override(contact.language):
        pattern = _("Visitor list: %(visit)s") if visitor_list else _("Your page for the visit: %(visit)s")
        subject = pattern % {"visit": event.title}
        path = reverse("host-visit", args=[event.slug])
        unlisted = describe_unlisted_visitors(unlisted_count)
    return MailMessage(
        to=contact.email,
        subject=subject,
        template="host_page",
        context={
            "event": event,
            "list": visitor_list,
            "unlisted": unlisted,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=contact.language,
        message_key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def describe_unlisted_visitors(count: int) -> str:
    """Return the host’s sentence on the people who will be on a later version, "" for none."""
    sentence = ngettext(
        "%(count)d more person has a place; their details are not complete yet, so another version will "
        "follow.",
        "%(count)d more people have a place; their details are not complete yet, so another version will "
        "follow.",
        count,
    )
    return sentence % {"count": count} if count else ""


@task()
def notify_contact_of_cancellation(contact_id: int) -> None:
    # Not `_find_active_contact`, which leaves out cancelled visits.
    contact = HostContact.objects.select_related("visit__event__venue").filter(pk=contact_id).first()
    if contact:
        _send_cancellation(
            contact.visit, contact.email, contact.name, contact.language, f"contact-{contact.pk}"
        )


@task()
def notify_security_of_cancellation(visit_id: int) -> None:
    visit = Visit.objects.select_related("event__venue").filter(pk=visit_id).first()
    if visit and visit.security_email:
        _send_cancellation(visit, visit.security_email, visit.security_name, "fr", f"security-{visit.pk}")


def _send_cancellation(visit: Visit, to: str, name: str, language: str, key: str) -> None:
    event = visit.event
    with translation.override(language):
        message = MailMessage(
            to=to,
            subject=_("Called off: %(visit)s") % {"visit": event.title},
            template="visit_cancelled_host",
            context={"visit": visit, "event": event, "name": name},
            language=language,
            message_key=f"visit-cancelled-{key}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    send_or_log(message)
