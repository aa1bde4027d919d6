"""Companies' participation in visits over two years, so that places are shared out fairly."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone

from convention import hooks
from convention.club.models import Company, Membership
from registrations.visits.models import Application, Visit

HISTORY_DURATION: Final = datetime.timedelta(days=730)


@dataclass
class CompanyHistory:
    """The places of one member company on visits; each person counts once per visit.

    `upcoming_count` counts places on visits to come, `unplaced_count` applications without a place. `visits`
    are those that are over.
    """

    company: Company
    attended_count: int = 0
    missed_count: int = 0
    upcoming_count: int = 0
    unplaced_count: int = 0
    visits: dict[int, Visit] = field(default_factory=dict)

    @property
    def last_visit(self) -> Visit | None:
        return max(self.visits.values(), key=lambda visit: visit.event.starts_at, default=None)

    @property
    def priority_key(self) -> tuple[int, int, str]:
        """Return the sort key: fewest places first, then most applications without a place."""
        # The name comes last, to make the order stable between pages.
        return (
            self.attended_count + self.missed_count + self.upcoming_count,
            -self.unplaced_count,
            self.company.sort_name,
        )


def list_company_history(*, now: datetime.datetime | None = None) -> list[CompanyHistory]:
    """Return every company with an open membership by priority, in a fixed number of queries."""
    now = now or timezone.now()
    members = Membership.objects.open(at=timezone.localdate(now)).values("company")
    histories = {company.pk: CompanyHistory(company) for company in Company.objects.filter(pk__in=members)}
    applications = _load_recent_applications(now)
    scanned_ids = _load_scanned_registrations(applications)
    # Nobody counts as absent from a visit at which nobody was scanned.
    scanned_visit_ids = {
        application.visit_id for application in applications if application.registration_id in scanned_ids
    }
    for application in applications:
        if application.company_id in histories:
            _count_application(
                histories[application.company_id], application, now, scanned_ids, scanned_visit_ids
            )
    return sorted(histories.values(), key=lambda row: row.priority_key)


def _load_recent_applications(now: datetime.datetime) -> list[Application]:
    rows = Application.objects.filter(visit__event__starts_at__gte=now - HISTORY_DURATION)
    # Withdrawn applications do not count: the place was released for others.
    rows = rows.filter(visit__cancelled_at__isnull=True, withdrawn_at__isnull=True, company__isnull=False)
    return list(rows.select_related("visit__event__host", "registration").order_by("pk"))


def _load_scanned_registrations(applications: Iterable[Application]) -> Collection[int]:
    """Return the ids of the registrations with at least one scan."""
    registration_ids = [
        application.registration_id for application in applications if application.registration_id
    ]
    # Scans belong to `badges`, a higher layer; the hook provides them.
    scanned_ids: set[int] = hooks.scanned_registrations.provider()(registration_ids)
    return scanned_ids


def _count_application(
    row: CompanyHistory,
    application: Application,
    now: datetime.datetime,
    scanned_ids: Collection[int],
    scanned_visit_ids: Collection[int],
) -> None:
    """Add one application. At visits without any scan, everybody with a place counts as attended."""
    place = application.registration
    if place is None or not place.confirmed_at or place.cancelled_at:
        row.unplaced_count += 1
        return
    if not application.visit.event.is_over(at=now):
        row.upcoming_count += 1
        return
    row.visits[application.visit_id] = application.visit
    if place.pk in scanned_ids or application.visit_id not in scanned_visit_ids:
        row.attended_count += 1
    else:
        row.missed_count += 1


def count_visits_by_person(
    person_ids: Collection[int], *, now: datetime.datetime | None = None
) -> Mapping[int, int]:
    """Return on how many past visits each of these people had a place."""
    rows = Application.objects.confirmed().filter(
        person__in=person_ids,
        visit__event__ends_at__lt=now or timezone.now(),
        visit__cancelled_at__isnull=True,
    )
    counts = defaultdict[int, int](int)
    for person in rows.values_list("person", flat=True):
        counts[person] += 1
    return counts
