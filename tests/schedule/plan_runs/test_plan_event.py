"""Plan an event: from its draft to the planner's instance, to a proposal, and back to moves in the draft."""

import datetime
import itertools
import re
from dataclasses import replace

import pytest
from django.core.management import call_command, execute_from_command_line
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from convention.events.models import Event, Room
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import BLOCK
from schedule.conflicts.load import load_timetable
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import make_moves, undo_last_batch
from schedule.models import Availability, PlanRun, ProgrammeAudience, Session, Slot
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import (
    MAX_OPEN_RUNS,
    NothingToPlan,
    TooManyRuns,
    adopt_proposal,
    create_plan_run,
    stop_plan_run,
)
from schedule.plan_runs.timetable_instance import build_instance
from tests.factories import make_administrator, make_event, make_person, make_session

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)


def make_rooms(event: Event, *capacities: int) -> list[Room]:
    return [
        Room.objects.create(event=event, name=f"Room {number}", capacity=capacity, position=number)
        for number, capacity in enumerate(capacities, start=1)
    ]


def make_talks(event: Event, count: int, *, minutes: int = 50) -> list[Session]:
    """Create unplaced talks; every speaker has two of them."""
    return [
        make_session(
            event,
            f"Talk {number}",
            starts_at=None,
            speakers=(f"Speaker {number // 2}",),
            planned_minutes=minutes,
        )
        for number in range(count)
    ]


def run_plan(event: Event, *, mode: PlanRun.Mode = PlanRun.Mode.UNPLACED, seconds: int = 0) -> PlanRun:
    plan_run = create_plan_run(event=event, mode=mode, seconds=seconds, seed=1, author=None)
    plan_event(plan_run)
    plan_run.refresh_from_db()
    return plan_run


def list_blocking_conflicts(draft):
    return [conflict for conflict in find_conflicts(load_timetable(draft)) if conflict.level == BLOCK]


def test_unplaced_talks_get_a_time_and_a_room_without_conflicts():
    event = make_event()
    make_rooms(event, 100, 50)
    talks = make_talks(event, 8)

    plan_run = run_plan(event)

    assert plan_run.state == PlanRun.State.DONE
    assert load_slot_states(plan_run.proposal).keys() == {talk.pk for talk in talks}
    assert list_blocking_conflicts(plan_run.proposal) == []
    assert load_slot_states(get_current_draft(event)) == {}


def test_a_proposal_is_adopted_as_one_batch_and_can_be_undone():
    event, person = make_event(), make_person()
    make_rooms(event, 100, 50)
    talks = make_talks(event, 6)
    plan_run = run_plan(event)
    draft = get_current_draft(event)

    moves = adopt_proposal(plan_run=plan_run, author=person)
    adopted = load_slot_states(draft)
    undo_last_batch(draft=draft, author=person)

    assert len(moves) == len(talks)
    assert adopted == load_slot_states(plan_run.proposal)
    assert load_slot_states(draft) == {}


def test_placed_sessions_keep_their_time_and_room_while_others_are_placed():
    event = make_event()
    rooms = make_rooms(event, 100, 50)
    placed = make_session(event, "Placed", room=rooms[1])
    make_talks(event, 4)
    before = load_slot_states(get_current_draft(event))[placed.pk]

    plan_run = run_plan(event)

    assert load_slot_states(plan_run.proposal)[placed.pk] == before


def test_talks_do_not_overlap_breaks_or_plenaries():
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    event = make_event(starts_at=starts_at, ends_at=starts_at + 9 * HOUR)
    make_rooms(event, 100, 50)
    for role, hours in ((Session.Role.BREAK, 2), (Session.Role.PLENARY, 0)):
        make_session(
            event, role, role=role, starts_at=event.starts_at + datetime.timedelta(hours=hours), minutes=60
        )
    make_talks(event, 10)

    plan_run = run_plan(event)

    slots = Slot.objects.filter(draft=plan_run.proposal).select_related("session")
    common = [slot for slot in slots if slot.session.role != Session.Role.TALK]
    talks = [slot for slot in slots if slot.session.role == Session.Role.TALK]
    overlapping = [
        (talk.session.title, other.session.title)
        for talk, other in itertools.product(talks, common)
        if talk.starts_at < other.ends_at and other.starts_at < talk.ends_at
    ]
    assert len(talks) == 10
    assert overlapping == []


