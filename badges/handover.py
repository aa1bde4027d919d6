"""Mails of a place that changed hands: one to whoever has it now, and one to whoever ordered."""

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.mail import Letter
from registrations.doors import Grant, own_secret, whole
from registrations.models import Order, Registration
from registrations.send_links import own_url

from .enclosed import badge_of, calendar_of, facts_of
from .told import Told


def new_holders(order: Order) -> list[Registration]:
    """Those who got a place of this order from somebody else, and are to be told; nobody after the event."""
    if order.event.ends_at <= timezone.now():
        return []
    confirmed = order.registrations.confirmed().filter(generation__gt=1, is_private=False)
    rows = list(confirmed.select_related("ticket", "event", "order").order_by("pk"))
    told = Told.of(order) if rows else Told([])
    return [registration for registration in rows if told.owes_holder(registration)]


def to_holder(registration: Registration, key: str) -> Letter:
    """What the new holder reads: from whom, for what; with the badge and the link of this place alone."""
    order, event = registration.order, registration.event
    grant = Grant(order, [registration], own_secret(registration))
    return Letter(
        to=registration.email,
        subject=_("A place for you: %(event)s") % {"event": event.title},
        template="place_for_you",
        context={
            **facts_of(order, [registration]),
            "registration": registration,
            "buyer": "" if registration.is_private else order.email,
            "url": own_url(registration),
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[calendar_of(grant), badge_of(registration)],
    )


def to_buyer(order: Order, due: list[Registration], key: str) -> Letter:
    """What whoever ordered reads: who has the place now, and that the badge that was out is worth nothing."""
    [registration] = due
    event = order.event
    return Letter(
        to=order.email,
        subject=_("Place handed over: %(event)s") % {"event": event.title},
        template="handover",
        context={
            **facts_of(order, due),
            "registration": registration,
            "is_mailed": registration.email and not same(registration.email, order.email),
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[calendar_of(whole(order)), badge_of(registration)],
    )
