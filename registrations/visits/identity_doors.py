"""Doors to identities: one's own as a visitor, all of them as the club's secretary; nobody else's."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import signed_in
from convention.club.models import Person
from convention.errors import Forbidden, NotFound, SignInNeeded

from .doors import may_read_identities
from .models import Application, HostContact, Visit, VisitorList

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def visit_to_identify(slug: str, person: "Visitor") -> Application:
    """One's own place on a visit, to say who one is. Raises SignInNeeded, or NotFound without a place."""
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    rows = Application.objects.confirmed().select_related("visit__event__venue", "visit__event__host")
    found = rows.filter(visit__event__slug=slug, person=signed_in(person)).first()
    if found is None:
        raise NotFound(_("You have no place on a visit at this address."))
    return found


def visit_to_keep(slug: str, person: "Visitor") -> tuple[Visit, Person]:
    """The visit behind a page of lists and of the host's people, for the secretary and administrators.

    Raises SignInNeeded; Forbidden, the same for an organizer of the event; or NotFound.
    """
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    rows = Visit.objects.select_related("event__venue", "event__host")
    visit = rows.filter(event__slug=slug).first()
    if visit is None:
        raise NotFound(_("There is no visit at this address."))
    if not may_read_identities(person, visit):
        raise Forbidden(_("Lists of visitors are for the club’s secretary alone."))
    return visit, signed_in(person)


def list_to_keep(slug: str, number: int, person: "Visitor") -> VisitorList:
    """One version of the list of a visit. Raises what `visit_to_keep` raises."""
    visit, _reader = visit_to_keep(slug, person)
    found = visit.lists.select_related("made_by").filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such version of the list."))
    found.visit = visit
    return found


def contact_to_keep(slug: str, pk: int, person: "Visitor") -> HostContact:
    """Somebody at the host's of that visit. Raises what `visit_to_keep` raises."""
    visit, _reader = visit_to_keep(slug, person)
    found = visit.host_contacts.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such contact."))
    found.visit = visit
    return found


def application_to_keep(slug: str, pk: int, person: "Visitor") -> Application:
    """An application of that visit, for the host's word on it. Raises what `visit_to_keep` raises."""
    visit, _reader = visit_to_keep(slug, person)
    rows = visit.applications.select_related("person", "company", "registration", "replaces__person")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such application."))
    found.visit = visit
    return found