def test_a_speaker_is_planned_only_when_available():
    # At a fixed hour: late in the day, three hours later would be outside the hours of planning.
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    event = make_event(starts_at=starts_at, ends_at=starts_at + datetime.timedelta(hours=10))
    make_rooms(event, 100)
    talk = make_session(event, "Late", starts_at=None, speakers=("Ada",), planned_minutes=30)
    free_from = event.starts_at + datetime.timedelta(hours=3)
    Availability.objects.create(
        speaker=talk.speakers.get(),
        starts_at=free_from,
        ends_at=free_from + datetime.timedelta(hours=1),
        level=Availability.Level.CAN,
    )

    plan_run = run_plan(event)

    slot = plan_run.proposal.slots.get()
    assert slot.starts_at >= free_from
    assert slot.ends_at <= free_from + datetime.timedelta(hours=1)


def test_times_a_speaker_would_rather_avoid_are_used_if_needed():
    starts_at = datetime.datetime(2099, 6, 15, 7, tzinfo=datetime.UTC)
    event = make_event(starts_at=starts_at, ends_at=starts_at + 8 * HOUR)
    make_rooms(event, 100)
    talks = [
        make_session(event, title, starts_at=None, speakers=("Ada",), planned_minutes=60)
        for title in ("One", "Two")
    ]
    speaker = talks[0].speakers.get()
    for level in (Availability.Level.CAN, Availability.Level.RATHER_NOT):
        starts_at += HOUR
        Availability.objects.create(
            speaker=speaker, starts_at=starts_at, ends_at=starts_at + HOUR, level=level
        )

    plan_run = run_plan(event)

    assert plan_run.state == PlanRun.State.DONE
    assert list_blocking_conflicts(plan_run.proposal) == []


def test_a_pinned_session_stays_while_everything_else_is_planned():
    event = make_event()
    rooms = make_rooms(event, 100, 50)
    pinned = make_session(event, "Pinned", room=rooms[0])
    make_talks(event, 5)
    Slot.objects.filter(draft=get_current_draft(event), session=pinned).update(
        is_time_pinned=True, is_room_pinned=True
    )
    before = load_slot_states(get_current_draft(event))[pinned.pk]

    plan_run = run_plan(event, mode=PlanRun.Mode.EVERYTHING)

    assert load_slot_states(plan_run.proposal)[pinned.pk] == before


def test_the_largest_audience_gets_the_largest_room():
    event = make_event()
    _small, large = make_rooms(event, 20, 200)
    popular = make_session(event, "Popular", starts_at=None, planned_minutes=50, expected_attendance=150)
    make_session(event, "Other", starts_at=None, planned_minutes=50, expected_attendance=10)

    plan_run = run_plan(event, seconds=1)

    assert plan_run.proposal.slots.get(session=popular).room == large
    assert plan_run.costs["missing_seats"] == 0


def test_sessions_of_equal_length_begin_together_in_all_rooms():
    event = make_event()
    make_rooms(event, 50, 50, 50)
    make_talks(event, 9, minutes=45)

    plan_run = run_plan(event)

    starts = plan_run.proposal.slots.order_by("starts_at").values_list("starts_at", flat=True)
    gaps = [
        later - earlier for earlier, later in itertools.pairwise(starts) if later.date() == earlier.date()
    ]
    assert [gap for gap in gaps if gap % (45 * MINUTE)] == []


def test_an_impossible_plan_names_the_rules_in_both_languages():
    event = make_event()
    make_rooms(event, 100)
    talk = make_session(event, "Never", starts_at=None, speakers=("Ada",), planned_minutes=50)
    Availability.objects.create(
        speaker=talk.speakers.get(),
        starts_at=event.starts_at - datetime.timedelta(days=1),
        ends_at=event.ends_at + datetime.timedelta(days=1),
        level=Availability.Level.CANNOT,
    )

    plan_run = run_plan(event)

    assert plan_run.state == PlanRun.State.IMPOSSIBLE
    assert plan_run.proposal is None
    assert any("Ada" in sentence for sentence in plan_run.reasons["fr"])
    assert any("Ada" in sentence for sentence in plan_run.reasons["en"])


