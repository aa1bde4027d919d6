"""Mails of waiting lists, sent by the worker: on the list, a place is offered, the offer ran out, booked.

`tell_waiting` looks at what stands, not at what happened, and marks what the mail server has taken.
"""

import logging
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send

from .doors import own_secret
from .line import position_of
from .models import WaitingEntry
from .on_application import ranked

logger = logging.getLogger(__name__)


@task()
def tell_waiting(entry_id: int) -> None:
    """Send whatever mail of this entry is due."""
    with leased(f"waiting:{entry_id}"):
        rows = WaitingEntry.objects.select_related("event__venue", "ticket", "session", "registration__order")
        entry = rows.filter(pk=entry_id).first()
        if entry is None or not address_of(entry):
            return
        with translation.override(entry.language):
            _tell(entry, _due(entry))


def address_of(entry: WaitingEntry) -> str:
    """Where its mails go: to the one who waits, else to whoever ordered."""
    holder = entry.registration
    return (holder.email or holder.order.email) if holder else entry.email


def page_of(entry: WaitingEntry) -> str:
    """The path of the page that shows it, for whoever has its mail."""
    holder = entry.registration
    with translation.override(entry.language):
        if holder is None:
            return reverse("waiting", args=[entry.link_token])
        return reverse("order-sessions", args=[holder.order.reference, own_secret(holder), holder.reference])


def line_of(entry: WaitingEntry) -> list[WaitingEntry]:
    """All who wait for the same thing, without an offer."""
    waiting = WaitingEntry.objects.standing().filter(offered_at__isnull=True)
    return ranked(waiting.of(entry.thing), entry.thing)


def _due(entry: WaitingEntry) -> str:
    """Which mail: `joined`, `offer`, `expired`, `promoted`, or none; an order sends its own confirmation."""
    if entry.state == WaitingEntry.State.OFFERED:
        return "offer" if entry.offers_told < entry.offers else ""
    if entry.state == WaitingEntry.State.WAITING:
        return "joined" if entry.join_told_at is None else ""
    if entry.end_told_at:
        return ""
    is_seat = entry.session_id is not None
    ends = {WaitingEntry.State.LAPSED: "expired", WaitingEntry.State.ACCEPTED: "promoted" if is_seat else ""}
    return ends.get(WaitingEntry.State(entry.state), "")


def _tell(entry: WaitingEntry, kind: str) -> None:
    if not kind:
        return
    now = timezone.now()
    try:
        send(_letter(entry, kind))
    except Refused:
        logger.warning("The mail server refused the mail %s of the waiting entry %s.", kind, entry.pk)
    marks: dict[str, dict[str, Any]] = {
        "joined": {"join_told_at": now},
        "offer": {"offers_told": entry.offers},
    }
    same = Q(pk=entry.pk, offers=entry.offers)
    WaitingEntry.objects.filter(same).update(**marks.get(kind, {"end_told_at": now}))


def _letter(entry: WaitingEntry, kind: str) -> Letter:
    event = entry.event
    subjects = {
        "joined": _("On the waiting list: %(thing)s"),
        "offer": _("A place for you: %(thing)s"),
        "expired": _("Offer expired: %(thing)s"),
        "promoted": _("Your seat is booked: %(thing)s"),
    }
    thing = f"{entry.thing.title}, {event.title}" if entry.ticket else entry.thing.title
    return Letter(
        to=address_of(entry),
        subject=(subjects[kind] % {"thing": thing})[:200],
        template=f"waiting_{kind}",
        context={
            "entry": entry,
            "event": event,
            "thing": entry.thing,
            "position": position_of(entry, line_of(entry)),
            "url": settings.SITE_URL + page_of(entry),
            "event_url": settings.SITE_URL + reverse("event", args=[event.slug]),
        },
        language=entry.language,
        key=f"waiting-{kind}-{entry.pk}-{entry.offers}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
