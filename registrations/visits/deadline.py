"""When the list is locked: some working days before the visit, as French calendars count them. Pure."""

import datetime
import zoneinfo

from convention.working_days import working_days_before

from .models import Visit

MORNING = datetime.time(9)
"""The hour of that day at which it is locked."""


def lock_moment(starts_at: datetime.datetime, zone: zoneinfo.ZoneInfo, days: int) -> datetime.datetime:
    """When the list of a visit that starts then is locked: in the morning, so many working days before.

    So the host's security has that many whole working days. For none, when the visit starts.
    """
    first = starts_at.astimezone(zone).date()
    morning = datetime.datetime.combine(working_days_before(first, days), MORNING, zone)
    return min(morning, starts_at)


def locks_at(visit: Visit) -> datetime.datetime:
    """When the list of this visit is or was locked."""
    return visit.locked_at or lock_moment(visit.event.starts_at, visit.event.zone, visit.list_days)


def closes_at(visit: Visit) -> datetime.datetime:
    """Until when members apply: what the event says, never beyond the lock."""
    ends = [visit.closed_at, visit.event.registration_closes_at, locks_at(visit)]
    return min(moment for moment in ends if moment)
