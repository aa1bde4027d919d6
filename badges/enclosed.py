"""What goes along with the mails of an order: badges, the calendar, the facts that they tell."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from convention.mail import Attachment
from registrations.calendar import calendar_file, where_of
from registrations.doors import Grant
from registrations.models import Order, Registration

from .pdf import badge_pdf


def badge_of(registration: Registration) -> Attachment:
    """The badge as a file. Raises NoBadge."""
    return Attachment(
        name=f"badge-{registration.reference.lower()}.pdf",
        content=badge_pdf(registration),
        mimetype="application/pdf",
    )


def calendar_of(grant: Grant) -> Attachment:
    """The event for a calendar, with the link that its reader has."""
    return Attachment(
        name=f"{grant.order.event.slug}.ics",
        content=calendar_file(grant),
        mimetype="text/calendar; charset=utf-8; method=PUBLISH",
    )


def facts_of(order: Order, due: Sequence[Registration]) -> dict[str, object]:
    """What every mail may say of the order and of those it tells of."""
    return {
        "order": order,
        "event": order.event,
        "registrations": due,
        "where": where_of(order.event),
        "event_url": whole_address(reverse("event", args=[order.event.slug])),
    }


def whole_address(path: str) -> str:
    """A page's address for those who read it elsewhere."""
    return f"{settings.SITE_URL}{path}"
