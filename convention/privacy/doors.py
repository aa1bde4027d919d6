"""Who works at the privacy desk."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import administers, holds_role, signed_in
from convention.club.models import ClubRole, Person
from convention.errors import Forbidden, NotFound, SignInNeeded

from .models import Case

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def keeps_privacy(person: "Visitor") -> bool:
    """Whether requests about people's data are this person's work: the secretary and administrators."""
    return holds_role(person, ClubRole.Role.ADMINISTRATOR, ClubRole.Role.SECRETARY)


def privacy_desk(person: "Visitor") -> Person:
    """Whoever works at the desk. Raises SignInNeeded or Forbidden."""
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if not keeps_privacy(person):
        raise Forbidden(_("This page is for the club’s privacy desk."))
    return signed_in(person)


def sets_the_rules(person: "Visitor") -> Person:
    """Whoever says how long data are kept and what people are asked. Raises SignInNeeded or Forbidden."""
    found = privacy_desk(person)
    if not administers(person):
        raise Forbidden(_("This page is for the club’s administrators."))
    return found


def case_of_desk(pk: int, person: "Visitor") -> Case:
    """The case behind a page of the desk. Raises SignInNeeded, Forbidden or NotFound."""
    privacy_desk(person)
    case = Case.objects.select_related("person", "opened_by", "answered_by").filter(pk=pk).first()
    if case is None:
        raise NotFound(_("There is no such request."))
    return case
