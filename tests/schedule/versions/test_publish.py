"""Publish a draft: results, refusals and the number of queries."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.audit.models import AuditEntry
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ProgrammeAudience, Schedule, ScheduleVersion, Session, VersionSlot
from schedule.versions.publish import (
    BlockingConflicts,
    NothingToPublish,
    PublicationStamp,
    PublishedMeanwhile,
    publish_draft,
    publish_reviewed_draft,
)
from tests.factories import make_event, make_person, make_room, make_session
from tests.schedule.versions.timetables import HOUR, change_slot, publish_current_draft, remove_slot

pytestmark = pytest.mark.django_db


def test_publishing_writes_time_and_room_of_a_moved_session():
    event = make_event()
    session, room = make_session(event), make_room(event)
    change_slot(session, hours=2, room_id=room.pk)

    publish_current_draft(session)

    assert session.starts_at == event.starts_at + 2 * HOUR
    assert session.room == room
    assert session.published_in == ScheduleVersion.objects.get()


def test_an_unplaced_session_becomes_public_by_publishing():
    event = make_event()
    session = make_session(event, starts_at=None)
    change_slot(session)
    assert not event.sessions.published(audience=ProgrammeAudience.PUBLIC).exists()

    publish_current_draft(session)

    assert list(event.sessions.published(audience=ProgrammeAudience.PUBLIC)) == [session]


def test_a_removed_session_is_no_longer_public():
    session = make_session(make_event())
    remove_slot(session)

    publish_current_draft(session)

    assert session.starts_at is None
    assert not session.event.sessions.published(audience=ProgrammeAudience.PUBLIC).exists()


def test_cancelling_and_restoring_are_published():
    session = make_session(make_event())
    change_slot(session, is_cancelled=True)
    publish_current_draft(session)
    assert session.cancelled_at is not None

    change_slot(session, is_cancelled=False)
    publish_current_draft(session)

    assert session.cancelled_at is None


def test_a_blocked_time_is_never_published():
    event = make_event()
    talk, blocker = make_session(event), make_session(event, starts_at=None, role=Session.Role.BLOCKER)
    change_slot(blocker)
    change_slot(talk, hours=1)

    publish_current_draft(blocker)

    assert blocker.starts_at is None
    assert list(VersionSlot.objects.values_list("session", flat=True)) == [talk.pk]


def test_only_the_sessions_that_changed_get_a_higher_sequence():
    event = make_event()
    moved, unmoved = make_session(event), make_session(event)
    change_slot(moved, hours=1)

    publish_current_draft(moved)

    unmoved.refresh_from_db()
    assert moved.sequence == 1
    assert unmoved.sequence == 0
    assert unmoved.published_in is None


def test_version_contains_all_scheduled_sessions():
    event = make_event()
    moved = make_session(event, "Une", room=make_room(event, "Curie"))
    make_session(event, "Deux")
    make_session(event, "Sans heure", starts_at=None)
    change_slot(moved, hours=1)

    publish_current_draft(moved, name="Finale", note="Tout est là.", author=make_person())

    version = ScheduleVersion.objects.get()
    assert sorted(version.slots.values_list("title", "room_name")) == [("Deux", ""), ("Une", "Curie")]
    assert version.number == 1
    assert Schedule.objects.get(event=event).version == "Finale"


def test_versions_without_a_name_are_numbered():
    session = make_session(make_event())
    for hours in (1, 2):
        change_slot(session, hours=hours)
        publish_current_draft(session)

    assert list(ScheduleVersion.objects.values_list("name", flat=True)) == ["2", "1"]


def test_publishing_raises_the_revision_and_is_in_the_audit_trail():
    session = make_session(make_event())
    change_slot(session, hours=1)

    publish_current_draft(session)

    assert Schedule.objects.get(event=session.event).revision == 1
    assert AuditEntry.objects.get().verb == "schedule.publish"


def test_publishing_without_changes_is_refused():
    session = make_session(make_event())
    change_slot(session, hours=1)
    draft = change_slot(session, hours=-1)

    with pytest.raises(NothingToPublish):
        publish_draft(draft=draft)

    assert not ScheduleVersion.objects.exists()


def test_publishing_is_refused_after_another_version_was_published():
    session = make_session(make_event())
    draft = change_slot(session, hours=1)
    seen = PublicationStamp.of_draft(draft)
    publish_draft(draft=draft)
    make_moves(draft=draft, states={session.pk: None}, author=None)

    with pytest.raises(PublishedMeanwhile):
        publish_reviewed_draft(draft=draft, seen=seen)

    assert ScheduleVersion.objects.count() == 1


def test_publishing_is_refused_after_a_move_since_the_preview():
    session = make_session(make_event())
    draft = change_slot(session, hours=1)
    seen = PublicationStamp.parse(str(PublicationStamp.of_draft(draft)))
    change_slot(session, hours=1)

    with pytest.raises(PublishedMeanwhile):
        publish_reviewed_draft(draft=draft, seen=seen)


def test_outdated_stamp_is_refused_before_conflicts_are_checked():
    event = make_event()
    room = make_room(event)
    first, second = make_session(event, room=room), make_session(event, starts_at=event.ends_at)
    draft = change_slot(second, room_id=room.pk)
    seen = PublicationStamp.of_draft(draft)
    change_slot(second, starts_at=first.starts_at, ends_at=first.ends_at)
    draft.refresh_from_db()

    with pytest.raises(PublishedMeanwhile):
        publish_reviewed_draft(draft=draft, seen=seen)
    with pytest.raises(BlockingConflicts):
        publish_reviewed_draft(draft=draft, seen=PublicationStamp.of_draft(draft))


@pytest.mark.parametrize("text", ["", "x", "1", "1-", "-1-2", "1-2-3", "²-1"])
def test_invalid_stamp_is_refused(text):
    session = make_session(make_event())
    draft = change_slot(session, hours=1)

    with pytest.raises(PublishedMeanwhile):
        publish_reviewed_draft(draft=draft, seen=PublicationStamp.parse(text))


def test_session_of_a_deleted_room_is_published_without_a_room():
    event = make_event()
    room = make_room(event)
    session = make_session(event)
    change_slot(session, hours=1, room_id=room.pk)
    room.delete()

    publish_current_draft(session)

    assert session.room is None


def publish_programme(session_count: int) -> int:
    """Publish a new programme; return the number of queries."""
    event = make_event()
    rooms = [make_room(event, f"Salle {number}") for number in range(10)]
    sessions = Session.objects.bulk_create(
        Session(event=event, title=f"S{number}", number=number + 1) for number in range(session_count)
    )
    draft = get_current_draft(event)
    states = {}
    for number, session in enumerate(sessions):
        starts_at = event.starts_at.astimezone(datetime.UTC) + number // 10 * HOUR
        states[session.pk] = SlotState(rooms[number % 10].pk, starts_at, starts_at + HOUR)
    make_moves(draft=draft, states=states, author=None)
    with CaptureQueriesContext(connection) as queries:
        publish_draft(draft=draft)
    return len(queries)


def test_publishing_many_sessions_takes_as_many_queries_as_a_few():
    few_queries = publish_programme(10)
    many_queries = publish_programme(200)

    assert many_queries == few_queries
    assert many_queries <= 30
