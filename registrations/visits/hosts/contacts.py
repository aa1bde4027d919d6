"""Add and end the host's contacts for one visit."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.text.email_addresses import filter_by_email, normalize_email
from convention.text.normalize import normalize_whitespace
from registrations.visits.models import HostContact, Visit

from .notifications import notify_new_contact


@transaction.atomic
def add_host_contact(*, visit: Visit, name: str, email: str, language: str = "fr") -> HostContact:
    """Let somebody at the host sign in by mailed link, and mail them the address of their page.

    Raise InvalidFields without a name, if the address is a contact already, or if the host has changed since
    `visit` was read.
    """
    # As in `end_host_access`: a contact of the former host must not be added after it has ended the others.
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    # Read under the lock: the event of a joined row would be that of before the wait.
    if Event.objects.get(pk=visit.event_id).host_id != visit.event.host_id:
        sentence = _(
            "The host of this visit has just been changed. "
            "If this person works for the new host, add them again."
        )
        raise InvalidFields(_("Some fields need to be corrected."), {"email": [sentence]})
    # Normalized, since the unique constraint and `list_own_contacts` compare addresses exactly.
    name, email = normalize_whitespace(name)[:200], normalize_email(email.strip())
    if not name:
        raise InvalidFields(_("Some fields need to be corrected."), {"name": [_("Enter the name.")]})
    duplicate_error = {"email": [_("This address already belongs to a contact of this visit.")]}
    if filter_by_email(visit.host_contacts.filter(ended_at=None), email):
        raise InvalidFields(_("Some fields need to be corrected."), duplicate_error)
    # The check above gives the usual error; the constraint decides if two secretaries add one at the same
    # time.
    try:
        with transaction.atomic():
            contact = HostContact.objects.create(visit=visit, name=name, email=email, language=language)
    except IntegrityError:
        raise InvalidFields(_("Some fields need to be corrected."), duplicate_error) from None
    record_action("host_contact.add", contact, event=visit.event, fields=["name", "email", "language"])
    notify_new_contact.enqueue(contact.pk)
    return contact


@transaction.atomic
def end_host_contact(*, contact: HostContact) -> None:
    """End a contact at once: sign-in links and open sessions stop working."""
    ended = HostContact.objects.filter(pk=contact.pk, ended_at=None).update(ended_at=timezone.now())
    # Also if it had ended already: no unused link may remain.
    contact.links.all().delete()
    if ended:
        record_action("host_contact.end", contact, event=contact.visit.event, fields=["ended_at"])
