"""Who has been where: visits by company over two years, so that places go round."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone

from convention import hooks
from convention.club.models import Company, Membership

from .models import Application, Visit

LOOKS_BACK: Final = datetime.timedelta(days=730)


@dataclass
class Turns:
    """One member company: places on visits that were held, whether they were used, what was asked in vain.

    `ahead` counts places on visits to come. A visit counts once for each of its people.
    """

    company: Company
    went: int = 0
    missed: int = 0
    ahead: int = 0
    in_vain: int = 0
    visits: dict[int, Visit] = field(default_factory=dict)

    @property
    def last(self) -> Visit | None:
        """The last visit on which the company had a place."""
        return max(self.visits.values(), key=lambda visit: visit.event.starts_at, default=None)

    @property
    def weight(self) -> tuple[int, int, str]:
        """Whose turn it is: the least places first, of those alike who asked most in vain."""
        return self.went + self.missed + self.ahead, -self.in_vain, self.company.name


def turns(*, now: datetime.datetime | None = None) -> list[Turns]:
    """Every company with an open membership, the one whose turn it is first; a fixed number of queries."""
    now = now or timezone.now()
    members = Membership.objects.open(at=timezone.localdate(now)).values("company")
    found = {one.pk: Turns(one) for one in Company.objects.filter(pk__in=members)}
    asked = _applications(now)
    came = _came(asked)
    scanned = {one.visit_id for one in asked if one.registration_id in came}
    for one in asked:
        if one.company_id in found:
            _count(found[one.company_id], one, now, came, scanned)
    return sorted(found.values(), key=lambda row: row.weight)


def _applications(now: datetime.datetime) -> list[Application]:
    rows = Application.objects.filter(visit__event__starts_at__gte=now - LOOKS_BACK)
    rows = rows.filter(visit__cancelled_at__isnull=True, withdrawn_at__isnull=True, company__isnull=False)
    return list(rows.select_related("visit__event__host", "registration").order_by("pk"))


def _came(applications: Iterable[Application]) -> Collection[int]:
    """The registrations of whom there is a scan."""
    keys = [one.registration_id for one in applications if one.registration_id]
    found: set[int] = hooks.scanned_registrations.provider()(keys)
    return found


def _count(
    row: Turns, one: Application, now: datetime.datetime, came: Collection[int], scanned: Collection[int]
) -> None:
    """Where nobody was scanned, who had a place is taken to have come."""
    place = one.registration
    if place is None or not place.confirmed_at or place.cancelled_at:
        row.in_vain += 1
        return
    row.visits[one.visit_id] = one.visit
    if one.visit.event.ends_at > now:
        row.ahead += 1
    elif place.pk in came or one.visit_id not in scanned:
        row.went += 1
    else:
        row.missed += 1


def been_by_person(people: Collection[int], *, now: datetime.datetime | None = None) -> Mapping[int, int]:
    """How many visits that are over each of these people had a place on."""
    rows = Application.objects.confirmed().filter(
        person__in=people,
        visit__event__ends_at__lt=now or timezone.now(),
        visit__cancelled_at__isnull=True,
    )
    found = defaultdict[int, int](int)
    for person in rows.values_list("person", flat=True):
        found[person] += 1
    return found
