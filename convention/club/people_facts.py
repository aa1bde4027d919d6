"""People of the club: found by words, company and seat; and all of one person."""

import datetime
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from .models import Employment, Person, Seat

SEATS: Final = ("held", "none")


def people_found(words: str, *, company: str = "", seat: str = "") -> QuerySet[Person]:
    """Active people in whose name or address each word stands, of a company, with or without a seat."""
    found = Person.objects.filter(is_active=True).matching(words)
    if company:
        jobs = Employment.objects.open().filter(company__slug=company)
        found = found.filter(pk__in=jobs.values("person"))
    if seat in SEATS:
        held = Seat.objects.counting().values("person")
        found = found.filter(pk__in=held) if seat == "held" else found.exclude(pk__in=held)
    return found.order_by("sort_name", "pk")


def with_today(people: QuerySet[Person], *, at: datetime.date | None = None) -> QuerySet[Person]:
    """Each with where they work and which seats they hold on that day, in two more queries."""
    jobs = Employment.objects.open(at=at).select_related("company").order_by("starts_on", "pk")
    seats = Seat.objects.counting(at=at).select_related("membership__company").order_by("starts_on", "pk")
    today: tuple[Any, ...] = (
        Prefetch("employments", jobs, to_attr="jobs_today"),
        Prefetch("seats", seats, to_attr="seats_today"),
    )
    return people.prefetch_related(*today)


def facts_of(person: Person) -> dict[str, Any]:
    """All that the club's directory says of one person, the latest first."""
    newest = ("-starts_on", "-pk")
    return {
        "person": person,
        "today": timezone.localdate(),
        "jobs": person.employments.select_related("company").order_by(*newest),
        "seats": person.seats.select_related("membership__company").order_by(*newest),
        "contact_of": person.contact_of.select_related("company").order_by(*newest),
        "club_roles": person.club_roles.order_by(*newest),
        "mandates": person.mandates.select_related("group").order_by(*newest),
        "held": Seat.objects.counting().filter(person=person).select_related("membership__company").first(),
    }
