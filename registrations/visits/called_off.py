"""Which visits were called off, as the ground asks it of events (`hooks.cancelled_events`)."""

import datetime
from collections.abc import Collection, Mapping

from .models import Visit


def called_off_among(events: Collection[int]) -> Mapping[int, datetime.datetime]:
    """When the visit of each of these events was called off, by the event's id; the others are left out."""
    rows = Visit.objects.filter(event__in=events, cancelled_at__isnull=False).order_by()
    return {event: since for event, since in rows.values_list("event", "cancelled_at") if since}
