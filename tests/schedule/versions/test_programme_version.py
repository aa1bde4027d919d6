"""The version of a programme changes with everything that its pages show."""

import pytest
from django.db.models import F

from convention.events.models import Room
from schedule.models import ProgrammeAudience, Schedule, Session
from schedule.programme.programme_version import get_programme_version
from tests.factories import make_event, make_room, make_session

pytestmark = pytest.mark.django_db


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
def test_each_change_gives_another_version(event, change):
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    CHANGES[change](event)

    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key != before


def test_changes_of_another_event_leave_the_version_unchanged(event):
    other = make_event()
    Schedule.objects.create(event=other)
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    make_session(other, capacity=9, reserved=3)
    make_room(other)

    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key == before


def test_place_that_moves_between_sessions_changes_the_version(event):
    first, _second = Session.objects.filter(event=event).order_by("pk")
    Session.objects.filter(pk=first.pk).update(reserved=1)
    before = get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key

    Session.objects.filter(event=event).update(reserved=1 - F("reserved"))

    assert get_programme_version(event, audience=ProgrammeAudience.PUBLIC).cache_key != before
