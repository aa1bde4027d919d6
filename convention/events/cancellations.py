"""Find out which events were cancelled, and when: by their own columns, or those of a site visit."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from convention import hooks
from convention.text.dates import format_datetime

from .models import Event

type FindCancellations = Callable[[Collection[int]], Mapping[int, datetime.datetime]]


def find_cancellation_times(events: Iterable[Event]) -> Mapping[int, datetime.datetime]:
    """Return when each cancelled event was cancelled, by id; other events are left out.

    Site visits (`hooks.cancelled_events`) cost one query, any other event none.
    """
    event_list = list(events)
    own_times = {event.pk: event.cancelled_at for event in event_list if event.cancelled_at}
    visits = [event.pk for event in event_list if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return own_times
    # Visits are an app of a higher layer, so this package can only ask through a hook.
    find_cancellations: FindCancellations = hooks.cancelled_events.provider()
    return {**own_times, **find_cancellations(visits)}


def find_cancellation_time(event: Event) -> datetime.datetime | None:
    """Return when this event was cancelled, or None."""
    return find_cancellation_times([event]).get(event.pk)


def describe_cancellation(event: Event) -> str:
    """Return in sentences that the event was cancelled, when, and its own reason; "" if it was not."""
    cancelled_at = find_cancellation_time(event)
    if cancelled_at is None:
        return ""
    values = {"cancelled_on": format_datetime(cancelled_at, event.zone)}
    if not event.cancelled_at:
        return _("This visit was called off on %(cancelled_on)s and will not take place.") % values
    sentence = _("This event was cancelled on %(cancelled_on)s and will not take place.") % values
    return f"{sentence} {describe_reason(event)}"


def describe_reason(event: Event) -> str:
    """Return in words why the event itself was cancelled."""
    return _("Reason: %(reason)s") % {"reason": event.cancellation_reason}


def format_cancelled_title(title: str) -> str:
    """Return the title of a cancelled event for where only a title is shown."""
    return _("Called off: %(event)s") % {"event": title}


def format_printed_title(event: Event) -> str:
    """Return the event's title for paper, marked if it was cancelled."""
    return format_cancelled_title(event.title) if find_cancellation_time(event) else event.title
