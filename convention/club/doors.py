"""Who may do what in the whole club."""

import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from convention.errors import Forbidden

from .models import ClubRole, Company, CompanyRole, Employment, Person

if TYPE_CHECKING:
    type Visitor = Person | AnonymousUser


def signed_in(visitor: "Visitor") -> Person:
    """The person behind a signed-in visitor. Raises Forbidden for anybody else."""
    if not isinstance(visitor, Person):
        raise Forbidden(_("Please sign in first."))
    return visitor


def holds_role(person: "Visitor", *roles: str, at: datetime.date | None = None) -> bool:
    """Whether that person holds one of these club roles on that day; superusers hold all."""
    if not isinstance(person, Person) or not person.is_active:
        return False
    if person.is_superuser:
        return True
    return ClubRole.objects.open(at=at).filter(person=person, role__in=roles).exists()


def member_company(person: Person, *, at: datetime.date | None = None) -> Company | None:
    """The member company that makes this person a member on that day, if one does."""
    members = CompanyRole.objects.open(at=at).filter(role=CompanyRole.Role.MEMBER)
    employments = Employment.objects.open(at=at).filter(person=person, company__in=members.values("company"))
    employment = employments.select_related("company").order_by("-starts_on").first()
    return employment.company if employment else None
