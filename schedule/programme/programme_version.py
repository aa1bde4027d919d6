"""Compute a version of an event's programme, by which caches and feeds notice changes.

Three statements instead of querysets save most of the time of a cached agenda page. To replace them, load the
same rows by the ORM, as tests/schedule/versions/test_programme_version.py does.
"""

import datetime
import hashlib
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from schedule.models import ProgrammeAudience, Schedule

from .days import get_programme_day

# Raw SQL: these run before every cacheable page, and building them by the ORM costs more than running them.
VERSION_QUERIES: Final = (
    "SELECT revision, version, day_starts_at FROM schedule_schedule WHERE event_id = %s",
    # Bookings raise no revision. Each counter is listed: a sum stays the same when a place moves.
    """
    SELECT count(*), max(id) FROM schedule_session WHERE event_id = %s
    UNION ALL SELECT id, reserved FROM schedule_session WHERE event_id = %s AND reserved > 0 ORDER BY 1, 2
    """,
    # Rooms belong to the event and are edited elsewhere, also without a revision.
    "SELECT id, name, position FROM events_room WHERE event_id = %s ORDER BY id",
)


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
    with connection.cursor() as cursor:
        results = [fetch_rows(cursor, query, event.pk) for query in VERSION_QUERIES]
    cancelled_at = find_cancellation_time(event)
    # `sequence` counts changes of registrations, which the programme does not show.
    columns = [column.attname for column in event._meta.concrete_fields if column.name != "sequence"]
    # The venue's name is in another table, and pages show it.
    values = [getattr(event, column) for column in columns]
    facts = repr([str(audience), results, str(event.venue), cancelled_at, values])
    return ProgrammeVersion(event, hashlib.sha256(facts.encode()).hexdigest()[:24], audience)


def fetch_rows(cursor: CursorWrapper, sql: str, event_id: int) -> list[tuple[Any, ...]]:
    cursor.execute(sql, [event_id] * sql.count("%s"))
    return cursor.fetchall()
