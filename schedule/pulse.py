"""The state of an event's programme as one short text, by which pages and feeds know that they changed."""

import datetime
import hashlib
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from convention.events.called_off import called_off_at
from convention.events.models import Event

from .days import programme_day
from .models import Schedule

# Written out: they are asked before every page that may be kept, and building them costs more than asking.
ASKED: Final = (
    "SELECT revision, version, day_starts FROM schedule_schedule WHERE event_id = %s",
    "SELECT count(*), max(id), sum(taken * number) FROM schedule_session WHERE event_id = %s",
    "SELECT id, name, position FROM events_room WHERE event_id = %s ORDER BY id",
)


class Pulse:
    """`key` changes whenever something that the programme shows does."""

    def __init__(self, event: Event, key: str) -> None:
        self.event = event
        self.key = key

    @cached_property
    def schedule(self) -> Schedule:
        """What holds for the whole programme, read when it is needed."""
        return Schedule.objects.filter(event=self.event).first() or Schedule(event=self.event)

    def day(self, moment: datetime.datetime) -> datetime.date:
        """The day of the programme that a moment belongs to."""
        return programme_day(moment, self.event.zone, self.schedule.day_starts)


def pulse_of(event: Event) -> Pulse:
    """From the revision, the sessions' number and places, the rooms and the event itself: three queries.

    For a visit, which may be called off, one more.
    """
    with connection.cursor() as cursor:
        answers = [ask(cursor, asked, event.pk) for asked in ASKED]
    off = called_off_at(event)
    columns = [column.attname for column in event._meta.concrete_fields if column.name != "sequence"]
    facts = repr([answers, str(event.venue), off, [getattr(event, column) for column in columns]])
    return Pulse(event, hashlib.sha256(facts.encode()).hexdigest()[:24])


def ask(cursor: CursorWrapper, asked: str, event_id: int) -> list[tuple[Any, ...]]:
    """All rows of one of the questions."""
    cursor.execute(asked, [event_id])
    return cursor.fetchall()
