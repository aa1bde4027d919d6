"""Build the calendar file (iCalendar) of an order or of one registration."""

from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.utils import timezone

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from registrations.models import SessionBooking
from registrations.permissions import LinkAccess


def build_calendar_file(link_access: LinkAccess) -> bytes:
    """Return the event and the booked sessions as an iCalendar file (METHOD:PUBLISH).

    Times are in the event's zone. The same link always gives the same UIDs, so a newer file replaces the
    older entries. Calendar programs may subscribe to the address.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Convention//Registrations//{link_access.order.language.upper()}")
    calendar.add("version", "2.0")
    # RFC 5546: PUBLISH adds entries without asking for an answer, which REQUEST would.
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event_entry(link_access))
    for session_booking in _booked_sessions(link_access):
        calendar.add_component(_session_entry(link_access, session_booking))
    # Some calendar programs reject a TZID without its VTIMEZONE.
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event_entry(link_access: LinkAccess) -> icalendar.Event:
    event = link_access.order.event
    registrations = (*link_access.registrations, *link_access.private_registrations)
    is_active = any(registration.cancelled_at is None for registration in registrations)
    is_active = is_active and not find_cancellation_time(event)
    entry = icalendar.Event()
    entry.add("uid", make_event_uid(link_access))
    # RFC 5545 requires it; programs take the entry with the higher `sequence` for the newer one.
    entry.add("dtstamp", timezone.now())
    entry.add("sequence", event.sequence)
    entry.add("summary", event.title)
    entry.add("dtstart", event.starts_at.astimezone(event.zone))
    entry.add("dtend", event.ends_at.astimezone(event.zone))
    # Not left out: an entry that is already in a calendar would stay there as valid.
    entry.add("status", "CONFIRMED" if is_active else "CANCELLED")
    if address := format_venue_address(event):
        entry.add("location", address)
    entry.add("description", f"{event.summary_text}\n\n{link_access.url}".strip())
    entry.add("url", link_access.url)
    return entry


def make_event_uid(link_access: LinkAccess) -> str:
    """Return the UID of the event's entry, the same in every file for this link."""
    # One entry for each link: the buyer's and an attendee's calendars may be the same calendar.
    subject = link_access.order if link_access.is_full else link_access.registrations[0]
    return f"{subject.reference}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def _booked_sessions(link_access: LinkAccess) -> list[SessionBooking]:
    """Return the active session bookings that have a time, for every registration the link opens."""
    active_ids = [
        registration.pk for registration in link_access.registrations if not registration.cancelled_at
    ]
    session_bookings = SessionBooking.objects.active().filter(
        registration__in=active_ids, session__starts_at__isnull=False
    )
    rows = session_bookings.select_related("session__room", "registration")
    return list(rows.order_by("session__starts_at", "pk"))


def _session_entry(link_access: LinkAccess, session_booking: SessionBooking) -> icalendar.Event:
    event, session = link_access.order.event, session_booking.session
    assert session.starts_at is not None
    has_several = len(link_access.registrations) > 1
    entry = icalendar.Event()
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    # With the registration, because two people with one calendar may book the same session.
    entry.add("uid", f"{session.guid}-{session_booking.registration.reference}@{host}")
    entry.add("dtstamp", timezone.now())
    entry.add("sequence", session.sequence)
    entry.add(
        "summary", f"{session.title} ({session_booking.registration.name})" if has_several else session.title
    )
    entry.add("dtstart", session.starts_at.astimezone(event.zone))
    entry.add("dtend", (session.ends_at or session.starts_at).astimezone(event.zone))
    entry.add("status", "CANCELLED" if session.cancelled_at else "CONFIRMED")
    room = session.room.name if session.room else ""
    if location := ", ".join(part for part in (room, format_venue_address(event)) if part):
        entry.add("location", location)
    entry.add("url", link_access.url)
    return entry


def format_venue_address(event: Event) -> str:
    """Return the venue's name and address in one line, or "" for an event without a venue."""
    venue = event.venue
    if venue is None:
        return ""
    town = f"{venue.postcode} {venue.city}".strip()
    return ", ".join(part for part in (venue.name, venue.street, town) if part)
