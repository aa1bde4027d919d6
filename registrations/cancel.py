"""Cancel a registration: its place is free, its badge opens no door, its price is released by the rules."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.sequence import next_sequence
from convention.money import Money
from convention.tasks import enqueue

from .models import Order, Registration
from .places import give_back
from .refund_rules import terms_of
from .release import release
from .seats import give_up_everything
from .terms import Terms, Why


class AlreadyCancelled(ConventionError):
    """Somebody was faster."""

    kind = "already-cancelled"
    status = 409


@transaction.atomic
def cancel(*, registration: Registration, reason: str = "") -> Registration:
    """Cancel one registration on the event's terms; what was paid goes back as far as they say.

    Raises AlreadyCancelled, or Closed once the event is over.
    """
    return _cancel(registration, lambda one: terms_of(one, at=timezone.now()), reason)


@transaction.atomic
def cancel_keeping(*, registration: Registration, kept: int, reason: str) -> Registration:
    """The same by an organizer who keeps these cents of its price, whatever the terms say.

    Raises InvalidFields for more than it was worth or without a reason, else what `cancel` raises.
    """
    return _cancel(registration, lambda one: terms_keeping(one, kept, reason), reason)


def terms_keeping(registration: Registration, kept: int, reason: str) -> Terms:
    """An organizer's own terms. Raises InvalidFields."""
    worth = registration.worth
    if not 0 <= kept <= worth:
        most = Money(worth, registration.order.currency)
        raise InvalidFields("", {"kept": [_("At most %(most)s can be kept.") % {"most": most}]})
    if not reason:
        raise InvalidFields("", {"reason": [_("Say why another amount is kept.")]})
    return Terms(worth, worth - kept, Why.ORGANIZER)


def _cancel(
    registration: Registration, terms_for: Callable[[Registration], Terms], reason: str
) -> Registration:
    """Locks go from the order to its registration, its money, its seats and its place, as a payment's do."""
    registration = _locked(registration)
    counted = registration.counts
    terms = terms_for(registration)
    registration.cancelled_at, registration.kept = timezone.now(), terms.kept
    registration.generation = F("generation") + 1
    registration.save(update_fields=["cancelled_at", "generation", "kept"])
    enqueue("CONFIRMATION_TASK", registration.order_id)
    fields = ["kept"] if terms.why == Why.ORGANIZER else []
    record("registration.cancel", registration, event=registration.event, fields=fields, reason=reason)
    if terms.worth:
        release(registration=registration, terms=terms, reason=reason)
    give_up_everything(registration)
    if counted:
        give_back([registration])
    registration.addons.filter(cancelled_at__isnull=True).update(cancelled_at=registration.cancelled_at)
    sequence = next_sequence(registration.event_id)
    Registration.objects.filter(pk=registration.pk).update(sequence=sequence)
    registration.refresh_from_db()
    return registration


def _locked(registration: Registration) -> Registration:
    """The registration under its order's lock, if it can be cancelled."""
    Order.objects.alone().get(pk=registration.order_id)
    rows = Registration.objects.select_related("order__event", "event", "ticket").select_for_update(
        of=("self",)
    )
    found = rows.get(pk=registration.pk)
    if found.cancelled_at:
        raise AlreadyCancelled(_("This registration was already cancelled."))
    if found.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    return found
