"""The calendar file of what someone registered for."""

from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.utils import timezone

from convention.events.called_off import called_off_at
from convention.events.models import Event

from .doors import Grant
from .models import SessionSeat


def calendar_file(grant: Grant) -> bytes:
    """The event and the sessions booked, in iCalendar (METHOD:PUBLISH), in the event's own zone.

    The same link always has the same UID, so that a newer file replaces the older entry. A calendar program
    may follow its address: what is booked later appears by itself.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Convention//Registrations//{grant.order.language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_entry(grant))
    for seat in _seats(grant):
        calendar.add_component(_session(grant, seat))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _entry(grant: Grant) -> icalendar.Event:
    event = grant.order.event
    listed = (*grant.registrations, *grant.private)
    coming = any(registration.cancelled_at is None for registration in listed)
    coming = coming and not called_off_at(event)
    subject = grant.order if grant.is_whole else grant.registrations[0]
    entry = icalendar.Event()
    entry.add("uid", f"{subject.reference}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    entry.add("dtstamp", timezone.now())
    entry.add("sequence", event.sequence)
    entry.add("summary", event.title)
    entry.add("dtstart", event.starts_at.astimezone(event.zone))
    entry.add("dtend", event.ends_at.astimezone(event.zone))
    entry.add("status", "CONFIRMED" if coming else "CANCELLED")
    if where := where_of(event):
        entry.add("location", where)
    entry.add("description", f"{event.summary}\n\n{grant.url}".strip())
    entry.add("url", grant.url)
    return entry


def _seats(grant: Grant) -> list[SessionSeat]:
    """The booked sessions that have a time, of all that the link opens."""
    standing = [registration.pk for registration in grant.registrations if not registration.cancelled_at]
    seats = SessionSeat.objects.standing().filter(registration__in=standing, session__starts_at__isnull=False)
    rows = seats.select_related("session__room", "registration")
    return list(rows.order_by("session__starts_at", "pk"))


def _session(grant: Grant, seat: SessionSeat) -> icalendar.Event:
    event, session = grant.order.event, seat.session
    assert session.starts_at is not None
    several = len(grant.registrations) > 1
    entry = icalendar.Event()
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    entry.add("uid", f"{session.guid}-{seat.registration.reference}@{host}")
    entry.add("dtstamp", timezone.now())
    entry.add("sequence", event.sequence)
    entry.add("summary", f"{session.title} ({seat.registration.name})" if several else session.title)
    entry.add("dtstart", session.starts_at.astimezone(event.zone))
    entry.add("dtend", (session.ends_at or session.starts_at).astimezone(event.zone))
    entry.add("status", "CANCELLED" if session.cancelled_at else "CONFIRMED")
    room = session.room.name if session.room else ""
    if where := ", ".join(part for part in (room, where_of(event)) if part):
        entry.add("location", where)
    entry.add("url", grant.url)
    return entry


def where_of(event: Event) -> str:
    """The venue's address in one line; empty without a venue."""
    venue = event.venue
    if venue is None:
        return ""
    town = f"{venue.postcode} {venue.city}".strip()
    return ", ".join(part for part in (venue.name, venue.street, town) if part)
