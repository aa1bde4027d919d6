"""Put tracks in another order."""

from django.db import transaction

from convention.audit.record import record
from convention.events.models import Event
from convention.reorder import reorder

from .models import Track
from .revision import raise_revision


@transaction.atomic
def move(*, event: Event, track: Track, steps: int) -> None:
    """Move a track up (negative steps) or down among its like; past the end it stays at the end."""
    Event.objects.select_for_update().get(pk=event.pk)
    rows = [*event.tracks.all()]
    reorder(rows, track, steps=steps)
    Track.objects.bulk_update(rows, ["position"])
    record("track.move", track, event=event, fields=["position"])
    raise_revision(event=event)
