"""Mails of private places: badge and link go to the attendee; the buyer reads what became of the place."""

from collections.abc import Callable, Iterator
from functools import partial

from django.utils.translation import gettext as _

from convention.mail import Letter
from convention.money import Money
from registrations.answers import still_open
from registrations.doors import Grant, own_secret, whole
from registrations.models import Delivery, Order, Registration
from registrations.questions import questions_of
from registrations.refund_words import say_settled
from registrations.send_links import own_url

from .enclosed import badge_of, calendar_of, facts_of
from .handover import to_holder
from .order_letters import paying_of

type Notice = tuple[Registration, str, Callable[[str], Letter]]


def private_stem(registration: Registration) -> str:
    """Name the mail to whoever holds the place now, confirmed or cancelled."""
    state = "cancelled" if registration.cancelled_at else str(registration.holders)
    return f"own-{registration.reference}-{state}"


def to_attendee(order: Order, due: list[Registration], key: str) -> Letter:
    """Write what the attendee reads: confirmed, corrected, handed over to them, or cancelled."""
    [registration] = due
    if registration.cancelled_at:
        return _cancellation(order, registration, key)
    sent = order.deliveries.filter(registration=registration, accepted_at__isnull=False)
    known = sent.filter(stem=private_stem(registration), covers__lt=registration.sequence).exists()
    others = sent.filter(stem__startswith=f"own-{registration.reference}-")
    if others.exclude(stem=private_stem(registration)).exists() and not known:
        return to_holder(registration, key)
    return _confirmation(order, registration, key, _("Corrected: %(event)s") if known else "")


def _confirmation(order: Order, registration: Registration, key: str, corrected: str) -> Letter:
    """Write the confirmation, or the correction under its own subject; money is the buyer's matter."""
    event = order.event
    return Letter(
        to=registration.email,
        subject=(corrected or _("Registered: %(event)s")) % {"event": event.title},
        template="confirmation",
        context={
            **facts_of(order, [registration]),
            "corrected": bool(corrected),
            "due": Money(0, order.currency),
            "badges": 1,
            "to_name": 0,
            "still_open": _to_answer(registration),
            "url": own_url(registration),
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[
            calendar_of(Grant(order, [registration], own_secret(registration))),
            badge_of(registration),
        ],
    )


def _to_answer(registration: Registration) -> list[tuple[str, str, str]]:
    """Return the attendee's name, the questions left open and the page to answer on; nothing if none is."""
    still = still_open(questions_of(registration.event), registration.ticket, registration.answers)
    page = f"{own_url(registration)}{registration.reference}/answers/"
    return [(registration.name, ", ".join(map(str, still)), page)] if still else []


def _cancellation(order: Order, registration: Registration, key: str) -> Letter:
    event = order.event
    return Letter(
        to=registration.email,
        subject=_("Cancelled: %(event)s") % {"event": event.title},
        template="cancellation",
        context={**facts_of(order, [registration]), "settled": [], "url": own_url(registration)},
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def notices_for_buyer(order: Order) -> Iterator[Notice]:
    """Yield each private place whose confirmation or cancellation the buyer was not told of."""
    if not order.email:
        return
    rows = order.registrations.filter(is_private=True, confirmed_at__isnull=False)
    for registration in rows.select_related("ticket", "event", "order").order_by("pk"):
        stem = f"buyer-{private_stem(registration)}"
        is_later = registration.holders > 1 and not registration.cancelled_at
        sent = Delivery.objects.filter(
            stem__startswith=f"buyer-own-{registration.reference}-" if is_later else stem
        )
        if not sent.exclude(accepted_at=None, refused_at=None).exists():
            yield registration, stem, partial(_notice, order, registration)


def _notice(order: Order, registration: Registration, key: str) -> Letter:
    event, is_cancelled = order.event, registration.cancelled_at is not None
    subject = _("Cancelled: %(event)s") if is_cancelled else _("Place confirmed: %(event)s")
    return Letter(
        to=order.email,
        subject=subject % {"event": event.title},
        template="private_place",
        context={
            **facts_of(order, [registration]),
            **paying_of(order),
            "registration": registration,
            "name": registration.name if registration.holders == 1 else "",
            "is_cancelled": is_cancelled,
            "settled": say_settled(order, [registration]) if is_cancelled else [],
            "url": order.manage_url if whole(order).is_open else "",
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )
