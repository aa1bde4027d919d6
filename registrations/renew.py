"""Replace links that fell into other hands: that of an order, or that of one private place."""

from django.db import transaction

from convention.audit.record import record

from .models import Order, Registration
from .send_links import mail_links


@transaction.atomic
def renew(*, order: Order, reason: str = "") -> Order:
    """Replace the order's link and those of its attendees, private places aside; mail it to the buyer."""
    order.save(update_fields=order.replace_all_links())
    record("order.renew_link", order, event=order.event, fields=["link_version"], reason=reason)
    if order.email:
        mail_links.enqueue([order.pk], [])
    return order


@transaction.atomic
def renew_own(*, registration: Registration, reason: str = "") -> Registration:
    """Replace the link of a private place and mail it to the attendee."""
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    registration.link_version += 1
    registration.save(update_fields=["link_version"])
    fields, event = ["link_version"], registration.event
    record("registration.renew_link", registration, event=event, fields=fields, reason=reason)
    mail_links.enqueue([], [registration.pk])
    return registration
