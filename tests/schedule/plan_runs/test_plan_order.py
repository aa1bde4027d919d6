"""Sessions that follow others are planned after them."""

import datetime
import itertools

import pytest
from django.utils import timezone

from convention.events.models import Event
from schedule.drafts.current_draft import load_slot_states
from schedule.models import PlanRun, Session
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import create_plan_run, stop_plan_run
from tests.factories import make_event, make_session

from .test_plan_event import make_rooms, make_talks, run_plan

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def make_morning_event() -> Event:
    """Create an event that starts at nine, so that its slots do not depend on the hour of the test."""
    starts = (timezone.localtime() + datetime.timedelta(days=30)).replace(hour=9, minute=0)
    return make_event(starts_at=starts, ends_at=starts + datetime.timedelta(days=1))


def make_chain(event: Event, count: int) -> list[Session]:
    """Create unplaced talks, each of which follows the one before."""
    talks = make_talks(event, count)
    for followed, follower in itertools.pairwise(talks):
        follower.follows = followed
        follower.save()
    return talks


def test_sessions_start_after_the_session_they_follow():
    event = make_event()
    make_rooms(event, 100, 50, 20)
    talks = make_chain(event, 5)

    plan_run = run_plan(event, seconds=1)

    states = load_slot_states(plan_run.proposal)
    ordered = [states[talk.pk] for talk in talks]
    assert all(one.ends_at <= other.starts_at for one, other in itertools.pairwise(ordered))


def test_a_talk_is_planned_after_the_plenary_that_it_follows():
    event = make_morning_event()
    make_rooms(event, 100)
    start = event.starts_at + 3 * HOUR
    plenary = make_session(event, "Opening", role=Session.Role.PLENARY, starts_at=start, minutes=60)
    [talk] = make_talks(event, 1)
    talk.follows = plenary
    talk.save()

    plan_run = run_plan(event)

    assert load_slot_states(plan_run.proposal)[talk.pk].starts_at >= start + HOUR


def test_a_talk_is_planned_before_the_plenary_that_follows_it():
    event = make_morning_event()
    make_rooms(event, 100)
    start = event.starts_at + HOUR
    [talk] = make_talks(event, 1)
    make_session(event, "Debate", role=Session.Role.PLENARY, starts_at=start, minutes=60, follows=talk)

    plan_run = run_plan(event)

    assert load_slot_states(plan_run.proposal)[talk.pk].ends_at <= start


def test_circular_order_is_reported_as_impossible():
    event = make_event()
    make_rooms(event, 100)
    first, *_between, last = make_chain(event, 3)
    first.follows = last
    first.save()

    # Long enough for a busy machine, because the search for reasons ends by the clock.
    plan_run = run_plan(event, seconds=300)

    assert plan_run.state == PlanRun.State.IMPOSSIBLE
    assert plan_run.reasons["en"] == [
        "Session “Talk 0” starts after “Talk 2” has ended.",
        "Session “Talk 1” starts after “Talk 0” has ended.",
        "Session “Talk 2” starts after “Talk 1” has ended.",
    ]


def test_wrong_order_of_placed_sessions_does_not_prevent_planning():
    event = make_event()
    rooms = make_rooms(event, 100)
    late = make_session(event, "Late", room=rooms[0], starts_at=event.starts_at + 2 * HOUR)
    make_session(event, "Early", room=rooms[0], starts_at=event.starts_at, follows=late)
    make_talks(event, 1)

    plan_run = run_plan(event)

    assert plan_run.state == PlanRun.State.DONE


def test_a_stop_ends_the_search_for_reasons():
    event = make_event()
    make_rooms(event, 100)
    first, *_between, last = make_chain(event, 3)
    first.follows = last
    first.save()
    plan_run = create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=60, seed=1, author=None)
    stop_plan_run(plan_run=plan_run)

    plan_event(plan_run)

    plan_run.refresh_from_db()
    assert plan_run.state == PlanRun.State.FAILED
    assert plan_run.reasons["en"] == ["The search was stopped before it found a plan that keeps all rules."]
    assert plan_run.reasons["fr"] != plan_run.reasons["en"]
