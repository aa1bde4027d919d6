"""Sessions that the planner leaves where they are occupy their room and their speakers."""

import datetime
import zoneinfo

import pytest

from convention.events.models import Event, Room
from schedule.conflicts.find import find_blocking_conflicts
from schedule.conflicts.load import load_timetable
from schedule.drafts.current_draft import load_slot_states
from schedule.models import PlanRun, ScheduleDraft, Session
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import create_plan_run
from tests.factories import make_event, make_room, make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
OPENS_AT = datetime.datetime(2027, 6, 16, 9, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))


@pytest.fixture
def event() -> Event:
    """An event from nine to six."""
    return make_event(starts_at=OPENS_AT, ends_at=OPENS_AT + 9 * HOUR)


@pytest.fixture
def room(event) -> Room:
    return make_room(event, "R", capacity=50)


def propose(event: Event, mode: PlanRun.Mode) -> ScheduleDraft:
    plan_run = create_plan_run(event=event, mode=mode, seconds=0, seed=1, author=None)
    plan_event(plan_run)
    assert plan_run.proposal, plan_run.reasons
    return plan_run.proposal


@pytest.mark.parametrize("mode", PlanRun.Mode)
def test_talk_that_runs_overnight_occupies_room_and_speaker_in_the_morning(event, room, mode):
    make_session(
        event, "Night", room=room, speakers=("Ada",), starts_at=OPENS_AT - 10 * HOUR, minutes=11 * 60
    )
    talk = make_session(event, "Talk", starts_at=None, speakers=("Ada",), planned_minutes=30)

    proposal = propose(event, mode)

    assert load_slot_states(proposal)[talk.pk].starts_at >= OPENS_AT + HOUR
    assert find_blocking_conflicts(load_timetable(proposal)) == []


@pytest.mark.parametrize("mode", PlanRun.Mode)
def test_speaker_of_a_blocked_time_in_one_room_is_busy_in_all(event, room, mode):
    event.ends_at = OPENS_AT + 3 * HOUR
    event.save()
    workshop = {"role": Session.Role.BLOCKER, "room": make_room(event, "Other"), "speakers": ("Ada",)}
    make_session(event, "Rehearsal", starts_at=OPENS_AT, minutes=120, **workshop)
    talk = make_session(event, "Talk", starts_at=None, speakers=("Ada",), planned_minutes=60)

    proposal = propose(event, mode)

    assert load_slot_states(proposal)[talk.pk].starts_at == OPENS_AT + 2 * HOUR
