"""Contacts at the host's: who may see this visit, until when."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.audit.record import record
from convention.errors import InvalidFields
from convention.text import tidy

from .models import HostContact, Visit
from .tell_host import welcome_contact


@transaction.atomic
def add_host_contact(*, visit: Visit, name: str, email: str, language: str = "fr") -> HostContact:
    """Let someone at the host's sign in by mail link, and tell them by mail where.

    Raises InvalidFields without a name, or if they may already.
    """
    name, email = tidy(name)[:200], email.strip().lower()
    if not name:
        raise InvalidFields(_("Some fields need another look."), {"name": [_("Write the name.")]})
    already = {"email": [_("This address is a contact of this visit already.")]}
    if having(visit.host_contacts.filter(ended_at=None), email):
        raise InvalidFields(_("Some fields need another look."), already)
    try:
        with transaction.atomic():
            contact = HostContact.objects.create(visit=visit, name=name, email=email, language=language)
    except IntegrityError:
        raise InvalidFields(_("Some fields need another look."), already) from None
    record("host_contact.add", contact, event=visit.event, fields=["name", "email", "language"])
    welcome_contact.enqueue(contact.pk)
    return contact


@transaction.atomic
def end_host_contact(*, contact: HostContact) -> None:
    """End it at once: links and open pages of this contact show nothing from now on."""
    ended = HostContact.objects.filter(pk=contact.pk, ended_at=None).update(ended_at=timezone.now())
    contact.links.all().delete()
    if ended:
        record("host_contact.end", contact, event=contact.visit.event, fields=["ended_at"])
