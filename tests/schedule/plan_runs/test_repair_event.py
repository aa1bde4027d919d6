"""Repair an event's draft: move as few sessions as possible, and place sessions that have no slot."""

import datetime

import pytest

from convention.events.models import Event, Room
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import BLOCK
from schedule.conflicts.load import load_timetable
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.models import Availability, PlanRun, Session, Slot, Track
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import create_plan_run, list_proposed_changes
from tests.factories import make_event, make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def make_rooms(event: Event, count: int) -> list[Room]:
    return [
        Room.objects.create(event=event, name=f"Room {number}", capacity=100, position=number)
        for number in range(count)
    ]


def make_placed_talks(event: Event, rooms: list[Room], hours: int = 3) -> dict[tuple[int, int], Session]:
    """Create a talk of 50 minutes for each room and hour, each with its own speaker."""
    return {
        (number, hour): make_session(
            event,
            f"Talk {number}-{hour}",
            starts_at=event.starts_at + hour * HOUR,
            minutes=50,
            room=room,
            speakers=(f"Speaker {number}-{hour}",),
        )
        for number, room in enumerate(rooms)
        for hour in range(hours)
    }


def repair(event: Event, *, seconds: int = 0) -> PlanRun:
    plan_run = create_plan_run(event=event, mode=PlanRun.Mode.REPAIR, seconds=seconds, seed=1, author=None)
    plan_event(plan_run)
    plan_run.refresh_from_db()
    return plan_run


def list_changed(plan_run: PlanRun) -> set[int]:
    """Return the sessions that the proposal places or moves."""
    return {*list_proposed_changes(plan_run.proposal, get_current_draft(plan_run.event))}


def test_session_before_its_predecessor_is_moved_after_it():
    event = make_event()
    [room] = make_rooms(event, 1)
    talks = make_placed_talks(event, [room])
    early, late = talks[0, 0], talks[0, 2]
    early.follows = late
    early.save()

    plan_run = repair(event)

    states = load_slot_states(plan_run.proposal)
    assert states[early.pk].starts_at >= states[late.pk].ends_at
    assert len(list_changed(plan_run)) <= 2


def list_blocking_conflicts(plan_run: PlanRun):
    found = find_conflicts(load_timetable(plan_run.proposal))
    return [conflict for conflict in found if conflict.level == BLOCK]


def make_unavailable(event: Event, **owner) -> None:
    """Make a room or speaker unavailable during the whole event."""
    Availability.objects.create(
        starts_at=event.starts_at - HOUR,
        ends_at=event.ends_at + HOUR,
        level=Availability.Level.CANNOT,
        **owner,
    )


def test_timetable_without_conflicts_is_unchanged():
    event = make_event()
    make_placed_talks(event, make_rooms(event, 2))

    plan_run = repair(event)

    assert plan_run.state == PlanRun.State.DONE
    assert list_changed(plan_run) == set()


@pytest.mark.parametrize("seconds", [0, 1])
def test_closing_a_room_moves_only_its_sessions(seconds):
    event = make_event()
    rooms = make_rooms(event, 3)
    talks = make_placed_talks(event, rooms)
    get_current_draft(event)
    make_unavailable(event, room=rooms[1])

    plan_run = repair(event, seconds=seconds)

    assert list_changed(plan_run) == {talk.pk for (room, _hour), talk in talks.items() if room == 1}
    assert list_blocking_conflicts(plan_run) == []
    assert plan_run.reasons == {}


def test_room_closed_for_an_hour_moves_its_session_to_a_free_room_at_same_time():
    event = make_event()
    rooms = make_rooms(event, 3)
    talks = make_placed_talks(event, rooms[:2])
    Availability.objects.create(
        room=rooms[0], starts_at=event.starts_at + HOUR, ends_at=event.starts_at + 2 * HOUR
    )

    plan_run = repair(event, seconds=1)

    moved = load_slot_states(plan_run.proposal)[talks[0, 1].pk]
    assert list_changed(plan_run) == {talks[0, 1].pk}
    assert moved.starts_at == event.starts_at + HOUR
    assert moved.room_id == rooms[2].pk


