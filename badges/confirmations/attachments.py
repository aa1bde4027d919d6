"""Build attachments and shared context of the mails of an order."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from badges.printing.pdf import render_badge_pdf
from convention.mail.messages import MailAttachment
from registrations.models import Order, Registration
from registrations.orders.calendar import build_calendar_file, format_venue_address
from registrations.permissions import LinkAccess
from registrations.sessions.choices import find_unbooked_ids


def attach_badge(registration: Registration) -> MailAttachment:
    """Return the badge as a PDF attachment. Raise NoBadge."""
    return MailAttachment(
        name=f"badge-{registration.reference.lower()}.pdf",
        content=render_badge_pdf(registration),
        mimetype="application/pdf",
    )


def attach_calendar(link_access: LinkAccess) -> MailAttachment:
    """Return the event as an iCalendar attachment that contains the reader's own link."""
    return MailAttachment(
        name=f"{link_access.order.event.slug}.ics",
        content=build_calendar_file(link_access),
        # With PUBLISH mail programs offer to add the event; REQUEST would ask for a reply (RFC 5546).
        mimetype="text/calendar; charset=utf-8; method=PUBLISH",
    )


def order_context(order: Order, registrations: Sequence[Registration]) -> dict[str, object]:
    """Return the template context that all mails of an order share."""
    return {
        "order": order,
        "event": order.event,
        "registrations": registrations,
        "where": format_venue_address(order.event),
        "event_url": absolute_url(reverse("event", args=[order.event.slug])),
    }


def build_session_context(registrations: Sequence[Registration], link_url: str) -> dict[str, object]:
    """Return the template context of the line on sessions to book; `link_url` is the mail's own link."""
    unbooked_ids = find_unbooked_ids(registrations)
    unbooked = [row for row in registrations if row.pk in unbooked_ids]
    path = f"{unbooked[0].reference}/sessions/" if len(unbooked) == 1 else ""
    return {
        "sessions_url": f"{link_url}{path}" if unbooked else "",
        "books_for_several": len(registrations) > 1,
    }


def absolute_url(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
