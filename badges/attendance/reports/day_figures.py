"""Count who came on each day of an event and how long they stayed, from the scans at its entrances.

Presences hold one first arrival for the whole event, so days need the scans themselves. The database groups
them by attendee and day; a million scans are read in about a second, and the result is cached until a
presence changes.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from badges.attendance.models import Scan
from badges.attendance.scanning.numbering import number_changes
from badges.attendance.scanning.presence import WRONG_BADGE
from badges.attendance.scanning.presence_store import filter_by_checkpoint, filter_counted_scans
from registrations.models import Registration

from .headcount import expected_registrations, list_main_checkpoints

if TYPE_CHECKING:
    from convention.events.models import Event

CACHE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class AttendeeDay:
    """One attendee on one day: the first entry and the last exit that were scanned."""

    registration_id: int
    day: datetime.date
    first_entered_at: datetime.datetime
    last_left_at: datetime.datetime | None

    @property
    def seconds_on_site(self) -> int | None:
        """Return the time from the first entry to the last exit; None if no exit followed."""
        if self.last_left_at is None or self.last_left_at <= self.first_entered_at:
            return None
        return int((self.last_left_at - self.first_entered_at).total_seconds())


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Counts of one day; `mean_minutes` is of the `stay_count` attendees who were scanned out."""

    day: datetime.date
    expected_count: int
    arrived_count: int
    new_count: int
    stay_count: int
    mean_minutes: int | None
    is_over: bool

    @property
    def absent_count(self) -> int:
        return self.expected_count - self.arrived_count


def find_holder_scans(event: "Event") -> QuerySet[Scan]:
    """Return the scans with which the holder of the badge passed, with their `owner`."""
    scans = filter_counted_scans(Scan.objects.filter(event=event))
    return scans.exclude(resolution__kind=WRONG_BADGE).order_by()


def load_attendee_days(event: "Event") -> list[AttendeeDay]:
    """Return each attendee's days at the event's entrances; scans of merged badges count for the survivor."""
    return group_by_day(find_holder_scans(event), event)


def group_by_day(scans: QuerySet[Scan], event: "Event") -> list[AttendeeDay]:
    """Group those of the scans that were made at the event's entrances; return them by day and attendee."""
    at_entrances = filter_by_checkpoint(*list_main_checkpoints(event))
    rows: QuerySet[Scan, tuple[Any, ...]] = (
        scans.filter(at_entrances)
        .values_list(
            "owner",
            TruncDate("effective_at", tzinfo=event.zone),
        )
        .annotate(
            first_entry=Min("effective_at", filter=Q(direction=Scan.Direction.IN)),
            last_exit=Max("effective_at", filter=Q(direction=Scan.Direction.OUT)),
        )
    )
    # A day with an exit alone does not count: the attendee entered the day before and left after midnight.
    days = [AttendeeDay(*row) for row in rows if row[2] is not None]
    return sorted(days, key=lambda attendee_day: (attendee_day.day, attendee_day.registration_id))


def load_day_figures(event: "Event", *, at: datetime.datetime | None = None) -> list[DayFigures]:
    """Return the figures of each day of the event that has begun, and of other days with scans."""
    now = at or timezone.now()
    today = now.astimezone(event.zone).date()
    key = f"attendance.days:{event.pk}:{number_changes(event.pk)}:{event.sequence}:{today}"
    figures: list[DayFigures] | None = cache.get(key)
    if figures is None:
        figures = summarize_days(event, load_attendee_days(event), today=today)
        cache.set(key, figures, CACHE_SECONDS)
    return figures


def summarize_days(
    event: "Event", attendee_days: Iterable[AttendeeDay], *, today: datetime.date
) -> list[DayFigures]:
    by_day: dict[datetime.date, list[AttendeeDay]] = {day: [] for day in list_event_days(event, until=today)}
    for attendee_day in attendee_days:
        by_day.setdefault(attendee_day.day, []).append(attendee_day)
    expected_count = expected_registrations(event).count()
    arrived_earlier: set[int] = set()
    figures = []
    for day, rows in sorted(by_day.items()):
        stays = [row.seconds_on_site for row in rows if row.seconds_on_site is not None]
        figures.append(
            DayFigures(
                day=day,
                expected_count=expected_count,
                arrived_count=len(rows),
                new_count=len({row.registration_id for row in rows} - arrived_earlier),
                stay_count=len(stays),
                mean_minutes=round(sum(stays) / len(stays) / 60) if stays else None,
                is_over=day < today,
            )
        )
        arrived_earlier |= {row.registration_id for row in rows}
    return figures


def list_event_days(event: "Event", *, until: datetime.date) -> list[datetime.date]:
    """Return the event's days in its time zone, at most until that day."""
    first = event.starts_at.astimezone(event.zone).date()
    # An event that ends at midnight does not take place on the day that begins then.
    last_moment = event.ends_at - datetime.timedelta(microseconds=1)
    last = min(last_moment.astimezone(event.zone).date(), until)
    return [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]


def list_absentees(
    event: "Event", days: Iterable[datetime.date]
) -> list[tuple[datetime.date, list[Registration]]]:
    """Return the expected attendees who were not scanned in on each of these days, by name."""
    present = {(row.day, row.registration_id) for row in load_attendee_days(event)}
    people = list(expected_registrations(event).select_related("ticket").order_by("sort_name", "pk"))
    return [(day, [person for person in people if (day, person.pk) not in present]) for day in days]