def test_event_without_rooms_cannot_be_planned():
    event = make_event()
    make_talks(event, 1)

    with pytest.raises(NothingToPlan):
        create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=1, seed=1, author=None)


def test_a_stopped_run_ends_with_the_best_plan_so_far():
    event = make_event()
    make_rooms(event, 100)
    make_talks(event, 4)
    plan_run = create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=60, seed=1, author=None)
    stop_plan_run(plan_run=plan_run)

    plan_event(plan_run)

    plan_run.refresh_from_db()
    assert plan_run.state == PlanRun.State.DONE
    assert plan_run.proposal.slots.count() == 4


def test_instance_omits_cancelled_sessions_and_their_favourites():
    event = make_event()
    make_rooms(event, 100)
    cancelled = make_session(event, "Cancelled", cancelled_at=event.starts_at)
    talk = make_talks(event, 1)[0]
    agenda = event.personal_agendas.create()
    agenda.sessions.add(cancelled, talk)

    problem = build_instance(
        load_timetable(get_current_draft(event)), mode=PlanRun.Mode.UNPLACED, zone=event.zone
    )

    assert problem.session_keys == (talk.pk,)
    assert problem.instance.favourites == (frozenset({0}),)


def test_plan_command_stores_a_proposal_and_applies_it_with_apply_option(capsys):
    event = make_event(slug="planned")
    make_rooms(event, 100)
    make_talks(event, 3)

    call_command("plan", "planned", seconds=0)
    before = load_slot_states(get_current_draft(event))
    call_command("plan", "planned", "--apply", seconds=0)

    assert before == {}
    assert len(load_slot_states(get_current_draft(event))) == 3
    assert event.sessions.published(audience=ProgrammeAudience.PUBLIC).count() == 0
    assert PlanRun.objects.filter(proposal__isnull=False).count() == 2
    assert capsys.readouterr().err == ""


def test_plan_command_in_repair_mode_makes_the_fewest_moves(capsys):
    event = make_event(slug="planned")
    rooms = make_rooms(event, 100, 50)
    for title in ("One", "Two", "Three"):
        make_session(event, title, room=rooms[0])
    before = load_slot_states(get_current_draft(event))

    with translation.override("en"):
        call_command("plan", "planned", "--mode=repair", "--apply", seconds=0)

    after = load_slot_states(get_current_draft(event))
    assert PlanRun.objects.get().mode == PlanRun.Mode.REPAIR
    assert sum(after[key] != before[key] for key in before) == 2
    assert "Sessions placed or moved in the draft: 2." in capsys.readouterr().out


def test_plan_command_refuses_an_unknown_mode_with_one_sentence(capsys):
    event = make_event(slug="planned")
    make_rooms(event, 100)
    make_talks(event, 1)

    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", "plan", "planned", "--mode=magic"])

    [line] = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert re.fullmatch(
        r"Argument --mode: .*magic.* \(choose from .*unplaced.*everything.*repair.*\)\.", line
    )
    assert not PlanRun.objects.exists()


def test_mode_option_requires_an_event(capsys):
    with translation.override("en"), pytest.raises(SystemExit) as ended:
        call_command("plan", "--instance=x.json", "--output=y.json", "--mode=repair")

    assert ended.value.code == 2
    assert capsys.readouterr().err == "--mode needs an event.\n"


def test_the_page_counts_sessions_without_a_time_once(client):
    event = make_event(slug="conf")
    make_talks(event, 2)
    client.force_login(make_administrator())

    with CaptureQueriesContext(connection) as captured:
        page = client.get("/en/organize/conf/schedule/plan/")

    counts = [q["sql"] for q in captured if "COUNT(" in q["sql"] and "schedule_session" in q["sql"]]
    assert page.status_code == 200
    assert len(counts) == 1


@pytest.mark.parametrize("seconds", ["601", "-1", "nan", "inf"])
def test_invalid_time_budget_is_refused_with_one_sentence(seconds, capsys):
    event = make_event(slug="planned")
    make_rooms(event, 100)
    make_talks(event, 1)

    with translation.override("en"), pytest.raises(SystemExit) as ended:
        call_command("plan", "planned", f"--seconds={seconds}")

    assert ended.value.code == 2
    assert capsys.readouterr().err == "--seconds must be between 0 and 600.\n"
    assert not PlanRun.objects.exists()


