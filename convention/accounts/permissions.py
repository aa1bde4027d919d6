"""Decide who needs a second factor, and whose address is verified."""

import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from convention.club.models import ClubRole, Person
from convention.club.permissions import get_leading_mandates
from convention.db.compiled_query import PLACEHOLDER_DATE, PLACEHOLDER_ID, CompiledQuery
from convention.events.models import EventRole
from convention.text.email_addresses import is_same_email

SECOND_FACTOR_REQUIRED, SECOND_FACTOR_OFFERED = "required", "offered"


def is_club_staff(person: Person) -> bool:
    """Return whether the person has a role of the club or of an event today, or may open the back office.

    Leads of a working group count, since they run its meetings.
    """
    if not person.is_active:
        return False
    # The flags first: they cost no query.
    return (
        person.is_staff or person.is_superuser or ROLE_HOLDERS_QUERY.exists(person.pk, timezone.localdate())
    )


def _query_role_holders(person: int, day: datetime.date) -> QuerySet[Person]:
    in_club = ClubRole.objects.open(at=day).filter(person=OuterRef("pk"))
    at_event = EventRole.objects.open(at=day).filter(person=OuterRef("pk"))
    leads_group = get_leading_mandates(at=day).filter(person=OuterRef("pk"))
    return Person.objects.filter(Q(Exists(in_club)) | Q(Exists(at_event)) | Q(Exists(leads_group)), pk=person)


# All tables in one query: the middleware runs it on every page of a session that is too long or lacks a
# factor.
ROLE_HOLDERS_QUERY = CompiledQuery(_query_role_holders, PLACEHOLDER_ID, PLACEHOLDER_DATE)


def has_verified_address(person: Person) -> bool:
    """Return whether the person has proven, by a code or a link, that they read one of their addresses."""
    return VERIFIED_ADDRESSES_QUERY.exists(person.pk)


def owns_address(person: Person, address: str) -> bool:
    """Return whether the person has proven that they read that address."""
    verified = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return bool(address) and any(is_same_email(email, address) for email in verified)


VERIFIED_ADDRESSES_QUERY = CompiledQuery(
    lambda person: EmailAddress.objects.filter(user=person, verified=True), PLACEHOLDER_ID
)


def needs_second_factor(person: Person) -> bool:
    """Return whether the site requires a second factor of this person."""
    return settings.SECOND_FACTOR == SECOND_FACTOR_REQUIRED and is_club_staff(person)
