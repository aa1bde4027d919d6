"""Permissions of the season: planning it, proposing visits, and expressing interest."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.models import Company, Person
from convention.club.permissions import (
    SEASON_PLANNER_ROLES,
    get_employing_vendors,
    get_member_company,
    has_club_role,
    require_signed_in,
)
from convention.errors import Forbidden, SignInRequired

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@dataclass(frozen=True)
class Proposer:
    """A person who may propose visits: a member, an employee of a vendor, or both."""

    person: Person
    company: Company | None
    vendors: tuple[Company, ...] = ()

    @property
    def is_member(self) -> bool:
        return self.company is not None


def can_plan_season(person: "RequestUser") -> bool:
    return has_club_role(person, *SEASON_PLANNER_ROLES)


def get_planner(person: "RequestUser") -> Person:
    """Return the signed-in person if they plan the season. Raise SignInRequired or Forbidden."""
    signed_in = _get_signed_in_person(person)
    if can_plan_season(signed_in):
        return signed_in
    raise Forbidden(_("This page is for the club’s season planners."))


def get_proposer(person: "RequestUser") -> Proposer:
    """Return the signed-in person as a proposer. Raise SignInRequired or Forbidden."""
    signed_in = _get_signed_in_person(person)
    proposer = _find_proposer(signed_in)
    if proposer:
        return proposer
    raise Forbidden(_("Proposals are for members, and for vendors who open their site to the club."))


def can_propose(person: "RequestUser") -> bool:
    """Return whether the person may see and make proposals; planners need a seat for that as others do."""
    return isinstance(person, Person) and _find_proposer(person) is not None


def _find_proposer(person: Person) -> Proposer | None:
    if not person.is_active:
        return None
    proposer = Proposer(person, get_member_company(person), tuple(get_employing_vendors(person)))
    return proposer if proposer.is_member or proposer.vendors else None


def get_member(person: "RequestUser") -> Person:
    """Return the signed-in person if they may see the season. Raise SignInRequired or Forbidden."""
    signed_in = _get_signed_in_person(person)
    # Planners may be employees of the club, without a seat of a member company.
    if can_plan_season(signed_in) or (signed_in.is_active and get_member_company(signed_in)):
        return signed_in
    raise Forbidden(_("The season is for members: people with a seat at a member company."))


def _get_signed_in_person(person: "RequestUser") -> Person:
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    return require_signed_in(person)