@pytest.mark.parametrize("option", ["--seconds=soon", "--seconds=", "--seed=1.5"])
def test_non_numeric_budget_or_seed_is_refused_with_one_sentence(option, capsys):
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", "plan", "planned", option])

    assert ended.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_time_budget_is_rounded_up_to_a_second(capsys):
    event = make_event(slug="planned")
    make_rooms(event, 100)
    make_talks(event, 1)

    call_command("plan", "planned", seconds=0.4)

    assert PlanRun.objects.get().seconds == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "arguments", [[], ["planned", "--instance", "x.json"], ["--instance", "x.json"], ["--apply"]]
)
def test_the_command_needs_an_event_or_an_instance_with_an_output(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("plan", *arguments)

    assert ended.value.code == 2
    assert "event" in capsys.readouterr().err


def test_abandoned_runs_do_not_block_new_runs():
    event = make_event()
    make_rooms(event, 100)
    make_talks(event, 1)
    for _number in range(MAX_OPEN_RUNS):
        create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=1, seed=1, author=None)

    with pytest.raises(TooManyRuns):
        create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=1, seed=1, author=None)
    PlanRun.objects.update(created_at=timezone.now() - datetime.timedelta(hours=3))
    plan_run = create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=1, seed=1, author=None)

    assert plan_run.is_open


@pytest.fixture
def finished_run() -> PlanRun:
    """A run that moved two talks and left a third one alone."""
    event = make_event()
    make_rooms(event, 100, 50)
    make_session(event, "Placed", room=event.rooms.first())
    make_talks(event, 2)
    return run_plan(event)


def test_adopting_does_not_change_sessions_that_the_plan_left_unchanged(finished_run):
    draft = get_current_draft(finished_run.event)
    placed = finished_run.event.sessions.get(title="Placed")
    make_moves(draft=draft, states={placed.pk: None}, author=None)

    adopt_proposal(plan_run=finished_run, author=None)

    assert placed.pk not in load_slot_states(draft)
    assert len(load_slot_states(draft)) == 2


def test_adopting_does_not_move_talks_pinned_or_cancelled_since(finished_run):
    draft = get_current_draft(finished_run.event)
    pinned, cancelled = finished_run.event.sessions.filter(title__startswith="Talk")
    proposed = load_slot_states(finished_run.proposal)
    elsewhere = replace(
        proposed[pinned.pk], starts_at=proposed[pinned.pk].starts_at - HOUR, is_time_pinned=True
    )
    states = {pinned.pk: elsewhere, cancelled.pk: replace(proposed[cancelled.pk], is_cancelled=True)}
    make_moves(draft=draft, states=states, author=None)

    moves = adopt_proposal(plan_run=finished_run, author=None)

    assert moves == []
    assert load_slot_states(draft)[pinned.pk] == elsewhere
    assert load_slot_states(draft)[cancelled.pk].is_cancelled


def test_session_off_the_time_grid_blocks_its_room():
    event = make_event()
    make_rooms(event, 100)
    odd = make_session(event, "Odd", room=event.rooms.get(), minutes=20)
    state = load_slot_states(get_current_draft(event))[odd.pk]
    shifted = replace(
        state, starts_at=state.starts_at + 7 * MINUTE, ends_at=state.ends_at + 7 * MINUTE, is_time_pinned=True
    )
    make_moves(draft=get_current_draft(event), states={odd.pk: shifted}, author=None)
    make_talks(event, 6, minutes=20)

    plan_run = run_plan(event)

    assert list_blocking_conflicts(plan_run.proposal) == []


def test_missing_slots_are_reported_in_both_languages():
    event = make_event()
    make_rooms(event, 100)
    make_talks(event, 60, minutes=120)

    plan_run = run_plan(event)

    assert plan_run.state == PlanRun.State.IMPOSSIBLE
    assert "add slots or rooms" in plan_run.reasons["en"][0]
    assert plan_run.reasons["fr"] != plan_run.reasons["en"]
