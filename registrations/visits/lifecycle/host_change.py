"""Follow a new host of a visit: who of its applicants now works for a competitor."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.models import Event
from registrations.visits.applications.applicants import find_current_objections
from registrations.visits.models import Application, Visit


def follow_new_host(stored: Event, event: Event) -> list[str]:
    """Return sentences for the organizer on what a new host changes, [] if the host is the same.

    Eligibility is computed from the current host, so that nothing has to be stored.
    """
    if event.host_id == stored.host_id or event.host_id is None:
        return []
    visit = Visit.objects.active().filter(event=event).first()
    if visit is None:
        return []
    visit.event = event
    return [*_describe_former_host(visit, stored), *_describe_new_competitors(visit)]


def _describe_former_host(visit: Visit, stored: Event) -> list[str]:
    """Return a sentence on the agreement and the contacts, which are still those of the former host."""
    has_agreement = visit.agreed_at is not None or visit.host_contacts.active().exists()
    if stored.host is None or not has_agreement:
        return []
    sentence = _(
        "The agreement, the terms and the host’s contacts are still those of %(host)s. Check them on the "
        "visit’s pages."
    )
    return [sentence % {"host": stored.host}]


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
