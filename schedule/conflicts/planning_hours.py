"""Compute the hours of each day in which sessions may be placed."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median_high, median_low
from typing import Final

from convention.events.models import Event
from schedule.drafts.slot_state import SlotState
from schedule.models import DEFAULT_DAY_START, Session
from schedule.programme.days import get_programme_day, list_programme_days

from .timetable import Period, Timetable

DEFAULT_HOURS: Final = (datetime.time(9), datetime.time(18))
NEXT_DAY_OPENS: Final = datetime.timedelta(days=1, hours=9)

# Opening and closing time; None for the usual ones.
type SetHours = tuple[datetime.time | None, datetime.time | None]


@dataclass(frozen=True, slots=True)
class DaySettings:
    """The organizers' settings of the days; without opening or closing time, the usual one applies.

    What begins before `starts_at` belongs to the day before. `single_days` are the hours of days that have
    other ones, by the day's number from 1.
    """

    starts_at: datetime.time = DEFAULT_DAY_START
    opens_at: datetime.time | None = None
    closes_at: datetime.time | None = None
    single_days: Mapping[int, SetHours] = field(default_factory=dict)

    @property
    def has_set_hours(self) -> bool:
        """Return whether the organizers have limited the hours of talks."""
        return self.opens_at is not None or self.closes_at is not None or bool(self.single_days)

    @property
    def hours(self) -> tuple[datetime.timedelta, datetime.timedelta]:
        """Return opening and closing time, counted from midnight."""
        opens, closes = self.opens_at or DEFAULT_HOURS[0], self.closes_at or DEFAULT_HOURS[1]
        return _count_from_midnight(opens), _count_from_midnight(closes)

    def get_day(self, number: int) -> "DaySettings":
        """Return the settings of one day, counted from 1."""
        opens_at, closes_at = self.single_days.get(number, (None, None))
        return DaySettings(self.starts_at, opens_at or self.opens_at, closes_at or self.closes_at)


def _count_from_midnight(time: datetime.time) -> datetime.timedelta:
    return datetime.timedelta(hours=time.hour, minutes=time.minute)


def load_day_settings(event_ids: Iterable[int]) -> dict[int, DaySettings]:
    """Return the settings of the days by event: one query."""
    settings: dict[int, DaySettings] = {}
    single_days: dict[int, dict[int, SetHours]] = {event_id: {} for event_id in event_ids}
    columns = (
        *("pk", "schedule__day_starts_at", "schedule__planning_opens_at", "schedule__planning_closes_at"),
        *("day_hours__number", "day_hours__opens_at", "day_hours__closes_at"),
    )
    rows = Event.objects.filter(pk__in=single_days).order_by("pk", "day_hours__number").values_list(*columns)
    for event_id, day_starts_at, opens_at, closes_at, number, *hours in rows:
        days = single_days[event_id]
        settings[event_id] = DaySettings(day_starts_at or DEFAULT_DAY_START, opens_at, closes_at, days)
        if number is not None:
            days[number] = (hours[0], hours[1])
    return settings


def compute_all_hours(
    event: Event, timetable: Timetable, *, days: DaySettings
) -> tuple[tuple[Period, ...], tuple[Period, ...]]:
    """Return the hours of talks, and those of all sessions."""
    placements, sessions = timetable.placements, timetable.sessions
    # A dinner or an early welcome does not make its hour a time for talks.
    talks = [state for key, state in placements.items() if sessions[key].role == Session.Role.TALK]
    general_hours = compute_hours(event, placements.values(), days=days)
    if days.has_set_hours:
        return compute_hours(event, talks, days=days, limits=days), general_hours
    # An event outside the default hours has only those of its plenaries, until a talk is placed.
    return compute_hours(event, talks, days=days) or general_hours, general_hours


def compute_hours(
    event: Event, states: Iterable[SlotState], *, days: DaySettings, limits: DaySettings | None = None
) -> tuple[Period, ...]:
    """Return when sessions may be placed on each day of the programme, in the event's local time.

    Those are the hours of `days`, or from the usual first start to the usual last end of `states` if these
    are wider, within the event; a day with earlier or later ones includes them, but for what runs into the
    next day's hours. A day with hours of its own does not follow the usual ones. None exceeds the hours that
    the organizers have set in `limits`. No two periods overlap.
    """
    slots_by_day: dict[datetime.date, list[SlotState]] = defaultdict(list)
    for state in states:
        day = state.day or get_programme_day(state.starts_at, event.zone, days.starts_at)
        slots_by_day[day].append(state)
    own_hours = {day: _get_own_hours(day, slots, event) for day, slots in slots_by_day.items()}
    opens, closes = days.hours
    if own_hours:
        opens = min(opens, median_low(first for first, _last in own_hours.values()))
        closes = max(closes, median_high(last for _first, last in own_hours.values()))
    hours = []
    event_days = list_programme_days(event, days.starts_at)
    for day in sorted({*event_days, *slots_by_day}):
        number = (day - event_days[0]).days + 1
        day_opens, day_closes = _choose_hours((opens, closes), days.single_days.get(number, (None, None)))
        opens_at = max(_at_wall_time(day, day_opens, event), event.starts_at)
        closes_at = min(_at_wall_time(day, day_closes, event), event.ends_at)
        if day in own_hours:
            first, last = (_at_wall_time(day, hour, event) for hour in own_hours[day])
            opens_at, closes_at = min(opens_at, first), max(closes_at, last)
        if limits:
            opens_at, closes_at = _limit(day, (opens_at, closes_at), limits.get_day(number), event)
        if opens_at < closes_at:
            hours.append((opens_at.astimezone(datetime.UTC), closes_at.astimezone(datetime.UTC)))
    return _end_before_next(hours)


def _choose_hours(
    usual: tuple[datetime.timedelta, datetime.timedelta], of_day: SetHours
) -> tuple[datetime.timedelta, datetime.timedelta]:
    """Return a day's own hours where it has any, else the usual ones."""
    opens_at, closes_at = of_day
    return (
        usual[0] if opens_at is None else _count_from_midnight(opens_at),
        usual[1] if closes_at is None else _count_from_midnight(closes_at),
    )


