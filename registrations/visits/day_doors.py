"""Who works at a visit's doors and plans its rides, who comes, and who reads what was learned there."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.club.doors import holds_role, member_company
from convention.club.models import ClubRole, Person
from convention.errors import Forbidden, NotFound, SignInNeeded
from convention.events.doors import event_to_staff, staffed_events, works_desk
from convention.events.models import Event

from .doors import runs_visit, visit_to_run
from .models import Application, Leg, Visit

if TYPE_CHECKING:
    from convention.club.doors import Visitor

KEEPERS = (ClubRole.Role.SECRETARY, ClubRole.Role.ADMINISTRATOR, ClubRole.Role.ORGANIZER)


def staffs_visit(person: "Visitor", event: Event) -> bool:
    """Whether this person works at the visit's doors, today; those who run it may."""
    return works_desk(person, event) or runs_visit(person, event)


def visit_to_staff(slug: str, person: "Visitor") -> Visit:
    """The visit behind a page of its day, for its desk too. Raises NotFound, Forbidden or SignInNeeded."""
    visit = _find(slug)
    if visit and staffs_visit(person, visit.event):
        return visit
    event_to_staff(slug, person)
    raise _no_visit()


def visit_to_debrief(slug: str, person: "Visitor") -> Visit:
    """The visit whose debrief and feedback the club's own people keep; an outside organizer does not.

    Raises NotFound, Forbidden or SignInNeeded.
    """
    visit = visit_to_run(slug, person)
    if not holds_role(person, *KEEPERS):
        raise Forbidden(_("The debrief is kept by the club’s secretary."))
    return visit


def visits_known_to(person: "Visitor") -> QuerySet[Event]:
    """The events that this person may hear of by name where their people are also expected elsewhere."""
    if holds_role(person, ClubRole.Role.SECRETARY):
        return Event.objects.all()
    return staffed_events(person)


def ride_to_plan(slug: str, pk: int, person: "Visitor") -> Leg:
    """One ride of a visit that this person runs. Raises NotFound, Forbidden or SignInNeeded."""
    visit = visit_to_run(slug, person)
    return _ride(visit, pk)


def ride_to_staff(slug: str, pk: int, person: "Visitor") -> Leg:
    """One ride of a visit at whose doors this person works. Raises NotFound, Forbidden or SignInNeeded."""
    visit = visit_to_staff(slug, person)
    return _ride(visit, pk)


def visitor_to_seat(slug: str, pk: int, person: "Visitor") -> Application:
    """Somebody with a place at a visit that this person runs. Raises NotFound, Forbidden or SignInNeeded."""
    visit = visit_to_run(slug, person)
    rows = Application.objects.confirmed().select_related("registration__order", "company")
    found = rows.filter(visit=visit, pk=pk).first()
    if found is None:
        raise NotFound(_("This person has no place at the visit: only who has one sits in a ride."))
    found.visit = visit
    return found


def own_application(slug: str, person: "Visitor") -> Application:
    """A person's own place at the visit. Raises SignInNeeded, or NotFound for whoever has none."""
    if not isinstance(person, Person):
        raise SignInNeeded(_("Sign in to see this page."))
    rows = Application.objects.confirmed().filter(visit__event__slug=slug, person=person)
    found = rows.select_related("visit__event__venue", "visit__event__host", "registration__order").first()
    if found is None:
        raise NotFound(_("You have no place at this visit."))
    return found


def visit_to_read(slug: str, person: "Visitor") -> Visit:
    """The visit whose debrief a member may ask for. Raises SignInNeeded, Forbidden or NotFound."""
    member_to_read(person)
    visit = _find(slug)
    if visit is None or visit.event.visibility == Event.Visibility.DRAFT:
        raise _no_visit()
    return visit


def member_to_read(person: "Visitor") -> Person:
    """Somebody who is a member today. Raises SignInNeeded or Forbidden."""
    if not isinstance(person, Person):
        raise SignInNeeded(_("Sign in to see this page."))
    if member_company(person) is None:
        raise Forbidden(_("This page is for the club’s members."))
    return person


def _find(slug: str) -> Visit | None:
    return Visit.objects.select_related("event__venue", "event__host").filter(event__slug=slug).first()


def _ride(visit: Visit, pk: int) -> Leg:
    leg = visit.legs.filter(pk=pk).first()
    if leg is None:
        raise NotFound(_("There is no such ride at this visit."))
    leg.visit = visit
    return leg


def _no_visit() -> NotFound:
    return NotFound(_("There is no visit at this address."))


def is_visit(event: Event) -> bool:
    """Whether anything was said of the event as a visit; asked of site visits alone."""
    return event.kind == Event.Kind.SITE_VISIT and Visit.objects.filter(event=event).exists()
