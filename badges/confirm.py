"""Mails of an order, sent by the worker: each once, in the order's language.

`send_confirmation` looks at what stands, not at what happened: a member's place that waits for its proof
gets the link, a confirmed one its badge, a cancelled one a word. Each mail is marked before it is sent and
unmarked if sending fails, so that trying the task again neither repeats nor loses one.
"""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.tasks import task, task_backends
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.api.throttles import seconds_to_wait
from convention.mail import Attachment, Letter, send
from registrations.calendar import calendar_file, where_of
from registrations.models import Order, Registration
from registrations.prove import member_by_email, proof_token

from .pdf import badge_pdf

MAILS_PER_HOUR = 30
"""To one address; those beyond wait for the next hour, and none is lost."""

type Write = Callable[[Order, list[Registration]], list[Letter]]


@task()
def send_confirmation(order_id: int) -> None:
    """Send whatever mails of this order are due."""
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if order.email and (wait := _wait_for(order.email)):
        later = timezone.now() + datetime.timedelta(seconds=wait)
        send_confirmation.using(run_after=later).enqueue(order_id)
        return
    with translation.override(order.language):
        _send_due(order, "proof_sent_at", _proofs)
        _send_due(order, "confirmation_sent_at", _confirmation)
        _send_due(order, "cancellation_sent_at", _cancellation)


def _wait_for(address: str) -> int:
    """Seconds until that address may be written to again; 0 where it may be now."""
    if settings.RATE_LIMITS == "off" or not task_backends["default"].supports_defer:
        return 0
    return seconds_to_wait("confirmations", address, most=MAILS_PER_HOUR, seconds=3600)


def _send_due(order: Order, mark: str, write: Write) -> None:
    """Mark those that are due, write and send their mails, and take the mark off if that fails."""
    due = _claim(order, mark)
    if not due:
        return
    try:
        for letter in write(order, due):
            send(letter)
    except Exception:
        Registration.objects.filter(pk__in=[r.pk for r in due]).update(**{mark: None})
        raise


@transaction.atomic
def _claim(order: Order, mark: str) -> list[Registration]:
    """Mark what is due, under lock, so that two workers never send the same."""
    rows = order.registrations.select_for_update(of=("self",)).select_related("ticket", "event", "order")
    due = [r for r in rows.order_by("pk") if getattr(r, mark) is None and _is_due(r, mark)]
    Registration.objects.filter(pk__in=[r.pk for r in due]).update(**{mark: timezone.now()})
    return due


def _is_due(registration: Registration, mark: str) -> bool:
    if registration.cancelled_at:
        return mark == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return mark == "confirmation_sent_at"
    return mark == "proof_sent_at" and registration.held_until is not None


def _proofs(order: Order, due: list[Registration]) -> list[Letter]:
    return [_proof(order, registration) for registration in due]


def _proof(order: Order, registration: Registration) -> Letter:
    """The link for a member; for anyone else the truth, which only the owner of the address reads."""
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
            "url": _site(reverse("prove", args=[proof_token(registration)])),
            "register_url": _site(reverse("register", args=[event.slug])) if guests else "",
        },
        language=order.language,
        key=f"proof-{registration.reference}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


def _confirmation(order: Order, due: list[Registration]) -> list[Letter]:
    """One mail to whoever ordered, with a badge for each person newly confirmed or corrected."""
    if not order.email:
        return []
    event = order.event
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
        content=calendar_file(order),
        mimetype="text/calendar; charset=utf-8; method=PUBLISH",
    )
    return [
        Letter(
            to=order.email,
            subject=subject % {"event": event.title, "people": len(due)},
            template="confirmation",
            context=_facts(order, due),
            language=order.language,
            key=f"confirmation-{order.reference}-{max(r.sequence for r in due)}",
            accent=event.accent,
            reply_to=event.contact_email,
            attachments=[calendar, *badges],
        )
    ]


def _cancellation(order: Order, due: list[Registration]) -> list[Letter]:
    if not order.email:
        return []
    names = ", ".join(registration.name for registration in due)
    subject = _("Cancelled: %(event)s, %(names)s") % {"event": order.event.title, "names": names}
    return [
        Letter(
            to=order.email,
            subject=subject[:200],
            template="cancellation",
            context=_facts(order, due),
            language=order.language,
            key=f"cancellation-{order.reference}-{max(r.sequence for r in due)}",
            accent=order.event.accent,
            reply_to=order.event.contact_email,
        )
    ]


def _facts(order: Order, due: list[Registration]) -> dict[str, object]:
    return {
        "order": order,
        "event": order.event,
        "registrations": due,
        "where": where_of(order.event),
        "event_url": _site(reverse("event", args=[order.event.slug])),
    }


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
