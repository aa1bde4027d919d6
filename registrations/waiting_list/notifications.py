"""Send the mails of waiting lists: joined, offered, expired, accepted but not paid, booked, event cancelled.

`notify_waiting_entry` derives the due mail from the entry's current state, and records the mails that the
server accepted. Running it twice is harmless.
"""

import datetime
import logging
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.application_rules import rank_waiting_entries
from registrations.billing.buyer_name import find_attendee_first_name
from registrations.models import WaitingEntry
from registrations.permissions import make_own_secret

from .policy import find_position

logger = logging.getLogger(__name__)


@task()
def notify_waiting_entry(entry_id: int) -> None:
    """Send the mail of this entry that is due, if any."""
    with hold_lease(f"waiting:{entry_id}"):
        rows = WaitingEntry.objects.select_related(
            "event__venue", "ticket", "session__room", "registration__order", "order"
        )
        entry = rows.filter(pk=entry_id).first()
        if entry is None or not get_mail_address(entry):
            return
        with translation.override(entry.language):
            _send_mail(entry, _find_due_mail_kind(entry))


def get_mail_address(entry: WaitingEntry) -> str:
    """Return the address for the entry's mails: the attendee's, else the buyer's."""
    registration = entry.registration
    return (registration.email or registration.order.email) if registration else entry.email


def build_entry_path(entry: WaitingEntry) -> str:
    """Return the path behind the entry's mailed link: its own page, or the sessions of a registration."""
    registration = entry.registration
    with translation.override(entry.language):
        if registration is None:
            return reverse("waiting", args=[entry.link_token])
        return reverse(
            "order-sessions",
            args=[registration.order.reference, make_own_secret(registration), registration.reference],
        )


def list_waiting_entries(entry: WaitingEntry) -> list[WaitingEntry]:
    """Return everyone who waits for the same item without an offer, ranked."""
    waiting = WaitingEntry.objects.active().filter(offered_at__isnull=True)
    return rank_waiting_entries(waiting.waiting_for(entry.wanted_item), entry.wanted_item)


def _find_due_mail_kind(entry: WaitingEntry) -> str:
    """Return `joined`, `offer`, `expired`, `accepted`, `promoted`, `cancelled` or "".

    An accepted ticket gets a mail only while it is held for a payment by card: its order sends the
    confirmation.
    """
    if entry.state == WaitingEntry.State.OFFERED:
        return "offer" if entry.notified_offer_count < entry.offer_count else ""
    if entry.state == WaitingEntry.State.WAITING:
        return "joined" if entry.join_notified_at is None else ""
    if entry.end_notified_at:
        return ""
    accepted = "promoted" if entry.session_id else "accepted" if _find_payment_deadline(entry) else ""
    kinds = {
        WaitingEntry.State.EXPIRED: "expired",
        WaitingEntry.State.ACCEPTED: accepted,
        # Those who wait for a session get the e-mail about their registration.
        WaitingEntry.State.LEFT: "cancelled" if entry.event.cancelled_at and not entry.session_id else "",
    }
    return kinds.get(WaitingEntry.State(entry.state), "")


def _find_recipient_name(entry: WaitingEntry) -> str:
    """Return the first name to greet; "" if several people wait for this event with one address."""
    if entry.registration:
        return find_attendee_first_name(entry.registration)
    same_address = WaitingEntry.objects.filter(event=entry.event, address=entry.address)
    same_name = Q(first_name=entry.first_name, last_name=entry.last_name)
    return "" if same_address.exclude(same_name).exists() else entry.first_name


def _find_payment_deadline(entry: WaitingEntry) -> datetime.datetime | None:
    """Return until when an accepted place is held for a payment by card; None if it is paid or lost."""
    if entry.order is None or not entry.order.is_by_card:
        return None
    held = entry.order.registrations.filter(
        confirmed_at=None, cancelled_at=None, hold_expires_at__gt=timezone.now()
    )
    return held.values_list("hold_expires_at", flat=True).first()


def _send_mail(entry: WaitingEntry, kind: str) -> None:
    if not kind:
        return
    now = timezone.now()
    try:
        send_mail_message(_build_message(entry, kind))
    except MailRefused:
        # A refusal is final: the mail is recorded as sent below, or it would be retried for ever.
        logger.warning("The mail server refused the mail %s of the waiting entry %s.", kind, entry.pk)
    updates_by_kind: dict[str, dict[str, Any]] = {
        "joined": {"join_notified_at": now},
        "offer": {"notified_offer_count": entry.offer_count},
    }
    # A new offer made while sending is another mail, and stays due.
    unchanged = Q(pk=entry.pk, offer_count=entry.offer_count)
    WaitingEntry.objects.filter(unchanged).update(**updates_by_kind.get(kind, {"end_notified_at": now}))


def _make_title(entry: WaitingEntry, kind: str) -> str:
    """Return what the mail is about: the session, or the ticket and its event."""
    event = entry.event
    # A visit has one ticket for members, whose name says nothing to them.
    if kind == "cancelled" or (entry.ticket and event.kind == Event.Kind.SITE_VISIT):
        return event.title
    return f"{entry.wanted_item.title}, {event.title}" if entry.ticket else entry.wanted_item.title


def _build_message(entry: WaitingEntry, kind: str) -> MailMessage:
    event = entry.event
    subjects = {
        "joined": _("On the waiting list: %(title)s"),
        "offer": _("A place for you: %(title)s"),
        "expired": _("Offer expired: %(title)s"),
        "accepted": _("Pay to keep your place: %(title)s"),
        "promoted": _("Your seat is booked: %(title)s"),
        "cancelled": _("Event cancelled: %(title)s"),
    }
    order = entry.order if kind == "accepted" else None
    # The address that anybody typed may be a stranger's, whom no free text is to reach as spam at once.
    hides_names = kind == "joined" and entry.registration is None
    return MailMessage(
        to=get_mail_address(entry),
        subject=subjects[kind] % {"title": _make_title(entry, kind)},
        template=f"waiting_{kind}",
        recipient_name="" if hides_names else _find_recipient_name(entry),
        context={
            "entry": entry,
            "event": event,
            "wanted_item": entry.wanted_item,
            "attendee_name": "" if hides_names else entry.name,
            # A pass of the member's company may pay for the place.
            "shows_price": entry.ticket is not None and not entry.ticket.uses_pass,
            "position": find_position(entry, list_waiting_entries(entry)),
            "order": order,
            "hold_expires_at": _find_payment_deadline(entry),
            "url": settings.SITE_URL + (order.continue_path if order else build_entry_path(entry)),
        },
        language=entry.language,
        # With the number of the offer: a second offer is another mail, a retry is not.
        message_key=f"waiting-{kind}-{entry.pk}-{entry.offer_count}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
