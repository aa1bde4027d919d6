"""Who must bring a second factor, and whose address is verified."""

import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from convention.club.models import ClubRole, Person
from convention.composed import SOME_DAY, SOMEBODY, Composed
from convention.events.models import EventRole

REQUIRED, OFFERED = "required", "offered"


def works_for_the_club(person: Person) -> bool:
    """Whether this person holds any role of the club or of an event today, or may open the back office."""
    if not person.is_active:
        return False
    return person.is_staff or person.is_superuser or HOLDERS.exists(person.pk, timezone.localdate())


def _holders(person: int, day: datetime.date) -> QuerySet[Person]:
    in_club = ClubRole.objects.open(at=day).filter(person=OuterRef("pk"))
    at_event = EventRole.objects.open(at=day).filter(person=OuterRef("pk"))
    return Person.objects.filter(Q(Exists(in_club)) | Q(Exists(at_event)), pk=person)


HOLDERS = Composed(_holders, SOMEBODY, SOME_DAY)


def has_verified_address(person: Person) -> bool:
    """Return whether this person has proven, by a code or a link, that they read an address of theirs."""
    return VERIFIED.exists(person.pk)


VERIFIED = Composed(lambda person: EmailAddress.objects.filter(user=person, verified=True), SOMEBODY)


def owes_second_factor(person: Person) -> bool:
    """Whether nothing of the club’s opens to this person without a second factor."""
    return settings.SECOND_FACTOR == REQUIRED and works_for_the_club(person)
