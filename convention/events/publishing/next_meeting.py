"""Create the next meeting of a working group: a copy of its last one, or its first; the result is a draft."""

import datetime

from django.db import transaction

from convention.club.models import WorkingGroup
from convention.events.models import Event, Venue
from convention.events.slugs import make_event_slug

from .copy_event import copy_event


def find_last_meeting(group: WorkingGroup) -> Event | None:
    """Return the group's latest meeting that was not cancelled, also one that is still to come, or None."""
    meetings = Event.objects.filter(group=group, kind=Event.Kind.GROUP_MEETING, cancelled_at=None)
    return meetings.order_by("-starts_at", "-pk").first()


@transaction.atomic
def copy_meeting(
    *, source: Event, name: str, name_en: str, starts_on: datetime.date, venue: Venue | None
) -> Event:
    """Create a draft with the settings of the group's last meeting, on another day and at this venue.

    A new venue is saved first.
    """
    if venue and venue.pk is None:
        venue.save()
    return copy_event(
        source=source,
        name=name,
        name_en=name_en,
        slug=make_event_slug(name),
        starts_on=starts_on,
        other_values={"venue_id": venue and venue.pk},
    )
