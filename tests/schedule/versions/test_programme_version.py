"""The version of a programme is computed from what the ORM reads, and changes with it."""

import pytest
from django.db import connection
from django.db.models import Count, F, Max

from convention.events.models import Room
from schedule.models import ProgrammeAudience, Schedule, Session
from schedule.programme.programme_version import VERSION_QUERIES, fetch_rows, get_programme_version
from tests.factories import make_event, make_room, make_session

pytestmark = pytest.mark.django_db


def load_by_orm(event):
    """Return what the three statements read, by the ORM."""
    sessions = Session.objects.filter(event=event)
    [counts] = sessions.order_by().values_list("event").annotate(Count("pk"), Max("pk")) or [(0, 0, None)]
    reserved = sessions.filter(reserved__gt=0).values_list("pk", "reserved")
    return [
        list(Schedule.objects.filter(event=event).values_list("revision", "version", "day_starts_at")),
        [*reserved, counts[1:]],
        list(Room.objects.filter(event=event).order_by("pk").values_list("pk", "name", "position")),
    ]


def load_by_statements(event):
    with connection.cursor() as cursor:
        return [fetch_rows(cursor, query, event.pk) for query in VERSION_QUERIES]


def sort_rows(results):
    # SQLite returns a time as text.
    return [sorted([str(cell) for cell in row] for row in rows) for rows in results]


@pytest.fixture
def event():
    event = make_event()
    Schedule.objects.create(event=event)
    make_room(event, name="A")
    for _number in range(2):
        make_session(event, capacity=9)
    return event


CHANGES = {
    "revision": lambda event: Schedule.objects.filter(event=event).update(revision=F("revision") + 1),
    "version": lambda event: Schedule.objects.filter(event=event).update(version="2.0"),
    "start of days": lambda event: Schedule.objects.filter(event=event).update(day_starts_at="05:00"),
    "new session": make_session,
    "removed session": lambda event: event.sessions.first().delete(),
    "reserved places": lambda event: Session.objects.filter(event=event).update(reserved=2),
    "renamed room": lambda event: Room.objects.filter(event=event).update(name="B"),
    "moved room": lambda event: Room.objects.filter(event=event).update(position=F("position") + 1),
    "new room": make_room,
}


@pytest.mark.parametrize("change", CHANGES)
def test_statements_read_what_the_orm_reads_after_each_change(event, change):
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    CHANGES[change](event)

    assert sort_rows(load_by_statements(event)) == sort_rows(load_by_orm(event))
    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key != before


def test_changes_of_another_event_leave_the_version_unchanged(event):
    other = make_event()
    Schedule.objects.create(event=other)
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    make_session(other, capacity=9, reserved=3)
    make_room(other)

    assert sort_rows(load_by_statements(other)) == sort_rows(load_by_orm(other))
    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key == before


def test_place_that_moves_between_sessions_changes_the_version(event):
    first, _second = Session.objects.filter(event=event).order_by("pk")
    Session.objects.filter(pk=first.pk).update(reserved=1)
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    Session.objects.filter(event=event).update(reserved=1 - F("reserved"))

    assert sort_rows(load_by_statements(event)) == sort_rows(load_by_orm(event))
    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key != before
