"""Who works at the privacy desk."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import holder_of
from convention.club.models import ClubRole, Person
from convention.errors import NotFound

from .models import Case

if TYPE_CHECKING:
    from convention.club.doors import Visitor


DESK = (ClubRole.Role.ADMINISTRATOR, ClubRole.Role.SECRETARY)
"""Whose work requests about people's data are."""


def privacy_desk(person: "Visitor") -> Person:
    """Whoever works at the desk. Raises SignInNeeded or Forbidden."""
    return holder_of(person, *DESK, or_else=_("This page is for the club’s privacy desk."))


def case_of_desk(pk: int, person: "Visitor") -> Case:
    """The case behind a page of the desk. Raises SignInNeeded, Forbidden or NotFound."""
    privacy_desk(person)
    try:
        return Case.objects.select_related("person", "opened_by", "answered_by").get(pk=pk)
    except Case.DoesNotExist:
        raise NotFound(_("There is no such request.")) from None
