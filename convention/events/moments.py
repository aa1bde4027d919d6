"""Moments as programs read them."""

import datetime

from .models import Event


def with_offset(moment: datetime.datetime | None, event: Event) -> str | None:
    """RFC 3339, to the second, with the offset of the event's zone at that moment."""
    return moment.astimezone(event.zone).isoformat(timespec="seconds") if moment else None
