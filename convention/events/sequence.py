"""The counter by which scanners fetch only the changes of an event since their last request."""

from django.db.models import F

from .models import Event


def advance_sequence(event_id: int) -> int:
    """Increase the event's sequence and return it; call it last in a transaction, then set it on the row.

    The update locks the event's row until the transaction ends, so rows become visible in their order.
    """
    event = Event(pk=event_id, sequence=F("sequence") + 1)
    # Django reads the new value of an expression back in the same statement.
    event.save(force_update=True, update_fields=["sequence"])
    return event.sequence
