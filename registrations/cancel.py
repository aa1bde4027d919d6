"""Cancel a registration: its place is free again and its badge no longer opens the door."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.counters import Counted
from convention.errors import Closed, ConventionError
from convention.events.sequence import next_sequence
from convention.tasks import enqueue

from .bill import rebill
from .confirm_paid import confirm_settled
from .models import Order, Registration, RegistrationAddon
from .places import give_back
from .seats import give_up_everything


class AlreadyCancelled(ConventionError):
    """Somebody was faster."""

    kind = "already-cancelled"
    status = 409


@transaction.atomic
def cancel(*, registration: Registration, reason: str = "") -> Registration:
    """Cancel one registration, give its place and its seats back, revoke its badge and queue the mail.

    What is left of an order by card is confirmed where it is paid, or costs nothing, now.
    Raises AlreadyCancelled, or Closed once the event is over.
    """
    # The order first, as a payment of it does: both go on to its places and to what it owes.
    order = Order.objects.select_for_update(no_key=True).get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    if registration.cancelled_at:
        raise AlreadyCancelled(_("This registration was already cancelled."))
    if registration.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    cancel_together([registration], order=order, reason=reason)
    registration.refresh_from_db()
    return registration


def cancel_together(
    registrations: Sequence[Registration],
    *,
    order: Order,
    reason: str,
    besides: Mapping[Counted, int] | None = None,
) -> None:
    """Cancel standing registrations of an order, in the caller's transaction that holds their rows.

    What else is freed `besides`, such as a package, is freed with their places, in the order of all locks.
    """
    now = timezone.now()
    counted = [registration for registration in registrations if registration.counts]
    enqueue("CONFIRMATION_TASK", order.pk)
    for registration in registrations:
        registration.cancelled_at = now
        registration.generation = F("generation") + 1
        registration.save(update_fields=["cancelled_at", "generation"])
        record("registration.cancel", registration, event=registration.event, reason=reason)
        give_up_everything(registration)
    if counted or besides:
        give_back(counted, besides)
    taken = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    taken.update(cancelled_at=now)
    rebill(order)
    confirm_settled(order=order)
    sequence = next_sequence(order.event_id)
    Registration.objects.filter(pk__in=[r.pk for r in registrations]).update(sequence=sequence)
