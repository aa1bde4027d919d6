"""Counts for the desk's page: who is inside, and who arrived in the last minutes."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from badges.attendance.models import Presence
from badges.attendance.reports.headcount import (
    arrived_registrations,
    confirmed_registrations,
    inside_registrations,
    list_main_checkpoints,
)
from convention.events.models import Event

RECENT_ARRIVALS = datetime.timedelta(minutes=15)
MAX_ARRIVALS_SHOWN = 5


@dataclass(frozen=True)
class DeskCounts:
    """Numbers of the whole event; `latest` are the last arrivals, newest first."""

    inside_count: int
    arrived_count: int
    registered_count: int
    recent_count: int
    latest: list[Presence]

    @property
    def recent_minutes(self) -> int:
        return int(RECENT_ARRIVALS.total_seconds()) // 60


def count_arrivals(event: Event) -> DeskCounts:
    """Count who is inside, who arrived at all and who arrived in the last minutes."""
    arrivals = Presence.objects.filter(
        checkpoint__in=list_main_checkpoints(event), first_entered_at__isnull=False
    )
    newest = arrivals.select_related("registration").order_by("-first_entered_at", "-pk")
    since = timezone.now() - RECENT_ARRIVALS
    return DeskCounts(
        inside_count=inside_registrations(event).count(),
        arrived_count=arrived_registrations(event).count(),
        registered_count=confirmed_registrations(event).count(),
        recent_count=arrivals.filter(first_entered_at__gt=since)
        .order_by()
        .values("registration")
        .distinct()
        .count(),
        latest=list(newest[:MAX_ARRIVALS_SHOWN]),
    )
