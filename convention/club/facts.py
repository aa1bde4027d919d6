"""What an administrator sees of the club's companies: memberships, seats and contacts, by day."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from .models import Company, CompanyContact, Membership, Seat


@dataclass(frozen=True)
class Standing:
    """A company today: its membership of today or the latest, how many seats are given, its contacts."""

    company: Company
    membership: Membership | None = None
    seats: int = 0
    contacts: list[CompanyContact] = field(default_factory=list)


def standings(companies: Iterable[Company], *, at: datetime.date | None = None) -> list[Standing]:
    """Each company's standing, in three queries."""
    companies, day = list(companies), at or timezone.localdate()
    latest: dict[int, Membership] = {}
    for one in Membership.objects.filter(company__in=companies).order_by("starts_on", "pk"):
        before = latest.get(one.company_id)
        if before is None or not before.is_open(at=day):
            latest[one.company_id] = one
    seats = Seat.objects.counting(at=day).filter(membership__company__in=companies)
    given = Counter(seats.values_list("membership__company", flat=True))
    contacts: dict[int, list[CompanyContact]] = {}
    for contact in CompanyContact.objects.open(at=day).filter(company__in=companies).select_related("person"):
        contacts.setdefault(contact.company_id, []).append(contact)
    return [Standing(one, latest.get(one.pk), given[one.pk], contacts.get(one.pk, [])) for one in companies]
