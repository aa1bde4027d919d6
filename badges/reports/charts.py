"""Build the charts of one event: registrations, tickets, companies, arrivals and sessions."""

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.reports.headcount import accumulate_arrivals
from convention.events.models import Event
from convention.templatetags.convention import page_url
from convention.text.dates import format_date, format_datetime, format_time
from convention.text.normalize import casefold_text
from convention.web.charts import BarChart, ChartBar, CurveChart, thin_points
from registrations.models import Registration
from schedule.models import Session

from .event_facts import EventFacts

MAX_COMPANY_BARS = 12
MAX_SESSION_BARS = 12
MAX_CURVE_POINTS = 200


@dataclass(frozen=True)
class EventCharts:
    registrations: CurveChart
    tickets: BarChart
    companies: BarChart
    other_companies: str
    arrivals: CurveChart
    sessions: BarChart


def build_charts(facts: EventFacts, *, urls: dict[str, str], at: datetime.datetime) -> EventCharts:
    """Build all charts of the overview; `urls` maps page names to addresses, for links in the charts."""
    companies = _count_by_company(facts.event)
    hidden_count = len(companies) - MAX_COMPANY_BARS
    return EventCharts(
        registrations=make_registrations_curve(facts.event, at=at),
        tickets=_ticket_bars(facts, urls.get("registrations", "")),
        companies=_company_bars(companies[:MAX_COMPANY_BARS], urls.get("registrations", "")),
        other_companies=ngettext("and %(count)s other", "and %(count)s others", hidden_count)
        % {"count": hidden_count}
        if hidden_count > 0
        else "",
        arrivals=make_arrivals_curve(facts.event),
        sessions=_session_bars(facts.event),
    )


def make_registrations_curve(event: Event, *, at: datetime.datetime) -> CurveChart:
    """Return the chart of confirmed registrations by day."""
    per_day = (
        Registration.objects.confirmed()
        .filter(event=event)
        .order_by()
        # In UTC, a registration just after midnight in Paris would count for the day before.
        .annotate(day=TruncDate("created_at", tzinfo=event.zone))
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    # After the event the curve would only continue as a flat line.
    today = min(at, event.ends_at).astimezone(event.zone).date()
    return CurveChart(
        _("Registrations over time"),
        [(day, format_date(day), total) for day, total in accumulate_by_day(dict(per_day), until=today)],
        _("Registered"),
    )


def accumulate_by_day(
    per_day: dict[datetime.date, int], *, until: datetime.date
) -> list[tuple[datetime.date, int]]:
    """Return the running total of each day, from the day before the first until `until`."""
    if not per_day:
        return []
    # Not `until` alone: attendees can be registered after the event, and each must be in the total.
    first, last = min(per_day), max(*per_day, until)
    # Begins at 0 on the day before, so that the curve also rises if there is only one day.
    total, points = 0, [(first - datetime.timedelta(days=1), 0)]
    for step in range((last - first).days + 1):
        day = first + datetime.timedelta(days=step)
        total += per_day.get(day, 0)
        points.append((day, total))
    return thin_points(points, MAX_CURVE_POINTS)


def make_arrivals_curve(event: Event) -> CurveChart:
    return CurveChart(
        _("Total arrivals over time"),
        label_points(accumulate_arrivals(event), event.zone),
        _("Arrived"),
        is_stepped=True,
    )


def label_points(
    points: list[tuple[datetime.datetime, int]], zone: zoneinfo.ZoneInfo
) -> list[tuple[datetime.datetime, str, int]]:
    """Label points with the hour, and with the day if there are several; thin them out."""
    days = {moment.astimezone(zone).date() for moment, _total in points}
    format_label = format_time if len(days) <= 1 else format_datetime
    return [
        (moment, format_label(moment, zone), total) for moment, total in thin_points(points, MAX_CURVE_POINTS)
    ]


def _ticket_bars(facts: EventFacts, registrations_url: str) -> BarChart:
    rows = [
        ChartBar(
            ticket.title,
            ticket.reserved,
            ticket.capacity,
            f"{registrations_url}?ticket={ticket.slug}" if registrations_url else "",
        )
        for ticket in facts.tickets
    ]
    return BarChart(_("By ticket"), rows, _("Ticket"), _("Places taken"))


def _count_by_company(event: Event) -> list[tuple[str, int]]:
    rows = Registration.objects.confirmed().filter(event=event).exclude(company="").order_by()
    counted = rows.values_list("company").annotate(count=Count("pk"))
    return sorted(counted, key=lambda row: (-row[1], casefold_text(row[0])))


def _company_bars(companies: Iterable[tuple[str, int]], registrations_url: str) -> BarChart:
    rows = [
        ChartBar(
            name,
            count,
            url=f"{registrations_url}?{urlencode({'company': name})}" if registrations_url else "",
        )
        for name, count in companies
    ]
    return BarChart(_("By company"), rows, _("Company"), _("Registered"))


def _session_bars(event: Event) -> BarChart:
    """Return a chart of the fullest sessions with a capacity."""
    limited = Session.objects.filter(event=event, capacity__gt=0, cancelled_at__isnull=True, reserved__gt=0)
    fullest = sorted(
        limited.only("number", "title", "reserved", "capacity"), key=lambda s: -s.reserved / (s.capacity or 1)
    )
    rows = [
        ChartBar(
            session.title,
            session.reserved,
            session.capacity,
            url=page_url("organize-session", event.slug, session.number),
        )
        for session in fullest[:MAX_SESSION_BARS]
    ]
    return BarChart(_("Sessions"), rows, _("Session"), _("Places taken"))
