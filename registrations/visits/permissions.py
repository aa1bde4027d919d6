"""Permissions of visits: members, the club's secretary, and organizers of the event."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.models import ClubRole, Membership, Person
from convention.club.permissions import (
    get_companies_of_contact,
    get_member_company,
    has_club_role,
    require_signed_in,
)
from convention.errors import Forbidden, NotFound, SignInRequired
from convention.events.models import Event
from convention.events.permissions import can_organize, can_staff_desk, get_event_to_staff, get_staffed_events

from .models import Application, Ride, Visit

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# Roles in the club only: an event may be organized by an outside firm, which sees no identities.
IDENTITY_READER_ROLES = (ClubRole.Role.SECRETARY, ClubRole.Role.ADMINISTRATOR)


class SeatRequired(Forbidden):
    """Only people with a seat can apply for visits; a contact is led to the company's seats."""

    next_page_name = ""
    next_page_arg = ""
    next_page_label = gettext_lazy("See who has a seat")


def can_manage_visit(person: "RequestUser", event: Event) -> bool:
    """Return whether the person manages the event's visit today, as secretary or organizer."""
    return has_club_role(person, ClubRole.Role.SECRETARY) or can_organize(person, event)


def can_read_identities(person: "RequestUser") -> bool:
    """Return whether the person may decrypt identities; organizers of the event may not."""
    return has_club_role(person, *IDENTITY_READER_ROLES)


def get_managed_event(slug: str, person: "RequestUser") -> Event:
    """Return an event whose visit the person may manage, created or not.

    Raise SignInRequired, Forbidden, or NotFound for a draft that they may not know of.
    """
    event = Event.objects.select_related("venue", "host").filter(slug=slug).first()
    if event and can_manage_visit(person, event):
        return event
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    # The existence of a draft is not revealed: it answers 404 instead of 403.
    if event and event.visibility != Event.Visibility.DRAFT:
        raise Forbidden(_("This page is for the organizers of the visit."))
    raise NotFound(_("We could not find this visit. Check the page address."))


def get_managed_visit(slug: str, person: "RequestUser") -> Visit:
    """Return a visit that the person manages. Raise NotFound, Forbidden or SignInRequired."""
    event = get_managed_event(slug, person)
    visit = Visit.objects.filter(event=event).first()
    if visit is None:
        raise NotFound(_("This visit has no details yet. Start with the terms agreed with the host."))
    # Reuses the instance with venue and host loaded: templates would fetch the event again.
    visit.event = event
    return visit


def get_managed_application(slug: str, pk: int, person: "RequestUser") -> Application:
    """Return an application to a visit that the person manages.

    Raise NotFound, Forbidden or SignInRequired.
    """
    visit = get_managed_visit(slug, person)
    rows = Application.objects.select_related(
        "person", "company", "registration__ticket", "waiting_entry__ticket"
    )
    application = rows.filter(visit=visit, pk=pk).first()
    if application is None:
        raise NotFound(_("We could not find this application."))
    application.visit = visit
    return application


def list_visible_visits(person: "RequestUser") -> QuerySet[Visit]:
    """Return the visits that a person may see: published ones for members, and those they applied for."""
    if not isinstance(person, Person) or not person.is_active:
        return Visit.objects.none()
    applied_for = Visit.objects.filter(pk__in=Application.objects.filter(person=person).values("visit"))
    # Applicants keep access to the page even if they are no longer members.
    return (applied_for | Visit.objects.published()) if get_member_company(person) else applied_for


def get_member_visit(slug: str, person: "RequestUser") -> Visit:
    """Return a visit for its page: to members today or on its day, to applicants, and to those who manage it.

    Raise SignInRequired, NotFound if it is not published, or SeatRequired for people without a seat.
    """
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    member = require_signed_in(person)
    rows = Visit.objects.select_related("event__venue", "event__host").filter(event__slug=slug)
    visit = rows.first()
    # Before the membership check: applicants keep access to the page after their seat has ended.
    if visit and (can_manage_visit(member, visit.event) or find_own_application(visit, member)):
        return visit
    if visit is None or not Visit.objects.published().filter(pk=visit.pk).exists():
        raise NotFound(_("We could not find this visit. Check the page address."))
    # A seat that begins only by the day of the visit is enough to apply, so it is enough to read the page.
    if member.is_active and (get_member_company(member) or get_member_company(member, at=visit.day)):
        return visit
    raise _make_seat_required(member)


def _make_seat_required(person: Person) -> SeatRequired:
    """Return the error that tells a person without a seat how to get a place on a visit for the company."""
    contact_companies = get_companies_of_contact(person)
    with_membership = Membership.objects.open().values("company")
    companies = list(contact_companies.filter(pk__in=with_membership)[:2])
    if not companies and contact_companies.exists():
        return SeatRequired(
            _(
                "Visits are for people with a seat at a member company. Your company has no membership, so "
                "it has no seats to give."
            )
        )
    if not companies:
        return SeatRequired(
            _(
                "Visits are for people with a seat at a member company. If your company is a "
                "member, ask its contact for a seat."
            )
        )
    error = SeatRequired(
        _(
            "You have no seat, so you cannot apply for this visit. Send its page to the "
            "colleagues who have one, or give yourself a seat."
        )
    )
    # A contact of several companies chooses one first.
    error.next_page_name, error.next_page_arg = (
        ("company-seats", companies[0].slug) if len(companies) == 1 else ("company", "")
    )
    return error


