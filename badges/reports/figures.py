"""The pictures of one event: registrations over time, by ticket and company, arrivals, fill of sessions."""

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.headcount import arrivals
from convention.charts import Bar, Bars, Curve, thinned
from convention.dates import say_day, say_moment, say_time
from convention.events.models import Event
from registrations.models import Registration
from schedule.models import Session

from .facts import Facts

TOP_COMPANIES = 12
TOP_SESSIONS = 12
POINTS = 200


@dataclass(frozen=True)
class Figures:
    """Charts ready to draw."""

    registrations: Curve
    tickets: Bars
    companies: Bars
    other_companies: str
    arrivals: Curve
    sessions: Bars


def figures_of(facts: Facts, *, urls: dict[str, str], at: datetime.datetime) -> Figures:
    """Everything that the overview draws; `urls` holds the addresses of the lists that exist."""
    companies = _companies(facts.event)
    more = len(companies) - TOP_COMPANIES
    return Figures(
        registrations=registrations_curve(facts.event, at=at),
        tickets=_tickets(facts, urls.get("registrations", "")),
        companies=_company_bars(companies[:TOP_COMPANIES], urls.get("registrations", "")),
        other_companies=ngettext("and %(count)s other", "and %(count)s others", more) % {"count": more}
        if more > 0
        else "",
        arrivals=arrivals_curve(facts.event),
        sessions=_sessions(facts.event),
    )


def registrations_curve(event: Event, *, at: datetime.datetime) -> Curve:
    """How many were registered on each day, cancelled ones left out."""
    per_day = (
        Registration.objects.confirmed()
        .filter(event=event)
        .order_by()
        .annotate(day=TruncDate("created_at", tzinfo=event.zone))
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    today = min(at, event.ends_at).astimezone(event.zone).date()
    return Curve(
        _("Registrations over time"),
        [(day, say_day(day), total) for day, total in running_total(dict(per_day), until=today)],
        _("Registered"),
    )


def running_total(
    per_day: dict[datetime.date, int], *, until: datetime.date
) -> list[tuple[datetime.date, int]]:
    """The sum up to each day, from the day before the first to the given one, days without any included."""
    if not per_day:
        return []
    first, last = min(per_day), max(*per_day, until)
    total, points = 0, [(first - datetime.timedelta(days=1), 0)]
    for step in range((last - first).days + 1):
        day = first + datetime.timedelta(days=step)
        total += per_day.get(day, 0)
        points.append((day, total))
    return thinned(points, POINTS)


def arrivals_curve(event: Event) -> Curve:
    """How many had come by when, each person once."""
    return Curve(_("Arrivals"), labelled(arrivals(event), event.zone), _("Arrived"), is_stepped=True)


def labelled(
    points: list[tuple[datetime.datetime, int]], zone: zoneinfo.ZoneInfo
) -> list[tuple[datetime.datetime, str, int]]:
    """The hour as label, with the day where there are several; thinned."""
    days = {moment.astimezone(zone).date() for moment, _total in points}
    say = say_time if len(days) <= 1 else say_moment
    return [(moment, say(moment, zone), total) for moment, total in thinned(points, POINTS)]


def _tickets(facts: Facts, registrations_url: str) -> Bars:
    rows = [
        Bar(
            ticket.title,
            ticket.taken,
            ticket.capacity,
            f"{registrations_url}?ticket={ticket.slug}" if registrations_url else "",
        )
        for ticket in facts.tickets
    ]
    return Bars(_("By ticket"), rows, _("Ticket"), _("Places taken"))


def _companies(event: Event) -> list[tuple[str, int]]:
    rows = Registration.objects.confirmed().filter(event=event).exclude(company="").order_by()
    counted = rows.values_list("company").annotate(count=Count("pk"))
    return sorted(counted, key=lambda row: (-row[1], row[0].casefold()))


def _company_bars(companies: Iterable[tuple[str, int]], registrations_url: str) -> Bars:
    rows = [
        Bar(
            name,
            count,
            url=f"{registrations_url}?{urlencode({'company': name})}" if registrations_url else "",
        )
        for name, count in companies
    ]
    return Bars(_("By company"), rows, _("Company"), _("Registered"))


def _sessions(event: Event) -> Bars:
    """The fullest of those with a limit."""
    limited = Session.objects.filter(event=event, capacity__gt=0, cancelled_at__isnull=True, taken__gt=0)
    fullest = sorted(limited.only("title", "taken", "capacity"), key=lambda s: -s.taken / (s.capacity or 1))
    rows = [Bar(session.title, session.taken, session.capacity) for session in fullest[:TOP_SESSIONS]]
    return Bars(_("Sessions"), rows, _("Session"), _("Places taken"))
