"""Who sees and runs visits: members theirs; the secretary, and who organizes the event, the whole of it."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.club.doors import holds_role, member_company, signed_in
from convention.club.models import ClubRole, Person
from convention.errors import Forbidden, NotFound, SignInNeeded
from convention.events.doors import organizes
from convention.events.models import Event

from .models import Application, Visit

if TYPE_CHECKING:
    from convention.club.doors import Visitor

READERS = (ClubRole.Role.SECRETARY, ClubRole.Role.ADMINISTRATOR)


def runs_visit(person: "Visitor", event: Event) -> bool:
    """Whether this person runs the visit of that event: the club's secretary, or who organizes it, today."""
    return holds_role(person, ClubRole.Role.SECRETARY) or organizes(person, event)


def may_read_identities(person: "Visitor", _visit: Visit) -> bool:
    """Whether this person may read what visitors told the host of themselves; never an outside organizer."""
    return holds_role(person, *READERS)


def event_to_make_visit(slug: str, person: "Visitor") -> Event:
    """The event whose visit this person runs, begun or not. Raises NotFound, Forbidden or SignInNeeded."""
    event = Event.objects.select_related("venue", "host").filter(slug=slug).first()
    if event and runs_visit(person, event):
        return event
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if event and event.visibility != Event.Visibility.DRAFT:
        raise Forbidden(_("This page is for those who run the visit."))
    raise NotFound(_("There is no visit at this address."))


def visit_to_run(slug: str, person: "Visitor") -> Visit:
    """The visit behind an organizer's page. Raises NotFound, Forbidden or SignInNeeded."""
    event = event_to_make_visit(slug, person)
    visit = Visit.objects.filter(event=event).first()
    if visit is None:
        raise NotFound(_("Nothing was said of this visit yet: begin with its facts."))
    visit.event = event
    return visit


def application_to_run(slug: str, pk: int, person: "Visitor") -> Application:
    """One application to a visit that this person runs. Raises NotFound, Forbidden or SignInNeeded."""
    visit = visit_to_run(slug, person)
    rows = Application.objects.select_related("person", "company", "registration__ticket", "waiting__ticket")
    found = rows.filter(visit=visit, pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such application."))
    found.visit = visit
    return found


def visits_of_members(person: "Visitor") -> QuerySet[Visit]:
    """The visits that this person hears of: open to members for a member, and those they asked to join."""
    if not isinstance(person, Person) or not person.is_active:
        return Visit.objects.none()
    theirs = Visit.objects.filter(pk__in=Application.objects.filter(person=person).values("visit"))
    return (theirs | Visit.objects.published()) if member_company(person) else theirs


def visit_for_member(slug: str, person: "Visitor") -> Visit:
    """The visit behind a member's page: for a member today or on its day, and for who asked to join it.

    Raises SignInNeeded, Forbidden for someone who is no member, or NotFound for one that is not published.
    """
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    who = signed_in(person)
    rows = Visit.objects.select_related("event__venue", "event__host").filter(event__slug=slug)
    visit = rows.first()
    if visit and (runs_visit(who, visit.event) or application_of(visit, who)):
        return visit
    if visit is None or not Visit.objects.published().filter(pk=visit.pk).exists():
        raise NotFound(_("There is no visit at this address."))
    if who.is_active and (member_company(who) or member_company(who, at=visit.day)):
        return visit
    raise Forbidden(_("Visits are for members: people with a seat of a member company."))


def application_of(visit: Visit, person: Person) -> Application | None:
    """What this person's wish to come has become: the one that stands, else the latest."""
    rows = Application.objects.select_related("registration__order", "waiting__ticket__event", "company")
    mine = rows.filter(visit=visit, person=person)
    found = mine.standing().first() or mine.order_by("-applied_at", "-pk").first()
    if found:
        found.visit, found.person = visit, person
    return found