def find_own_application(visit: Visit, person: Person) -> Application | None:
    """Return the person's active application, else their latest one."""
    rows = Application.objects.select_related(
        "registration__order", "waiting_entry__ticket__event", "company"
    )
    own_applications = rows.filter(visit=visit, person=person)
    # At most one application is active (a partial unique index); refused and withdrawn ones accumulate.
    application = own_applications.active().first() or own_applications.order_by("-applied_at", "-pk").first()
    if application:
        application.visit, application.person = visit, person
    return application


# Roles in the club only: organizers of the event alone may belong to an outside firm.
DEBRIEF_EDITOR_ROLES = (ClubRole.Role.SECRETARY, ClubRole.Role.ADMINISTRATOR, ClubRole.Role.ORGANIZER)


def can_staff_visit(person: "RequestUser", event: Event) -> bool:
    """Return whether the person works at the visit's checkpoints today, or manages the visit."""
    return can_staff_desk(person, event) or can_manage_visit(person, event)


def get_staffed_visit(slug: str, person: "RequestUser") -> Visit:
    """Return a visit for the pages of its day. Raise NotFound, Forbidden or SignInRequired."""
    visit = _find_visit(slug)
    if visit and can_staff_visit(person, visit.event):
        return visit
    # Raises the error that fits the event (sign in, forbidden, not found); it returns only if no visit
    # exists.
    get_event_to_staff(slug, person)
    raise _make_not_found()


def get_visit_to_debrief(slug: str, person: "RequestUser") -> Visit:
    """Return a visit whose debrief the person edits; organizers without a role in the club may not.

    Raise NotFound, Forbidden or SignInRequired.
    """
    visit = get_managed_visit(slug, person)
    if not has_club_role(person, *DEBRIEF_EDITOR_ROLES):
        raise Forbidden(_("Only the club’s secretary can edit the debrief."))
    return visit


def list_nameable_events(person: "RequestUser") -> QuerySet[Event]:
    """Return the events whose titles the person may read.

    The roster names the other events at which a visitor is expected on the same day.
    """
    if has_club_role(person, ClubRole.Role.SECRETARY):
        return Event.objects.all()
    return get_staffed_events(person)


def get_managed_ride(slug: str, pk: int, person: "RequestUser") -> Ride:
    """Return a ride of a visit that the person manages. Raise NotFound, Forbidden or SignInRequired."""
    visit = get_managed_visit(slug, person)
    return _get_ride(visit, pk)


def get_staffed_ride(slug: str, pk: int, person: "RequestUser") -> Ride:
    """Return a ride of a visit that the person staffs. Raise NotFound, Forbidden or SignInRequired."""
    visit = get_staffed_visit(slug, person)
    return _get_ride(visit, pk)


def get_visitor_to_seat(slug: str, pk: int, person: "RequestUser") -> Application:
    """Return a confirmed application of a managed visit, to change its rides.

    Raise NotFound, Forbidden or SignInRequired.
    """
    visit = get_managed_visit(slug, person)
    rows = Application.objects.confirmed().select_related("registration__order", "company")
    application = rows.filter(visit=visit, pk=pk).first()
    if application is None:
        raise NotFound(_("This person has no place on the visit, so they cannot be given a seat on a ride."))
    application.visit = visit
    return application


def get_own_application(slug: str, person: "RequestUser") -> Application:
    """Return the signed-in person's confirmed application. Raise SignInRequired or NotFound."""
    if not isinstance(person, Person):
        raise SignInRequired(_("Sign in to see this page."))
    rows = Application.objects.confirmed().filter(visit__event__slug=slug, person=person)
    application = rows.select_related(
        "visit__event__venue", "visit__event__host", "registration__order"
    ).first()
    if application is None:
        raise NotFound(_("You do not have a place on this visit."))
    return application


def get_readable_visit(slug: str, person: "RequestUser") -> Visit:
    """Return a visit for a member's debrief page. Raise SignInRequired, Forbidden or NotFound."""
    get_current_member(person)
    visit = _find_visit(slug)
    # A draft answers 404, so that nobody learns that it exists.
    if visit is None or visit.event.visibility == Event.Visibility.DRAFT:
        raise _make_not_found()
    return visit


def get_current_member(person: "RequestUser") -> Person:
    """Return the signed-in person if they are a member today. Raise SignInRequired or Forbidden."""
    if not isinstance(person, Person):
        raise SignInRequired(_("Sign in to see this page."))
    if get_member_company(person) is None:
        raise Forbidden(_("This page is for the club’s members."))
    return person


def _find_visit(slug: str) -> Visit | None:
    return Visit.objects.select_related("event__venue", "event__host").filter(event__slug=slug).first()


def _get_ride(visit: Visit, pk: int) -> Ride:
    ride = visit.rides.filter(pk=pk).first()
    if ride is None:
        raise NotFound(_("We could not find this ride for this visit."))
    ride.visit = visit
    return ride


def _make_not_found() -> NotFound:
    return NotFound(_("We could not find this visit. Check the page address."))


def has_visit(event: Event) -> bool:
    """Return whether the event is a site visit whose visit was created."""
    # The kind is checked first: it saves the query for all other events.
    return event.kind == Event.Kind.SITE_VISIT and Visit.objects.filter(event=event).exists()
