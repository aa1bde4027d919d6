"""Mails to the host: where its contacts’ page is, that the list is there, that the visit is called off."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.mail import Letter

from .models import HostContact, Visit, VisitorList
from .send_noted import send_noted


@task()
def welcome_contact(contact_id: int) -> None:
    """Tell a new contact at the host's where their page is. Raises NotSent."""
    contact = _open_contact(contact_id)
    if contact:
        send_noted(letter_to(contact, key=f"host-welcome-{contact.pk}"))


@task()
def tell_of_list(contact_id: int, list_id: int) -> None:
    """Tell a contact that this version is on their page, as long as it counts. Raises NotSent."""
    contact = _open_contact(contact_id)
    row = VisitorList.objects.filter(pk=list_id, sent_at__isnull=False).first()
    if contact and row and not row.visit.lists.filter(sent_at__isnull=False, number__gt=row.number).exists():
        send_noted(letter_to(contact, key=f"host-list-{row.pk}-{contact.pk}", visitor_list=row))


def _open_contact(contact_id: int) -> HostContact | None:
    """A contact of a visit that is still to come."""
    rows = HostContact.objects.open().select_related("visit__event__venue")
    ahead = rows.filter(visit__cancelled_at__isnull=True, visit__event__ends_at__gt=timezone.now())
    return ahead.filter(pk=contact_id).first()


def letter_to(contact: HostContact, *, key: str, visitor_list: VisitorList | None = None) -> Letter:
    """The mail that leads to the host's page: what it is for, or that a list is there; no visitor's name."""
    event = contact.visit.event
    with translation.override(contact.language):
        said = (
            _("The list of visitors: %(visit)s") if visitor_list else _("Your page for the visit: %(visit)s")
        )
        subject = said % {"visit": event.title}
        path = reverse("host-visit", args=[event.slug])
    return Letter(
        to=contact.email,
        subject=subject[:200],
        template="host_page",
        context={"event": event, "list": visitor_list, "url": f"{settings.SITE_URL}{path}"},
        language=contact.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


@task()
def tell_contact(contact_id: int) -> None:
    """Tell one contact at the host's."""
    contact = HostContact.objects.select_related("visit__event__venue").filter(pk=contact_id).first()
    if contact:
        _tell(contact.visit, contact.email, contact.name, contact.language, f"contact-{contact.pk}")


@task()
def tell_security(visit_id: int) -> None:
    """Tell the host's security."""
    visit = Visit.objects.select_related("event__venue").filter(pk=visit_id).first()
    if visit and visit.security_email:
        _tell(visit, visit.security_email, visit.security_name, "fr", f"security-{visit.pk}")


def _tell(visit: Visit, to: str, name: str, language: str, key: str) -> None:
    event = visit.event
    with translation.override(language):
        letter = Letter(
            to=to,
            subject=(_("Called off: %(visit)s") % {"visit": event.title})[:200],
            template="visit_host_called_off",
            context={"visit": visit, "event": event, "name": name},
            language=language,
            key=f"visit-called-off-{key}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    send_noted(letter)
