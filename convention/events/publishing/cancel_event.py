"""Cancel an event that will not take place, and restore one that was cancelled by mistake.

Only the event's own columns change here. What becomes of registrations, mailings and speakers is up to other
apps: they describe it before (`hooks.event_cancellation_effects`) and do it after
(`hooks.event_cancellation_listeners`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.sequence import advance_sequence

if TYPE_CHECKING:
    from convention.club.models import Person

MAX_REASON_LENGTH: Final = 300


@dataclass(frozen=True)
class CancellationEffects:
    """Sentences on what an app would do if the event were cancelled.

    `refund_choices` are values and labels of the refunds to choose from, the default one first; none if all
    would refund the same.
    """

    sentences: Sequence[str] = ()
    refund_choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class EventCancellation:
    """An event that was just cancelled; `refund` is one of the choices offered, "" if there were none."""

    event: Event
    refund: str
    requested_by: "Person"


def load_effects(event: Event) -> CancellationEffects:
    """Return what cancelling the event would do in all apps, the highest layer first."""
    effects = [describe(event) for describe in hooks.event_cancellation_effects.providers()]
    return CancellationEffects(
        [sentence for effect in effects for sentence in effect.sentences],
        [choice for effect in effects for choice in effect.refund_choices],
    )


def find_cancellation_obstacle(event: Event) -> str:
    """Return why the event cannot be cancelled; "" if it can."""
    if event.cancelled_at:
        return _("This event has already been cancelled.")
    if event.kind == Event.Kind.SITE_VISIT:
        return _("Call off the visit on its own page; the host is informed too.")
    if event.visibility == Event.Visibility.DRAFT:
        return _("This event is a draft that nobody can see. Delete the draft instead.")
    if event.is_over():
        return _("The event is over, so it can no longer be cancelled.")
    return ""


def has_cancellation_page(event: Event) -> bool:
    """Return whether organizers are shown the page that cancels the event, or says that it is cancelled."""
    return event.cancelled_at is not None or not find_cancellation_obstacle(event)


def find_restoration_obstacle(event: Event) -> str:
    """Return why the event cannot be restored; "" if it can."""
    if not event.cancelled_at:
        return _("This event is not cancelled.")
    if event.starts_at <= timezone.now():
        return _("The date of the event has passed, so it can no longer be restored.")
    return ""


@transaction.atomic
def cancel_event(*, event: Event, reason: str, requested_by: "Person", refund: str = "") -> Event:
    """Cancel a published event: nobody can register from now on, and all listeners are called.

    The reason is shown to everybody. Raise InvalidFields without one, NotOpenNow if the event cannot be
    cancelled or was meanwhile.
    """
    reason = reason.strip()[:MAX_REASON_LENGTH]
    if not reason:
        raise InvalidFields(_("Some fields need to be corrected."), {"reason": [_("Enter a reason.")]})
    event = _lock_event(event)
    if obstacle := find_cancellation_obstacle(event):
        raise NotOpenNow(obstacle)
    event.cancelled_at, event.cancellation_reason = timezone.now(), reason
    event.save(update_fields=["cancelled_at", "cancellation_reason"])
    record_action("event.cancel", event, event=event, fields=["cancelled_at"], reason=reason)
    cancellation = EventCancellation(event, refund, requested_by)
    # Apps are set up from the highest layer to the lowest: mailings stop before registrations are cancelled.
    for follow_cancellation in hooks.event_cancellation_listeners.providers():
        follow_cancellation(cancellation)
    # For calendars that have the event already: they take the entry with the higher number.
    advance_sequence(event.pk)
    return event


@transaction.atomic
def restore_event(*, event: Event) -> Event:
    """Undo the cancellation of an event that has not begun; cancelled registrations stay cancelled.

    Raise NotOpenNow.
    """
    event = _lock_event(event)
    if obstacle := find_restoration_obstacle(event):
        raise NotOpenNow(obstacle)
    event.cancelled_at, event.cancellation_reason = None, ""
    event.save(update_fields=["cancelled_at", "cancellation_reason"])
    record_action("event.restore", event, event=event, fields=["cancelled_at"])
    for follow_restoration in hooks.event_restoration_listeners.providers():
        follow_restoration(event)
    advance_sequence(event.pk)
    return event


def _lock_event(event: Event) -> Event:
    # Not `no_key`: orders being saved, which refer to the event, are finished first, so that they are found.
    return Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