def _limit(day: datetime.date, period: Period, days: DaySettings, event: Event) -> Period:
    """Cut a day's period to the hours that the organizers have set."""
    opens_at, closes_at = period
    opens, closes = days.hours
    if days.opens_at is not None:
        opens_at = max(opens_at, _at_wall_time(day, opens, event))
    if days.closes_at is not None:
        closes_at = min(closes_at, _at_wall_time(day, closes, event))
    return opens_at, closes_at


def _end_before_next(hours: Iterable[Period]) -> tuple[Period, ...]:
    """Cut periods that reach into a later one: the planner would use the same moments twice."""
    found: list[Period] = []
    for opens_at, closes_at in sorted(hours, reverse=True):
        end = min(closes_at, found[-1][0]) if found else closes_at
        if opens_at < end:
            found.append((opens_at, end))
    return tuple(reversed(found))


def _get_own_hours(
    day: datetime.date, states: list[SlotState], event: Event
) -> tuple[datetime.timedelta, datetime.timedelta]:
    """Return the first start and the last end of a day."""
    starts = [_get_wall_time(state.starts_at, day, event) for state in states]
    ends = [_get_wall_time(state.ends_at, day, event) for state in states]
    # A session that lasts all night does not make the night a time for others.
    return min(starts), max([*starts, *(end for end in ends if end <= NEXT_DAY_OPENS)])


def _get_wall_time(moment: datetime.datetime, day: datetime.date, event: Event) -> datetime.timedelta:
    """Return the event's local time, counted from the midnight at which that day begins."""
    return moment.astimezone(event.zone).replace(tzinfo=None) - datetime.datetime.combine(
        day, datetime.time()
    )


def _at_wall_time(day: datetime.date, hour: datetime.timedelta, event: Event) -> datetime.datetime:
    local = datetime.datetime.combine(day, datetime.time()) + hour
    return local.replace(tzinfo=event.zone).astimezone(datetime.UTC)
