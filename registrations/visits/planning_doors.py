"""Who plans the season, who proposes visits, and who may say that they would come."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.doors import holds_role, member_company, signed_in, vendors_of
from convention.club.models import ClubRole, Company, Person
from convention.errors import Forbidden, SignInNeeded

if TYPE_CHECKING:
    from convention.club.doors import Visitor

PLANNERS = (ClubRole.Role.SECRETARY, ClubRole.Role.ORGANIZER, ClubRole.Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Proposer:
    """Who may propose a visit: a member, somebody of a vendor, who opens their own site, or both."""

    person: Person
    company: Company | None
    vendors: tuple[Company, ...] = ()

    @property
    def is_member(self) -> bool:
        """Whether this person would come to visits."""
        return self.company is not None


def plans(person: "Visitor") -> bool:
    """Whether this person plans the club's season, today."""
    return holds_role(person, *PLANNERS)


def planner(person: "Visitor") -> Person:
    """Who plans the season. Raises SignInNeeded or Forbidden; an outside organizer plans nothing."""
    who = _known(person)
    if plans(who):
        return who
    raise Forbidden(_("This page is for those who plan the club’s season."))


def proposer(person: "Visitor") -> Proposer:
    """Who reads and makes proposals: members, and people of vendors. Raises SignInNeeded or Forbidden."""
    who = _known(person)
    if who.is_active:
        found = Proposer(who, member_company(who), tuple(vendors_of(who)))
        if found.is_member or found.vendors:
            return found
    raise Forbidden(_("Proposals are for members and for vendors who open their site to the club."))


def member(person: "Visitor") -> Person:
    """A member, who sees the season. Raises SignInNeeded or Forbidden; whoever plans it sees it too."""
    who = _known(person)
    if plans(who) or (who.is_active and member_company(who)):
        return who
    raise Forbidden(_("The season is for members: people with a seat of a member company."))


def _known(person: "Visitor") -> Person:
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    return signed_in(person)