def test_unavailable_speaker_moves_only_their_session():
    event = make_event()
    talks = make_placed_talks(event, make_rooms(event, 2))
    hit = talks[1, 2]
    Availability.objects.create(
        speaker=hit.speakers.get(),
        starts_at=event.starts_at + 2 * HOUR,
        ends_at=event.starts_at + 3 * HOUR,
    )

    plan_run = repair(event)

    assert list_changed(plan_run) == {hit.pk}
    assert list_blocking_conflicts(plan_run) == []


def test_sessions_of_deleted_room_get_another_room_at_same_time():
    event = make_event()
    rooms = make_rooms(event, 3)
    talks = make_placed_talks(event, rooms[:2])
    draft = get_current_draft(event)
    before = load_slot_states(draft)
    rooms[0].delete()

    plan_run = repair(event)

    hit = {talk.pk for (room, _hour), talk in talks.items() if room == 0}
    after = load_slot_states(plan_run.proposal)
    assert list_changed(plan_run) == hit
    assert {after[key].room_id for key in hit} == {rooms[2].pk}
    assert {key: after[key].starts_at for key in hit} == {key: before[key].starts_at for key in hit}


def test_unplaced_session_is_placed_without_moving_others():
    event = make_event()
    make_placed_talks(event, make_rooms(event, 2))
    new = make_session(event, "New", starts_at=None, planned_minutes=50)

    plan_run = repair(event)

    assert list_changed(plan_run) == {new.pk}
    assert list_blocking_conflicts(plan_run) == []


def test_one_of_two_sessions_in_same_slot_is_moved():
    event = make_event()
    room = make_rooms(event, 2)[0]
    talks = [make_session(event, title, minutes=50, room=room) for title in ("One", "Two")]

    plan_run = repair(event)

    assert len(list_changed(plan_run) & {talk.pk for talk in talks}) == 1
    assert list_blocking_conflicts(plan_run) == []


def test_session_at_odd_minute_is_not_moved():
    event = make_event()
    rooms = make_rooms(event, 2)
    odd = make_session(
        event, "Odd", starts_at=event.starts_at + datetime.timedelta(minutes=7), minutes=20, room=rooms[0]
    )
    talks = make_placed_talks(event, rooms[1:])
    make_unavailable(event, speaker=talks[0, 1].speakers.get())
    Availability.objects.update(starts_at=event.starts_at + HOUR, ends_at=event.starts_at + 2 * HOUR)

    plan_run = repair(event)

    assert odd.pk not in list_changed(plan_run)
    assert list_changed(plan_run) == {talks[0, 1].pk}


def test_pinned_session_that_blocks_the_repair_is_named_in_reasons():
    event = make_event()
    rooms = make_rooms(event, 2)
    pinned = make_session(event, "Pinned", room=rooms[0])
    Slot.objects.filter(draft=get_current_draft(event), session=pinned).update(is_room_pinned=True)
    make_unavailable(event, room=rooms[0])

    plan_run = repair(event)

    assert plan_run.state == PlanRun.State.IMPOSSIBLE
    assert any("Pinned" in sentence for sentence in plan_run.reasons["en"])
    assert any("Pinned" in sentence for sentence in plan_run.reasons["fr"])


@pytest.mark.parametrize("seconds", [0, 1])
def test_moved_session_stays_near_and_avoids_its_track(seconds):
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    event = make_event(starts_at=starts_at, ends_at=starts_at + 33 * HOUR, timezone="Europe/Paris")
    rooms = make_rooms(event, 2)
    track = Track.objects.create(event=event, name="Networks")
    clash = [
        make_session(event, title, room=rooms[0], track=track, speakers=(title,)) for title in ("One", "Two")
    ]
    make_session(event, "Beside", room=rooms[1])
    make_session(event, "Of the track", starts_at=starts_at + HOUR, room=rooms[1], track=track)

    plan_run = repair(event, seconds=seconds)

    [moved] = list_changed(plan_run)
    assert moved in {session.pk for session in clash}
    state = load_slot_states(plan_run.proposal)[moved]
    # The first start in steps of 50 minutes at which the other session of the track is over.
    assert state.starts_at == starts_at + 2.5 * HOUR
    assert state.room_id == rooms[0].pk
    assert [found.kind for found in find_conflicts(load_timetable(plan_run.proposal))] == []
