"""Which events do not take place any more, and since when: asked of what knows it (`settings.CALLED_OFF`)."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from .models import Event

type Known = Callable[[Collection[int]], Mapping[int, datetime.datetime]]


def called_off_among(events: Iterable[Event]) -> Mapping[int, datetime.datetime]:
    """When each of these events was called off, by id; those that take place are left out.

    Only visits to vendors’ sites are called off, so that any other event costs no question.
    """
    visits = [event.pk for event in events if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return {}
    known: Known = import_string(settings.CALLED_OFF)
    return known(visits)


def called_off_at(event: Event) -> datetime.datetime | None:
    """When this event was called off; None for one that takes place."""
    return called_off_among([event]).get(event.pk)
