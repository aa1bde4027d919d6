"""The season calendar: visits, meetings and conventions from September to August."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, QuerySet
from django.utils import timezone

from convention.events.models import Event
from convention.text.working_days import is_working_day
from registrations.models import Registration, Ticket, WaitingEntry
from registrations.visits.models import Visit

# Seasons follow the French working year; nothing takes place in August.
SEASON_FIRST_MONTH: Final = 9
VALID_SEASON_YEARS: Final = range(1971, 3000)


@dataclass(frozen=True)
class Season:
    """A season by the year in which it begins."""

    year: int

    @property
    def first_day(self) -> datetime.date:
        return datetime.date(self.year, SEASON_FIRST_MONTH, 1)

    @property
    def last_day(self) -> datetime.date:
        return datetime.date(self.year + 1, SEASON_FIRST_MONTH, 1) - datetime.timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}–{self.year + 1}"


@dataclass(frozen=True)
class SeasonEntry:
    """One event of the season; `overlapping_events` are other events of the club on one of its days.

    `path` is the page of the event that the reader may open, "" without one.
    """

    event: Event
    visit: Visit | None = None
    ticket: Ticket | None = None
    overlapping_events: tuple[Event, ...] = ()
    path: str = ""
    # For conventions only: they have several tickets, so the count of one would be too low.
    registered_count: int | None = None
    # Those who wait for a place of `ticket`; an offered place counts as reserved.
    waiting_count: int = 0

    @property
    def starts_on_working_day(self) -> bool:
        return is_working_day(_find_event_days(self.event)[0])


@dataclass(frozen=True)
class SeasonMonth:
    first_day: datetime.date
    entries: list[SeasonEntry] = field(default_factory=list)


def find_season(day: datetime.date) -> Season:
    """Return the season that contains the day."""
    return Season(day.year if day.month >= SEASON_FIRST_MONTH else day.year - 1)


def parse_season(text: str) -> Season:
    """Return the season that begins in the year given as text; the current one for anything else."""
    # `isdigit()` alone accepts "²", on which `int()` fails.
    if text.isascii() and text.isdigit() and len(text) == 4 and int(text) in VALID_SEASON_YEARS:
        return Season(int(text))
    return find_season(timezone.localdate())


def list_season_events(season: Season) -> QuerySet[Event]:
    """Return the events that begin in the season, of every kind and visibility."""
    span = (season.first_day, season.last_day)
    # `__date` uses the site's time zone in the database; `build_season_calendar` sorts by that of each event.
    rows = Event.objects.filter(starts_at__date__range=span).select_related("host", "group", "venue")
    return rows.order_by("starts_at", "pk")


def build_season_calendar(season: Season, events: Iterable[Event]) -> list[SeasonMonth]:
    """Return all twelve months with their events, visits, tickets and counts of people, in five queries."""
    event_list = list(events)
    visits = {visit.event_id: visit for visit in Visit.objects.filter(event__in=event_list)}
    member_tickets = Ticket.objects.for_members().filter(event__in=event_list)
    tickets = {ticket.event_id: ticket for ticket in member_tickets}
    registered_counts = _count_registered(event_list)
    waiting_counts = _count_waiting(tickets.values())
    months = {
        (year, month): SeasonMonth(datetime.date(year, month, 1)) for year, month in _list_months(season)
    }
    for event in event_list:
        visit = visits.get(event.pk)
        if visit:
            visit.event = event
        first_day = _find_event_days(event)[0]
        entry = SeasonEntry(
            event,
            visit,
            tickets.get(event.pk),
            _find_overlapping_events(event, event_list, visits),
            registered_count=registered_counts.get(event.pk),
            waiting_count=waiting_counts.get(event.pk, 0),
        )
        # In its own time zone an event may begin outside the season that the query selected it for.
        if (first_day.year, first_day.month) in months:
            months[first_day.year, first_day.month].entries.append(entry)
    return list(months.values())


def _count_registered(events: list[Event]) -> dict[int, int]:
    """Return the number of confirmed registrations of each convention by event id."""
    counts = {event.pk: 0 for event in events if event.kind == Event.Kind.CONVENTION}
    rows = Registration.objects.filter(event__in=list(counts)).confirmed().order_by()
    return counts | dict(rows.values_list("event").annotate(count=Count("pk")))


def _count_waiting(tickets: Iterable[Ticket]) -> dict[int, int]:
    """Return the number of people who wait for one of these tickets by event id."""
    rows = WaitingEntry.objects.active().filter(ticket__in=list(tickets), offered_at__isnull=True).order_by()
    return dict(rows.values_list("event").annotate(count=Count("pk")))


def _list_months(season: Season) -> list[tuple[int, int]]:
    # Months counted from 0, so that division by 12 gives the year and the remainder the month.
    months = range(SEASON_FIRST_MONTH - 1, SEASON_FIRST_MONTH + 11)
    return [(season.year + month // 12, month % 12 + 1) for month in months]


def _find_event_days(event: Event) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day in the event's time zone."""
    return event.starts_at.astimezone(event.zone).date(), event.ends_at.astimezone(event.zone).date()


def _find_overlapping_events(
    event: Event, events: list[Event], visits: Mapping[int, Visit]
) -> tuple[Event, ...]:
    """Return the other events on one of its days; cancelled ones do not count."""
    if _is_cancelled(event, visits):
        return ()
    first, last = _find_event_days(event)
    return tuple(
        other
        for other in events
        if other.pk != event.pk
        and _find_event_days(other)[0] <= last
        and first <= _find_event_days(other)[1]
        and not _is_cancelled(other, visits)
    )


def list_events_on_same_days(event: Event) -> tuple[Event, ...]:
    """Return the club's other events, drafts too, on one of the days of this one, as the calendar does."""
    one_day = datetime.timedelta(days=1)
    # A day wider on each side, since each event has the days of its own time zone.
    others = Event.objects.filter(
        starts_at__lt=event.ends_at + one_day, ends_at__gt=event.starts_at - one_day
    )
    events = list(others.order_by("starts_at", "pk"))
    visits = {visit.event_id: visit for visit in Visit.objects.filter(event__in=events)}
    return _find_overlapping_events(event, events, visits)


def _is_cancelled(event: Event, visits: Mapping[int, Visit]) -> bool:
    visit = visits.get(event.pk)
    return bool(event.cancelled_at or (visit and visit.cancelled_at))
