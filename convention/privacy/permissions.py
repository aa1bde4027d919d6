"""Decide who answers privacy requests."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.models import ClubRole, Person
from convention.club.permissions import has_club_role, require_club_role
from convention.errors import NotFound

from .models import PrivacyCase

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


PRIVACY_DESK_ROLES = (ClubRole.Role.ADMINISTRATOR, ClubRole.Role.SECRETARY)


def can_answer_privacy_requests(person: "RequestUser") -> bool:
    return has_club_role(person, *PRIVACY_DESK_ROLES)


def require_privacy_desk(person: "RequestUser") -> Person:
    """Return the person. Raise SignInRequired, or Forbidden if they do not answer privacy requests."""
    return require_club_role(
        person, *PRIVACY_DESK_ROLES, error_message=_("This page is for those who answer privacy requests.")
    )


def get_privacy_case(pk: int, person: "RequestUser") -> PrivacyCase:
    """Return the case for a page of privacy requests. Raise SignInRequired, Forbidden or NotFound."""
    require_privacy_desk(person)
    try:
        return PrivacyCase.objects.select_related("person", "opened_by", "answered_by").get(pk=pk)
    except PrivacyCase.DoesNotExist:
        raise NotFound(_("We could not find this request.")) from None
