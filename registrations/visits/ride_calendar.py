"""The calendar file of someone's rides: where to be and when, or the visit itself for who comes alone."""

import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.called_off import called_off_at

from ..calendar import where_of
from .models import Application, Leg

if TYPE_CHECKING:
    from convention.events.models import Event

ALARM = datetime.timedelta(hours=-1)


def rides_of(application: Application) -> list[Leg]:
    """The rides that this one takes, in the order of their departure."""
    return [seat.leg for seat in application.rides.select_related("leg").order_by("leg__leaves_at", "leg")]


def ride_calendar(application: Application) -> bytes:
    """In iCalendar (METHOD:PUBLISH), in the event's own zone; a newer file replaces the older entries."""
    event = application.visit.event
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Convention//Visits//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    rides = rides_of(application)
    for leg in rides:
        calendar.add_component(_ride(application, event, leg))
    if not rides:
        calendar.add_component(_visit(application, event))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _entry(event: "Event", name: str, start: datetime.datetime, end: datetime.datetime) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("uid", f"{name}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    entry.add("dtstamp", timezone.now())
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if called_off_at(event) else "CONFIRMED")
    entry.add("dtstart", start.astimezone(event.zone))
    entry.add("dtend", end.astimezone(event.zone))
    entry.add("url", settings.SITE_URL + reverse("visit-rides", args=[event.slug]))
    return entry


def _ride(application: Application, event: "Event", leg: Leg) -> icalendar.Event:
    registration = application.registration
    assert registration is not None
    entry = _entry(
        event, f"ride-{leg.pk}-{registration.reference}", leg.leaves_at, leg.arrives_at or leg.leaves_at
    )
    said = _("Coach to %(visit)s") if leg.direction == Leg.Direction.OUT else _("Coach back from %(visit)s")
    entry.add("summary", said % {"visit": event.title})
    entry.add("location", leg.meeting_point)
    entry.add("description", leg.map_url)
    if leg.latitude is not None and leg.longitude is not None:
        entry.add("geo", (float(leg.latitude), float(leg.longitude)))
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", ALARM)
    alarm.add("description", leg.meeting_point)
    entry.add_component(alarm)
    return entry


def _visit(application: Application, event: "Event") -> icalendar.Event:
    registration = application.registration
    assert registration is not None
    entry = _entry(event, registration.reference, event.starts_at, event.ends_at)
    entry.add("summary", event.title)
    if where := where_of(event):
        entry.add("location", where)
    return entry
