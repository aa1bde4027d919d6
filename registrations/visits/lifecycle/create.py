"""Create the visit of an event, after which its places are given on application."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person, Seat
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.email_addresses import filter_by_email
from registrations.models import Registration, Ticket
from registrations.visits.applications.eligibility import find_seat_on_visit_day
from registrations.visits.dates import find_length_problem
from registrations.visits.models import Application, Visit
from registrations.visits.preconditions import VisitNotReady

# A new visit has these limits until the organizer enters the ones agreed with the host.
DEFAULT_CAPACITY, DEFAULT_COMPANY_CAP = 20, 2


class VisitAlreadyExists(ConventionError):
    """The event has a visit already, or is no site visit."""

    kind = "already-visit"
    status = 409


@transaction.atomic
def create_visit(*, event: Event) -> Visit:
    """Create a draft visit; members who are registered already get an application and keep their place.

    Raise VisitAlreadyExists, or VisitNotReady if the event is published or longer than a visit may be.
    """
    # Serializes creation. NO KEY: rows that refer to the event can still be inserted meanwhile.
    event = Event.objects.select_for_update(no_key=True, of=("self",)).get(pk=event.pk)
    if event.kind != Event.Kind.SITE_VISIT or Visit.objects.filter(event=event).exists():
        raise VisitAlreadyExists(_("This event is not a site visit, or its visit has already been set up."))
    if sentence := find_length_problem(event.starts_at, event.ends_at):
        raise VisitNotReady(sentence)
    # Otherwise members would apply, or find a page that does not exist, before the host has agreed.
    if event.visibility != Event.Visibility.DRAFT:
        raise VisitNotReady(_("This event is already published. First set it back to draft in its settings."))
    visit = Visit.objects.create(event=event)
    # Attendees may not pass their place on themselves: it goes to the waiting list.
    event.substitutions_close_at = visit.event.created_at
    event.save(update_fields=["substitutions_close_at"])
    _ensure_member_ticket(event)
    _adopt_registrations(visit)
    record_action("visit.create", visit, event=event)
    return visit


def _ensure_member_ticket(event: Event) -> None:
    if not Ticket.objects.filter(event=event, audience=Ticket.Audience.MEMBER).exists():
        build_member_ticket(event).save()


def build_member_ticket(event: Event) -> Ticket:
    """Return an unsaved free ticket for members with the default capacity and company limit."""
    return Ticket(
        event=event,
        slug="member",
        name="Adhérent",
        name_en="Member",
        audience=Ticket.Audience.MEMBER,
        capacity=DEFAULT_CAPACITY,
        company_cap=DEFAULT_COMPANY_CAP,
        is_default=not event.tickets.filter(is_default=True).exists(),
    )


def _adopt_registrations(visit: Visit) -> None:
    """Create an application for each member's registration made before, by an import or at the desk."""
    registrations = Registration.objects.confirmed().filter(
        event=visit.event, ticket__audience=Ticket.Audience.MEMBER
    )
    # Latest first, so that the dict ends with the first registration of each person.
    assigned = registrations.filter(person__isnull=False).order_by("-pk")
    by_person: dict[int | None, Registration] = {
        registration.person_id: registration for registration in assigned
    }
    for registration in registrations.filter(person__isnull=True).order_by("pk"):
        seat = _find_seat(visit, registration)
        # A second registration of a person stays without an application; the applicants' page lists it.
        if seat and seat.person_id not in by_person:
            by_person[seat.person_id] = _assign_person(registration, seat)
    Application.objects.bulk_create(
        Application(
            visit=visit,
            person_id=registration.person_id,
            company_id=registration.member_of_id,
            applied_at=registration.created_at,
            registration=registration,
        )
        for registration in sorted(by_person.values(), key=lambda registration: registration.pk)
    )


def _find_seat(visit: Visit, registration: Registration) -> Seat | None:
    """Return the seat of the only person with the registration's address, at the company it names."""
    people = (
        filter_by_email(Person.objects.filter(is_active=True), registration.email)
        if registration.email
        else []
    )
    # Several people with one address: a guess would give the place to the wrong one.
    seat = find_seat_on_visit_day(visit, people[0]) if len(people) == 1 else None
    if seat is None or registration.member_of_id not in (None, seat.membership.company_id):
        return None
    return seat


def _assign_person(registration: Registration, seat: Seat) -> Registration:
    """Set the person of a registration.

    Its company is set in memory only: stored, it would have to be counted in the company's share.
    """
    registration.person_id = seat.person_id
    registration.save(update_fields=["person"])
    registration.member_of_id = registration.member_of_id or seat.membership.company_id
    return registration
