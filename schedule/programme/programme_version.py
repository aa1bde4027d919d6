"""Compute a version of an event's programme, by which caches and feeds notice changes."""

import datetime
import hashlib
from functools import cached_property

from django.db.models import Count, Max

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event, Room
from schedule.models import ProgrammeAudience, Schedule, Session

from .days import get_programme_day


class ProgrammeVersion:
    """The version of a programme for one audience; `cache_key` changes with everything that is shown to it.

    The key includes the audience, so that nothing cached by it is served to another one.
    """

    def __init__(self, event: Event, key: str, audience: ProgrammeAudience) -> None:
        self.event = event
        self.cache_key = key
        self.audience = audience

    @cached_property
    def schedule(self) -> Schedule:
        """Load the schedule when it is first needed."""
        return Schedule.load(self.event)

    def get_programme_day(self, moment: datetime.datetime) -> datetime.date:
        return get_programme_day(moment, self.event.zone, self.schedule.day_starts_at)


def get_programme_version(event: Event, *, audience: ProgrammeAudience) -> ProgrammeVersion:
    """Compute the version from revision, sessions, reserved places, rooms and event: three queries.

    A visit may be cancelled, which takes one more query.
    """
    schedule = Event.objects.filter(pk=event.pk).values_list(
        "schedule__revision",
        "schedule__version",
        "schedule__day_starts_at",
        Count("sessions"),
        Max("sessions"),
    )
    sessions = Session.objects.filter(event=event).order_by("pk")
    rows = [
        list(schedule),
        # Bookings raise no revision. Each counter is listed: a sum stays the same when a place moves.
        list(sessions.filter(reserved__gt=0).values_list("pk", "reserved")),
        # Rooms belong to the event and are edited elsewhere, also without a revision.
        list(Room.objects.filter(event=event).order_by("pk").values_list("pk", "name", "position")),
    ]
    cancelled_at = find_cancellation_time(event)
    # `sequence` counts changes of registrations, which the programme does not show.
    columns = [column.attname for column in event._meta.concrete_fields if column.name != "sequence"]
    # The venue's name is in another table, and pages show it.
    values = [getattr(event, column) for column in columns]
    facts = repr([str(audience), rows, str(event.venue), cancelled_at, values])
    return ProgrammeVersion(event, hashlib.sha256(facts.encode()).hexdigest()[:24], audience)
