"""Compare an event's arrivals with those of an earlier event, by the clock of each day."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from badges.attendance.models import Presence
from convention.events.models import Event
from convention.web.charts import CurveChart

from .headcount import accumulate_arrivals

if TYPE_CHECKING:
    from convention.web.charts import CurvePoint

MAX_EARLIER_EVENTS = 10


@dataclass(frozen=True, slots=True)
class ArrivalComparison:
    """The total arrivals of two events by local time, the earlier points shifted to the days of `event`."""

    event: Event
    earlier_event: Event | None
    points: list[tuple[datetime.datetime, int]]
    earlier_points: list[tuple[datetime.datetime, int]]

    def make_chart(self) -> CurveChart:
        days = {at.date() for at, _total in (*self.points, *self.earlier_points)}
        time_format = "G:i" if len(days) < 2 else "D G:i"
        return CurveChart(
            _("Total arrivals over time"),
            _label_points(self.points, time_format),
            self.event.title,
            is_stepped=True,
            compared_points=_label_points(self.earlier_points, time_format),
            compared_unit=self.earlier_event.title if self.earlier_event else "",
        )


def list_earlier_events(event: Event, *, events: QuerySet[Event]) -> list[Event]:
    """Return those of `events` of the same kind that ended before `event` and have arrivals, latest first."""
    arrivals = Presence.objects.entered().filter(event=OuterRef("pk"))
    earlier_events = events.filter(Exists(arrivals), kind=event.kind, ends_at__lte=event.starts_at)
    return list(earlier_events.order_by("-starts_at", "-pk")[:MAX_EARLIER_EVENTS])


def compare_arrivals(event: Event, earlier_event: Event | None) -> ArrivalComparison:
    """Return the arrivals of both events; times are local and without zone, since only the clock counts."""
    points = [(at.replace(tzinfo=None), total) for at, total in accumulate_arrivals(event)]
    if earlier_event is None:
        return ArrivalComparison(event, None, points, [])
    shift = _find_first_midnight(event) - _find_first_midnight(earlier_event)
    shifted_points = [
        (at.replace(tzinfo=None) + shift, total) for at, total in accumulate_arrivals(earlier_event)
    ]
    return ArrivalComparison(event, earlier_event, points, shifted_points)


def _find_first_midnight(event: Event) -> datetime.datetime:
    """Return the beginning of the event's first day in its own time zone, without zone."""
    local = event.starts_at.astimezone(event.zone)
    return datetime.datetime.combine(local.date(), datetime.time())


def _label_points(points: Iterable[tuple[datetime.datetime, int]], time_format: str) -> "list[CurvePoint]":
    return [(at, date_format(at, time_format), total) for at, total in points]
