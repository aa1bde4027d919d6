"""Find the events that were called off, and when (`hooks.cancelled_events`)."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from convention import hooks
from convention.dates import say_moment

from .models import Event

type Known = Callable[[Collection[int]], Mapping[int, datetime.datetime]]


def called_off_among(events: Iterable[Event]) -> Mapping[int, datetime.datetime]:
    """When each of these events was called off, by id; those that take place are left out.

    Only visits to vendors’ sites are called off, so that any other event costs no question.
    """
    visits = [event.pk for event in events if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return {}
    known: Known = hooks.cancelled_events.provider()
    return known(visits)


def called_off_at(event: Event) -> datetime.datetime | None:
    """When this event was called off; None for one that takes place."""
    return called_off_among([event]).get(event.pk)


def say_called_off(event: Event) -> str:
    """That this event does not take place, and since when; empty for one that does."""
    since = called_off_at(event)
    if since is None:
        return ""
    said = {"since_said": say_moment(since, event.zone)}
    if event.kind == Event.Kind.SITE_VISIT:
        return _("This visit was called off on %(since_said)s: it does not take place.") % said
    return _("This event was called off on %(since_said)s: it does not take place.") % said


def off_title(title: str) -> str:
    """What an event that was called off is called where only a title is read."""
    return _("Called off: %(event)s") % {"event": title}


def printed_title(event: Event) -> str:
    """The event's title on paper: whoever holds a sheet reads that it does not take place."""
    return off_title(event.title) if called_off_at(event) else event.title
