"""Compare an event's arrivals with those of an earlier event, by the clock of each day."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from badges.attendance.models import Presence
from convention.events.models import Event
from convention.text.dates import format_time
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
        return CurveChart(
            _("Total arrivals over time"),
            label_points(self.points, days=days),
            self.event.title,
            is_stepped=True,
            compared_points=label_points(self.earlier_points, days=days),
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


def label_points(
    points: Sequence[tuple[datetime.datetime, int]], *, days: Collection[datetime.date]
) -> "list[CurvePoint]":
    """Return points with local times as points of a chart: “9 h 15”, or “mar. 9 h 15” on several days."""
    labels = [format_time(at, at.tzinfo) for at, _total in points]
    if len(days) > 1:
        labels = [
            f"{date_format(at, 'D')} {label}" for (at, _total), label in zip(points, labels, strict=True)
        ]
    return [(at, label, total) for (at, total), label in zip(points, labels, strict=True)]
