"""Describe an event to search engines as schema.org data (JSON-LD)."""

import datetime
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from convention.events.models import Event
from convention.events.publishing.preview_image import find_preview_image
from convention.text.dates import format_rfc3339
from registrations.models import Ticket

# As Django’s `json_script`: none of these may end the element or begin another.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def render_structured_data(event: Event, tickets: Sequence[Ticket], state: str) -> SafeString:
    """Return the data of a public event as JSON that is safe inside a `script` element; "" of any other."""
    if event.visibility != Event.Visibility.PUBLIC:
        return SafeString("")
    text = json.dumps(build_structured_data(event, tickets, state), ensure_ascii=False).translate(ESCAPES)
    return mark_safe(text)  # noqa: S308 - escaped above


def build_structured_data(event: Event, tickets: Sequence[Ticket], state: str) -> dict[str, Any]:
    """Return the event with its place, picture and tickets; `state` is that of its registration."""
    status = "EventCancelled" if state == "cancelled" else "EventScheduled"
    data = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.summary_text,
        "url": f"{settings.SITE_URL}{event.get_absolute_url()}",
        "image": [find_preview_image(event).address],
        "startDate": format_rfc3339(event.starts_at, event.zone),
        "endDate": format_rfc3339(event.ends_at, event.zone),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "inLanguage": translation.get_language(),
        "organizer": {"@type": "Organization", "name": settings.SITE_NAME, "url": settings.SITE_URL},
        "location": _describe_venue(event),
        "offers": [_describe_ticket(event, ticket) for ticket in tickets],
    }
    return {name: value for name, value in data.items() if value}


def _describe_venue(event: Event) -> dict[str, Any] | None:
    venue = event.venue
    if venue is None:
        return None
    address = {
        "streetAddress": venue.street,
        "postalCode": venue.postcode,
        "addressLocality": venue.city,
        "addressCountry": venue.country,
    }
    filled = {name: value for name, value in address.items() if value}
    return {"@type": "Place", "name": venue.name, "address": {"@type": "PostalAddress", **filled}}


def _find_availability(event: Event, ticket: Ticket, at: datetime.datetime) -> str:
    """Return a value of schema.org's ItemAvailability; it has none for a sale that ended."""
    has_ended = ticket.closes_at is not None and ticket.closes_at <= at
    if ticket.remaining == 0 or has_ended or at >= event.registration_deadline:
        return "SoldOut"
    is_on_sale = event.is_registration_open(at=at) and ticket.is_on_sale(at=at)
    return "InStock" if is_on_sale else "PreOrder"


def _describe_ticket(event: Event, ticket: Ticket) -> dict[str, Any]:
    price = ticket.current_price
    data = {
        "@type": "Offer",
        "name": ticket.title,
        "price": f"{price.amount / 100:.2f}",
        "priceCurrency": price.currency,
        "availability": f"https://schema.org/{_find_availability(event, ticket, timezone.now())}",
        "url": f"{settings.SITE_URL}{event.get_absolute_url()}",
    }
    if ticket.opens_at:
        data["validFrom"] = format_rfc3339(ticket.opens_at, event.zone) or ""
    return data
