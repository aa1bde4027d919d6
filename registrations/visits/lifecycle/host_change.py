"""Follow a new host of a visit: end the former one’s access, check the applicants against the new one."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Company
from convention.events.models import Event
from registrations.visits.applications.applicants import find_current_objections
from registrations.visits.hosts.contacts import end_host_contact
from registrations.visits.models import Application, Visit
from registrations.visits.visitor_list.send import revoke_all_links

SECURITY_FIELDS = ("security_name", "security_email")


def follow_new_host(stored: Event, event: Event) -> list[str]:
    """End the former host's access; return sentences for the organizer, [] if the host is the same.

    Eligibility is computed from the current host, so that nothing has to be stored.
    """
    if event.host_id == stored.host_id:
        return []
    visit = Visit.objects.active().filter(event=event).first()
    if visit is None:
        return []
    visit.event = event
    sentences = []
    if stored.host:
        if end_host_access(visit=visit):
            sentences.append(_describe_ended_access(stored.host))
        if visit.agreed_at is not None:
            sentences.append(_describe_former_agreement(stored.host))
    return [*sentences, *(_describe_new_competitors(visit) if event.host_id else [])]


@transaction.atomic
def end_host_access(*, visit: Visit) -> bool:
    """End all contacts of a visit and its security contact, and revoke the links to its list.

    Return whether there was anybody to end.
    """
    # As in `send_list`: a list that is sent at the same time must not go to the former host.
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=visit.pk)
    contacts = list(visit.host_contacts.filter(ended_at=None))
    for contact in contacts:
        contact.visit = visit
        end_host_contact(contact=contact)
    revoke_all_links(visit, at=timezone.now())
    changed = [name for name in SECURITY_FIELDS if getattr(visit, name)]
    if changed:
        # Otherwise the next version of the list would be sent to the former host.
        visit.security_name = visit.security_email = ""
        visit.save(update_fields=SECURITY_FIELDS)
        record_action("visit.change", visit, event=visit.event, fields=changed)
    return bool(contacts or changed)


def _describe_ended_access(former_host: Company) -> str:
    return _(
        "%(host)s no longer has access: we removed its contacts and its security contact, and links "
        "to the visitor list no longer work. Enter those of the new host."
    ) % {"host": former_host}


def _describe_former_agreement(former_host: Company) -> str:
    return _("The agreement and the terms are still those of %(host)s. Check them on the visit’s page.") % {
        "host": former_host
    }


def _describe_new_competitors(visit: Visit) -> list[str]:
    """Return who of the applicants works for a competitor of the host, or that nobody does."""
    applications = list(Application.objects.still_valid().filter(visit=visit).select_related("person"))
    if not applications:
        return []
    objections = find_current_objections(visit, applications)
    names = [
        str(application.person)
        for application in applications
        if Application.Refusal.COMPETITOR in objections.get(application.pk, [])
    ]
    if not names:
        return [_("The applicants were checked again: nobody works for a competitor of the new host.")]
    sentence = ngettext(
        "%(names)s works for a competitor of the new host. Decide what to do on the page “Applicants”.",
        "%(names)s work for a competitor of the new host. Decide what to do on the page “Applicants”.",
        len(names),
    )
    return [sentence % {"names": ", ".join(names)}]
