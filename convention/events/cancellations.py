"""Find out which events were cancelled, and when (`hooks.cancelled_events`)."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from convention import hooks
from convention.text.dates import format_datetime

from .models import Event

type FindCancellations = Callable[[Collection[int]], Mapping[int, datetime.datetime]]


def find_cancellation_times(events: Iterable[Event]) -> Mapping[int, datetime.datetime]:
    """Return when each cancelled event was cancelled, by id; other events are left out.

    Only site visits are cancelled, so any other event costs no query.
    """
    visits = [event.pk for event in events if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return {}
    # Visits are an app of a higher layer, so this package can only ask through a hook.
    find_cancellations: FindCancellations = hooks.cancelled_events.provider()
    return find_cancellations(visits)


def find_cancellation_time(event: Event) -> datetime.datetime | None:
    """Return when this event was cancelled, or None."""
    return find_cancellation_times([event]).get(event.pk)


def describe_cancellation(event: Event) -> str:
    """Return the sentence that the event was cancelled, and when; "" if it was not."""
    cancelled_at = find_cancellation_time(event)
    if cancelled_at is None:
        return ""
    values = {"cancelled_on": format_datetime(cancelled_at, event.zone)}
    if event.kind == Event.Kind.SITE_VISIT:
        return _("This visit was called off on %(cancelled_on)s and will not take place.") % values
    return _("This event was called off on %(cancelled_on)s and will not take place.") % values


def format_cancelled_title(title: str) -> str:
    """Return the title of a cancelled event for where only a title is shown."""
    return _("Called off: %(event)s") % {"event": title}


def format_printed_title(event: Event) -> str:
    """Return the event's title for paper, marked if it was cancelled."""
    return format_cancelled_title(event.title) if find_cancellation_time(event) else event.title
