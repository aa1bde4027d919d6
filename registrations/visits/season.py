"""A season: visits, group meetings and conventions from September to August, month by month."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from convention.events.models import Event
from convention.working_days import is_working_day

from ..models import Ticket
from .models import Visit

FIRST_MONTH: Final = 9
"""Seasons begin in September, as work does; in August nothing takes place."""
YEARS: Final = range(1971, 3000)


@dataclass(frozen=True)
class Season:
    """From the first day to the last, both included."""

    year: int

    @property
    def first(self) -> datetime.date:
        """1 September."""
        return datetime.date(self.year, FIRST_MONTH, 1)

    @property
    def last(self) -> datetime.date:
        """31 August."""
        return datetime.date(self.year + 1, FIRST_MONTH, 1) - datetime.timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}–{self.year + 1}"


@dataclass(frozen=True)
class Entry:
    """One event of the season; `others` are those of the club on one of its days."""

    event: Event
    visit: Visit | None = None
    ticket: Ticket | None = None
    others: tuple[Event, ...] = ()

    @property
    def is_on_a_working_day(self) -> bool:
        """Whether it begins on a day on which people are at work."""
        return is_working_day(_days(self.event)[0])


@dataclass(frozen=True)
class Month:
    """A month with what it holds, empty ones too."""

    first: datetime.date
    entries: list[Entry] = field(default_factory=list)


def season_of(day: datetime.date) -> Season:
    """The season that a day belongs to."""
    return Season(day.year if day.month >= FIRST_MONTH else day.year - 1)


def season_named(text: str) -> Season:
    """The season that begins in that year; this one for anything else."""
    if text.isascii() and text.isdigit() and len(text) == 4 and int(text) in YEARS:
        return Season(int(text))
    return season_of(timezone.localdate())


def events_in(season: Season) -> QuerySet[Event]:
    """What begins in the season, of every kind and visibility."""
    span = (season.first, season.last)
    rows = Event.objects.filter(starts_at__date__range=span).select_related("host", "group", "venue")
    return rows.order_by("starts_at", "pk")


def calendar_of(season: Season, events: Iterable[Event]) -> list[Month]:
    """The twelve months with these events, each with its visit, places and what else is on; three queries."""
    shown = list(events)
    visits = {one.event_id: one for one in Visit.objects.filter(event__in=shown)}
    tickets = {one.event_id: one for one in _tickets(shown)}
    months = {(year, month): Month(datetime.date(year, month, 1)) for year, month in _months(season)}
    for event in shown:
        visit = visits.get(event.pk)
        if visit:
            visit.event = event
        first = _days(event)[0]
        entry = Entry(event, visit, tickets.get(event.pk), _clashes(event, shown, visits))
        if (first.year, first.month) in months:
            months[first.year, first.month].entries.append(entry)
    return list(months.values())


def _tickets(events: list[Event]) -> QuerySet[Ticket]:
    """The ticket of each event by which members come; the default one where there are several."""
    rows = Ticket.objects.filter(event__in=events, audience=Ticket.Audience.MEMBER)
    return rows.order_by("is_default", "-position", "-pk")


def _months(season: Season) -> list[tuple[int, int]]:
    months = range(FIRST_MONTH - 1, FIRST_MONTH + 11)
    return [(season.year + month // 12, month % 12 + 1) for month in months]


def _days(event: Event) -> tuple[datetime.date, datetime.date]:
    """The first and the last day, where it takes place."""
    return event.starts_at.astimezone(event.zone).date(), event.ends_at.astimezone(event.zone).date()


def _clashes(event: Event, events: list[Event], visits: Mapping[int, Visit]) -> tuple[Event, ...]:
    """Other events on one of its days; what was called off is in nobody's way."""
    if _is_off(event, visits):
        return ()
    first, last = _days(event)
    return tuple(
        other
        for other in events
        if other.pk != event.pk
        and _days(other)[0] <= last
        and first <= _days(other)[1]
        and not _is_off(other, visits)
    )


def _is_off(event: Event, visits: Mapping[int, Visit]) -> bool:
    visit = visits.get(event.pk)
    return bool(visit and visit.cancelled_at)
