"""The counter by which scanners fetch only the changes of an event since their last request."""

from django.db.models import F

from convention.errors import NotOpenNow

from .cancellations import describe_cancellation
from .models import Event


def advance_sequence(event_id: int) -> int:
    """Increase the event's sequence and return it; call it last in a transaction, then set it on the row.

    The update locks the event's row until the transaction ends, so rows become visible in their order.
    """
    event = Event(pk=event_id, sequence=F("sequence") + 1)
    # Django reads the new value of an expression back in the same statement.
    event.save(force_update=True, update_fields=["sequence"])
    return event.sequence


def advance_sequence_unless_cancelled(event_id: int) -> int:
    """Increase the event's sequence for new registrations and return it, as `advance_sequence` does.

    Raise NotOpenNow if the event was cancelled since it was read.
    """
    # The column is set to itself so that the same statement returns it, with the row locked.
    event = Event(pk=event_id, sequence=F("sequence") + 1, cancelled_at=F("cancelled_at"))
    event.save(force_update=True, update_fields=["sequence", "cancelled_at"])
    if event.cancelled_at:
        raise NotOpenNow(describe_cancellation(Event.objects.get(pk=event_id)))
    return event.sequence
