"""What an administrator sees of companies: those found by words and role, and all of one."""

from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from .facts import standings
from .models import Company, CompanyRole, Employment, Seat

SHOWN: Final = 100
"""Rows of a part of a company's page; all stand in the lists and under people."""


def companies_found(words: str, *, role: str = "") -> QuerySet[Company]:
    """Companies whose name, town and SIREN hold every word, and which hold that role today."""
    found = Company.objects.matching(words)
    if role:
        found = found.filter(pk__in=CompanyRole.objects.open().filter(role=role).values("company"))
    return found


def facts_of(company: Company) -> dict[str, Any]:
    """All of one company, each part no longer than a page can show; a fixed number of queries."""
    [standing] = standings([company])
    held = Seat.objects.counting().filter(membership__company=company).values("person")
    seats = Seat.objects.filter(membership__company=company).select_related("person")
    jobs = Employment.objects.filter(company=company).select_related("person")
    idle = jobs.open().exclude(person__in=held).order_by("person__sort_name", "pk")
    return {
        "company": company,
        "standing": standing,
        "today": timezone.localdate(),
        "memberships": company.memberships.all(),
        "roles": company.roles.order_by("-starts_on", "pk"),
        "markets": company.markets.all(),
        "subsidiaries": company.subsidiaries.all()[:SHOWN],
        "contacts": company.contacts.select_related("person").order_by("-starts_on", "pk")[:SHOWN],
        "seats": seats.order_by("-starts_on", "pk")[:SHOWN],
        "seats_in_all": seats.count(),
        "without_seat": idle[:SHOWN],
        "without_seat_in_all": idle.count(),
        "shown": SHOWN,
    }
