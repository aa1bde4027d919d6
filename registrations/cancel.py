"""Cancel a registration: its place is free again and its badge no longer opens the door."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, ConventionError
from convention.events.sequence import next_sequence
from convention.tasks import enqueue

from .bill import rebill
from .models import Registration
from .places import give_back
from .seats import give_up_everything


class AlreadyCancelled(ConventionError):
    """Somebody was faster."""

    kind = "already-cancelled"
    status = 409


@transaction.atomic
def cancel(*, registration: Registration, reason: str = "") -> Registration:
    """Cancel one registration, give its place and its seats back, revoke its badge and queue the mail.

    Raises AlreadyCancelled, or Closed once the event is over.
    """
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    if registration.cancelled_at:
        raise AlreadyCancelled(_("This registration was already cancelled."))
    if registration.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to cancel."))
    counted = registration.counts
    registration.cancelled_at = timezone.now()
    registration.generation = F("generation") + 1
    registration.save(update_fields=["cancelled_at", "generation"])
    enqueue("CONFIRMATION_TASK", registration.order_id)
    record("registration.cancel", registration, event=registration.event, reason=reason)
    give_up_everything(registration)
    if counted:
        give_back([registration])
    registration.addons.filter(cancelled_at__isnull=True).update(cancelled_at=registration.cancelled_at)
    rebill(registration.order)
    sequence = next_sequence(registration.event_id)
    Registration.objects.filter(pk=registration.pk).update(sequence=sequence)
    registration.refresh_from_db()
    return registration
