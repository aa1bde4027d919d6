"""Who may do what in the whole club."""

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import folded
from convention.composed import SOME_DAY, SOMEBODY, Composed
from convention.errors import Forbidden, NotFound, SignInNeeded

from .asked import answer_about
from .models import ClubRole, Company, CompanyContact, CompanyRole, Employment, Person, Seat

if TYPE_CHECKING:
    type Visitor = Person | AnonymousUser


def signed_in(visitor: "Visitor") -> Person:
    """The person behind a signed-in visitor. Raises Forbidden for anybody else."""
    if not isinstance(visitor, Person):
        raise Forbidden(_("Please sign in first."))
    return visitor


def holds_role(person: "Visitor", *roles: str, at: datetime.date | None = None) -> bool:
    """Whether that person holds one of these club roles on that day; superusers hold all."""
    return not club_roles(person, at=at).isdisjoint(roles)


def club_roles(person: "Visitor", *, at: datetime.date | None = None) -> frozenset[str]:
    """All club roles that this person holds on that day; superusers hold all."""
    if not isinstance(person, Person) or not person.is_active:
        return frozenset()
    if person.is_superuser:
        return frozenset(ClubRole.Role.values)
    day = at or timezone.localdate()
    return answer_about(
        person, ("club roles", day), lambda: frozenset(one.role for one in ROLES.all(person.pk, day))
    )


def _roles(person: int, day: datetime.date) -> QuerySet[ClubRole]:
    return ClubRole.objects.open(at=day).filter(person=person)


ROLES = Composed(_roles, SOMEBODY, SOME_DAY)


def member_company(person: Person, *, at: datetime.date | None = None) -> Company | None:
    """The company whose seat makes this person a member on that day, if one does."""
    seat = open_seat(person, at=at)
    return seat.membership.company if seat else None


def open_seat(person: Person, *, at: datetime.date | None = None) -> Seat | None:
    """The seat that makes this person a member on that day, the latest where there are several."""
    return SEATS.first(person.pk, at or timezone.localdate())


def is_member(person: Person) -> bool:
    """Whether a seat makes this person a member today."""
    return SEATS.exists(person.pk, timezone.localdate())


def _seats_of(person: int, day: datetime.date) -> QuerySet[Seat]:
    seats: QuerySet[Seat] = Seat.objects.counting(at=day).filter(person=person)
    return seats.select_related("membership__company").order_by("-starts_on", "-pk")


SEATS = Composed(_seats_of, SOMEBODY, SOME_DAY)


def seats_at(company: Company, addresses: Collection[str]) -> dict[str, Seat]:
    """The seats of that company that make a member today, of whoever has one of these folded addresses."""
    seats = Seat.objects.counting().filter(membership__company=company, person__is_active=True)
    held = seats.exclude(person__email=None, person__claimed_email="")
    rows = held.select_related("person", "membership__company")
    by_address = {folded(seat.person.given_email): seat for seat in rows}
    return {address: by_address[address] for address in addresses if address in by_address}


def vendors_of(person: Person, *, at: datetime.date | None = None) -> QuerySet[Company]:
    """The vendors that this person works for on that day, by name: who may open their site to the club."""
    sells = CompanyRole.objects.open(at=at).filter(role=CompanyRole.Role.VENDOR).values("company")
    jobs = Employment.objects.open(at=at).filter(person=person, person__is_active=True, company__in=sells)
    return Company.objects.filter(pk__in=jobs.values("company")).order_by("sort_name", "pk")


def companies_of_contact(person: "Visitor", *, at: datetime.date | None = None) -> QuerySet[Company]:
    """The companies for which this person registers colleagues on that day; none for a stranger."""
    if not isinstance(person, Person) or not person.is_active:
        return Company.objects.none()
    return Company.objects.filter(
        pk__in=CompanyContact.objects.open(at=at).filter(person=person).values("company")
    )


def company_of_contact(slug: str, person: "Visitor") -> Company:
    """The company behind a page of its contact. Raises SignInNeeded, or NotFound for anybody else."""
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    company = companies_of_contact(person).filter(slug=slug).first()
    if company is None:
        raise NotFound(_("There is no such company, or you do not register people for it."))
    return company


def administers(person: "Visitor") -> bool:
    """Whether this person keeps the club's companies, memberships and contacts."""
    return holds_role(person, ClubRole.Role.ADMINISTRATOR)


def corrects_names(person: "Visitor") -> bool:
    """Whether this person may correct how the club writes somebody's name, besides a registration."""
    return holds_role(person, ClubRole.Role.ADMINISTRATOR, ClubRole.Role.SECRETARY)


def administrator(person: "Visitor") -> Person:
    """The administrator behind a page of the club. Raises SignInNeeded or Forbidden."""
    sentence = _("This page is for the club’s administrators.")
    return holder_of(person, ClubRole.Role.ADMINISTRATOR, or_else=sentence)


def holder_of(person: "Visitor", *roles: str, or_else: str) -> Person:
    """Whoever holds one of these club roles. Raises SignInNeeded, or Forbidden with that sentence."""
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if not holds_role(person, *roles):
        raise Forbidden(or_else)
    return signed_in(person)
