"""Access to identities: a visitor to their own, the club's secretary and administrators to all."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.club.permissions import require_signed_in
from convention.errors import Forbidden, NotFound, SignInRequired
from registrations.visits.models import Application, HostContact, Visit, VisitorList
from registrations.visits.permissions import can_read_identities

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def get_application_to_identify(slug: str, person: "RequestUser") -> Application:
    """Return the signed-in visitor's application with a place. Raise SignInRequired or NotFound."""
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    rows = Application.objects.confirmed().select_related("visit__event__venue", "visit__event__host")
    application = rows.filter(visit__event__slug=slug, person=require_signed_in(person)).first()
    if application is None:
        raise NotFound(_("You do not have a place on this visit, or the page address is wrong."))
    return application


def get_secretary_visit(slug: str, person: "RequestUser") -> tuple[Visit, Person]:
    """Return the visit behind a page of lists or host contacts, and the signed-in person.

    Raise SignInRequired, NotFound, or Forbidden: organizers of the event have no access.
    """
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    rows = Visit.objects.select_related("event__venue", "event__host")
    visit = rows.filter(event__slug=slug).first()
    if visit is None:
        raise NotFound(_("We could not find this visit. Check the page address."))
    # Not `can_manage_visit`: organizers manage the visit, and see no list of names and identities.
    if not can_read_identities(person):
        raise Forbidden(_("Only the club’s secretary can see visitor lists."))
    return visit, require_signed_in(person)


def get_secretary_list(slug: str, number: int, person: "RequestUser") -> VisitorList:
    """Return one version of the list. Raise NotFound, or the errors of `get_secretary_visit`."""
    visit, _reader = get_secretary_visit(slug, person)
    visitor_list = visit.lists.select_related("created_by").filter(number=number).first()
    if visitor_list is None:
        raise NotFound(_("We could not find this version of the list."))
    visitor_list.visit = visit
    return visitor_list


def get_secretary_contact(slug: str, pk: int, person: "RequestUser") -> HostContact:
    """Return one contact of the host. Raise NotFound, or the errors of `get_secretary_visit`."""
    visit, _reader = get_secretary_visit(slug, person)
    contact = visit.host_contacts.filter(pk=pk).first()
    if contact is None:
        raise NotFound(_("We could not find this contact."))
    contact.visit = visit
    return contact


def get_secretary_application(slug: str, pk: int, person: "RequestUser") -> Application:
    """Return one application of the visit. Raise NotFound, or the errors of `get_secretary_visit`."""
    visit, _reader = get_secretary_visit(slug, person)
    rows = visit.applications.select_related("person", "company", "registration", "replaces__person")
    application = rows.filter(pk=pk).first()
    if application is None:
        raise NotFound(_("We could not find this application."))
    application.visit = visit
    return application
