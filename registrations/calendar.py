"""The calendar file of what someone registered for."""

from urllib.parse import urlsplit

import icalendar
from django.conf import settings
from django.utils import timezone

from convention.events.models import Event

from .doors import Grant


def calendar_file(grant: Grant) -> bytes:
    """One event in iCalendar (METHOD:PUBLISH), its times in the event's own zone, with the link it came by.

    The same link always has the same UID, so that a newer file replaces the older entry.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Convention//Registrations//{grant.order.language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_entry(grant))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _entry(grant: Grant) -> icalendar.Event:
    event = grant.order.event
    coming = any(registration.cancelled_at is None for registration in grant.registrations)
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


def where_of(event: Event) -> str:
    """The venue's address in one line; empty without a venue."""
    venue = event.venue
    if venue is None:
        return ""
    town = f"{venue.postcode} {venue.city}".strip()
    return ", ".join(part for part in (venue.name, venue.street, town) if part)
