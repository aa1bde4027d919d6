"""Calendar files of a visitor's rides, or of the visit itself without a ride."""

import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.cancellations import find_cancellation_time
from registrations.orders.calendar import format_venue_address, make_event_uid
from registrations.permissions import get_access_of
from registrations.visits.models import Application, Ride

if TYPE_CHECKING:
    from convention.events.models import Event

ALARM_OFFSET = datetime.timedelta(hours=-1)


def list_rides(application: Application) -> list[Ride]:
    """Return the rides of an application in the order of departure."""
    return [
        seat.ride
        for seat in application.ride_seats.select_related("ride").order_by("ride__leaves_at", "ride")
    ]


def build_ride_calendar(application: Application) -> bytes:
    """Return an iCalendar file (METHOD:PUBLISH) in the event's time zone; stable UIDs let it be updated."""
    event = application.visit.event
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Convention//Visits//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    rides = list_rides(application)
    for ride in rides:
        calendar.add_component(_build_ride_entry(application, event, ride))
    if not rides:
        calendar.add_component(_build_visit_entry(application, event))
    # Some calendar programs reject a TZID without its VTIMEZONE.
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _build_entry(
    event: "Event", uid: str, starts_at: datetime.datetime, ends_at: datetime.datetime
) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("uid", uid)
    entry.add("dtstamp", timezone.now())
    # Raised when the event changes or is cancelled; programs ignore an update with a lower number.
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if find_cancellation_time(event) else "CONFIRMED")
    entry.add("dtstart", starts_at.astimezone(event.zone))
    entry.add("dtend", ends_at.astimezone(event.zone))
    entry.add("url", settings.SITE_URL + reverse("visit-rides", args=[event.slug]))
    return entry


def _build_ride_entry(application: Application, event: "Event", ride: Ride) -> icalendar.Event:
    registration = application.registration
    assert registration is not None
    hostname = urlsplit(settings.SITE_URL).hostname or "localhost"
    # The UID names seat holder and ride, so that a newer file replaces the entry (RFC 5545, 3.8.4.7).
    uid = f"ride-{ride.pk}-{registration.reference}@{hostname}"
    # Without an arrival time the entry is a moment: any length would be a guess.
    entry = _build_entry(event, uid, ride.leaves_at, ride.arrives_at or ride.leaves_at)
    pattern = (
        _("Coach to %(visit)s") if ride.direction == Ride.Direction.OUT else _("Coach back from %(visit)s")
    )
    entry.add("summary", pattern % {"visit": event.title})
    entry.add("location", ride.meeting_point)
    entry.add("description", ride.map_url)
    if ride.latitude is not None and ride.longitude is not None:
        entry.add("geo", (float(ride.latitude), float(ride.longitude)))
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", ALARM_OFFSET)
    alarm.add("description", ride.meeting_point)
    entry.add_component(alarm)
    return entry


def _build_visit_entry(application: Application, event: "Event") -> icalendar.Event:
    registration = application.registration
    assert registration is not None
    # The UID of the file in the confirmation: importing both gives one entry.
    link_access = get_access_of(registration)
    entry = _build_entry(event, make_event_uid(link_access), event.starts_at, event.ends_at)
    entry.add("summary", event.title)
    if address := format_venue_address(event):
        entry.add("location", address)
    return entry
