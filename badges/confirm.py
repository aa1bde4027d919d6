"""Mails of an order, sent by the worker in the order's language.

`send_confirmation` looks at what stands, not at what happened: a member's place that waits for its proof
gets the link, a confirmed one its badge, a cancelled one a word. One process at a time sends an order’s.
Each is marked once the mail server has it (`registrations.deliver`): none is lost.
"""

import datetime
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.tasks import task, task_backends
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.api.throttles import seconds_to_wait
from convention.leases import leased
from convention.mail import Attachment, Letter, NotSent
from registrations.calendar import calendar_file, where_of
from registrations.deliver import MARKS, deliver
from registrations.doors import whole
from registrations.models import Delivery, Order, Registration
from registrations.prove import member_by_email, proof_token

from .pdf import badge_pdf

MAILS_PER_HOUR = 30
"""To one address; those beyond wait for the next hour, and none is lost."""

type Write = Callable[[Order, list[Registration], str], Letter]


@task()
def send_confirmation(order_id: int) -> None:
    """Send whatever mails of this order are due."""
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if order.email and (wait := _wait_for(order.email)):
        later = timezone.now() + datetime.timedelta(seconds=wait)
        send_confirmation.using(run_after=later).enqueue(order_id)
        return
    with leased(f"mails:{order.pk}"), translation.override(order.language):
        failures = [failure for kind, write in WRITERS.items() for failure in _send_due(order, kind, write)]
    if failures:
        raise failures[0]


def _wait_for(address: str) -> int:
    """Seconds until that address may be written to again; 0 where it may be now."""
    if settings.RATE_LIMITS == "off" or not task_backends["default"].supports_defer:
        return 0
    return seconds_to_wait("confirmations", address, most=MAILS_PER_HOUR, seconds=3600)


def _send_due(order: Order, kind: Delivery.Kind, write: "Write") -> list[Exception]:
    """Send what is due; what failed for a reason that may pass does not keep back the rest."""
    failures: list[Exception] = []
    for due in _together(kind, _due(order, kind)):
        try:
            deliver(order=order, kind=kind, due=due, write=partial(write, order, due))
        except NotSent as failure:
            failures.append(failure)
    return failures


def _due(order: Order, kind: Delivery.Kind) -> list[Registration]:
    """Whose mail of this kind has not been taken by the mail server."""
    if not order.email and kind != Delivery.Kind.PROOF:
        return []
    rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
    mark = MARKS[kind]
    return [r for r in rows if getattr(r, mark) is None and _is_due(r, mark)]


def _together(kind: Delivery.Kind, due: list[Registration]) -> list[list[Registration]]:
    """Those told of in one mail: all of an order, but each gets a link of its own."""
    if kind == Delivery.Kind.PROOF:
        return [[registration] for registration in due]
    return [due] if due else []


def _is_due(registration: Registration, mark: str) -> bool:
    if registration.cancelled_at:
        return mark == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return mark == "confirmation_sent_at"
    return mark == "proof_sent_at" and registration.held_until is not None and registration.awaits_proof


def _proof(order: Order, due: list[Registration], key: str) -> Letter:
    """The link for a member; for anyone else the truth, which only the owner of the address reads."""
    [registration] = due
    event = order.event
    is_member = member_by_email(registration.email) is not None
    subject = _("Confirm your place: %(event)s") if is_member else _("Not confirmed: %(event)s")
    guests = [t for t in event.tickets.all() if t.is_public and not t.needs_proof]
    return Letter(
        to=registration.email,
        subject=subject % {"event": event.title},
        template="proof" if is_member else "not_a_member",
        context={
            "order": order,
            "registration": registration,
            "event": event,
            "where": where_of(event),
            "url": _site(reverse("prove", args=[proof_token(registration)])),
            "register_url": _site(reverse("register", args=[event.slug])) if guests else "",
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def _confirmation(order: Order, due: list[Registration], key: str) -> Letter:
    """One mail to whoever ordered, with a badge for each person newly confirmed or corrected."""
    event = order.event
    corrected = all(_was_told(order, registration) for registration in due)
    if corrected:
        subject = ngettext("Corrected: %(event)s", "Corrected, %(people)d people: %(event)s", len(due))
    else:
        subject = ngettext("Registered: %(event)s", "Registered, %(people)d people: %(event)s", len(due))
    badges = [
        Attachment(
            name=f"badge-{registration.reference.lower()}.pdf",
            content=badge_pdf(registration),
            mimetype="application/pdf",
        )
        for registration in due
    ]
    calendar = Attachment(
        name=f"{event.slug}.ics",
        content=calendar_file(whole(order)),
        mimetype="text/calendar; charset=utf-8; method=PUBLISH",
    )
    return Letter(
        to=order.email,
        subject=subject % {"event": event.title, "people": len(due)},
        template="confirmation",
        context={**_facts(order, due), "corrected": corrected},
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[calendar, *badges],
    )


def _was_told(order: Order, registration: Registration) -> bool:
    """Whether a confirmation told of this registration before it was changed."""
    told = order.deliveries.filter(kind=Delivery.Kind.CONFIRMATION, accepted_at__isnull=False)
    return told.filter(queued_at__gte=registration.confirmed_at, covers__lt=registration.sequence).exists()


def _cancellation(order: Order, due: list[Registration], key: str) -> Letter:
    names = ", ".join(registration.name for registration in due)
    subject = _("Cancelled: %(event)s, %(names)s") % {"event": order.event.title, "names": names}
    return Letter(
        to=order.email,
        subject=subject[:200],
        template="cancellation",
        context=_facts(order, due),
        language=order.language,
        key=key,
        accent=order.event.accent,
        reply_to=order.event.contact_email,
    )


def _facts(order: Order, due: list[Registration]) -> dict[str, object]:
    return {
        "order": order,
        "event": order.event,
        "registrations": due,
        "where": where_of(order.event),
        "event_url": _site(reverse("event", args=[order.event.slug])),
    }


WRITERS: dict[Delivery.Kind, Write] = {
    Delivery.Kind.PROOF: _proof,
    Delivery.Kind.CONFIRMATION: _confirmation,
    Delivery.Kind.CANCELLATION: _cancellation,
}


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
