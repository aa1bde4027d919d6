"""Organizers set between which times of day the planner and the board place sessions."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from convention.audit.models import AuditEntry
from convention.events.models import Event, Room
from convention.events.publishing.copy_event import copy_event
from schedule.board.board_data import list_board_days
from schedule.conflicts.load import load_working_timetable
from schedule.drafts.current_draft import load_slot_states
from schedule.models import DayHours, PlanRun, Schedule, Session
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import create_plan_run
from tests.factories import make_event, make_room, make_session, make_staff
from tests.page_forms import load_form
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
PATH = "/en/organize/conf/schedule/rules/"
OPENS, CLOSES = "hours-planning_opens_at", "hours-planning_closes_at"
SECOND_DAY_OPENS, SECOND_DAY_CLOSES = "hours-opens_at_2", "hours-closes_at_2"


def at(hour: int, minute: int = 0, *, day: int = 16) -> datetime.datetime:
    return datetime.datetime(2027, 6, day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def event() -> Event:
    """Return an event of two days, from nine in the morning to eight in the evening of the second one."""
    return make_event(slug="conf", starts_at=at(9), ends_at=at(20, day=17), timezone="Europe/Paris")


@pytest.fixture
def room(event) -> Room:
    return make_room(event, "Aula", capacity=50)


@pytest.fixture
def organizer(event):
    return make_client(make_staff(event))


def set_hours(event: Event, opens_at: str | None, closes_at: str | None) -> Schedule:
    values = [value and datetime.time.fromisoformat(value) for value in (opens_at, closes_at)]
    return Schedule.objects.create(event=event, planning_opens_at=values[0], planning_closes_at=values[1])


def list_local_hours(event: Event, *, are_general: bool = False) -> list[tuple[str, str]]:
    timetable = load_working_timetable(event)
    periods = timetable.general_hours if are_general else timetable.hours
    return [(f"{start.astimezone(PARIS):%H:%M}", f"{end.astimezone(PARIS):%H:%M}") for start, end in periods]


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "hours"),
    [
        ("10:00", "16:30", [("10:00", "16:30"), ("10:00", "16:30")]),
        ("08:00", "19:30", [("09:00", "19:30"), ("08:00", "19:30")]),
        ("10:00", None, [("10:00", "18:00"), ("10:00", "18:00")]),
        (None, "21:00", [("09:00", "21:00"), ("09:00", "20:00")]),
    ],
)
def test_talks_are_planned_within_the_hours_and_the_event(event, opens_at, closes_at, hours):
    set_hours(event, opens_at, closes_at)

    assert list_local_hours(event) == hours


def test_sessions_outside_the_hours_do_not_extend_them(event):
    set_hours(event, "10:00", "16:00")
    make_session(event, "Early", starts_at=at(8))
    make_session(event, "Late", starts_at=at(19))

    assert list_local_hours(event)[0] == ("10:00", "16:00")


def test_a_dinner_may_still_be_after_the_hours(event):
    set_hours(event, "10:00", "16:00")
    make_session(event, "Dinner", role=Session.Role.BREAK, starts_at=at(19), minutes=120)

    assert list_local_hours(event, are_general=True)[0] == ("10:00", "21:00")


def propose(event: Event, mode: PlanRun.Mode) -> PlanRun:
    plan_run = create_plan_run(event=event, mode=mode, seconds=0, seed=1, author=None)
    plan_event(plan_run)
    return plan_run


@pytest.mark.parametrize("mode", PlanRun.Mode)
def test_the_planner_places_unplaced_talks_within_the_hours(event, room, mode):
    set_hours(event, "13:00", "15:00")
    talks = [make_session(event, f"Talk {n}", starts_at=None, planned_minutes=60) for n in range(4)]

    states = load_slot_states(propose(event, mode).proposal)

    starts = sorted(states[talk.pk].starts_at.astimezone(PARIS) for talk in talks)
    assert starts == [at(13), at(14), at(13, day=17), at(14, day=17)]


@pytest.mark.parametrize("mode", [PlanRun.Mode.UNPLACED, PlanRun.Mode.REPAIR])
def test_a_talk_placed_outside_the_hours_stays_there(event, room, mode):
    set_hours(event, "10:00", "16:00")
    early = make_session(event, "Early", room=room, starts_at=at(9))
    make_session(event, "Talk", starts_at=None)

    states = load_slot_states(propose(event, mode).proposal)

    assert states[early.pk].starts_at == at(9)


def test_planning_everything_moves_a_talk_into_the_hours(event, room):
    set_hours(event, "10:00", "16:00")
    early = make_session(event, "Early", room=room, starts_at=at(9))

    states = load_slot_states(propose(event, PlanRun.Mode.EVERYTHING).proposal)

    assert 10 <= states[early.pk].starts_at.astimezone(PARIS).hour < 16


def test_planning_everything_leaves_a_talk_too_long_for_the_hours(event, room):
    set_hours(event, "10:00", "12:00")
    workshop = make_session(event, "Workshop", room=room, starts_at=at(9), minutes=300)
    make_session(event, "Talk", starts_at=None)

    states = load_slot_states(propose(event, PlanRun.Mode.EVERYTHING).proposal)

    assert states[workshop.pk].starts_at == at(9)


def test_the_planner_says_that_there_is_no_time_if_the_event_was_moved_out_of_the_hours(event, room):
    set_hours(event, "10:00", "12:00")
    Event.objects.update(starts_at=at(14), ends_at=at(18))
    make_session(event, "Talk", starts_at=None)

    plan_run = propose(Event.objects.get(), PlanRun.Mode.UNPLACED)

    assert plan_run.proposal is None
    assert plan_run.reasons["en"]


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "shown"),
    [(None, None, (8, 19)), ("09:30", "16:15", (9, 17)), ("10:00", "23:30", (10, 0))],
)
def test_the_board_shows_the_hours_in_full(event, opens_at, closes_at, shown):
    schedule = set_hours(event, opens_at, closes_at)

    first, _second = list_board_days(event, schedule, [])

    assert (first.opens_at.astimezone(PARIS).hour, first.closes_at.astimezone(PARIS).hour) == shown


def test_hours_are_set_and_cleared_on_the_page_of_rules(organizer, event):
    organizer.post(PATH, load_form(organizer, PATH) | {OPENS: "10:00", CLOSES: "17:30"})
    is_set = list_local_hours(event)
    plan_page = organizer.get("/en/organize/conf/schedule/plan/").text
    organizer.post(PATH, load_form(organizer, PATH) | {OPENS: "", CLOSES: ""})

    assert is_set == [("10:00", "17:30"), ("10:00", "17:30")]
    assert "extend them" not in plan_page
    assert f'{PATH}#hours"' in plan_page
    assert list_local_hours(event) == [("09:00", "18:00"), ("09:00", "18:00")]
    assert AuditEntry.objects.filter(verb="planning_hours.change").count() == 2


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "sentence"),
    [
        ("17:00", "10:00", "The end must be after the start."),
        ("10:00", "10:00", "The end must be after the start."),
        ("05:00", "17:00", "The day of the programme starts at 6:00. Choose that time or a later one."),
        ("21:00", "23:00", "The event does not take place at these hours."),
        ("10:00", "11:00", "These hours are too short for “Workshop”, which lasts 2\N{NO-BREAK SPACE}h."),
    ],
)
def test_hours_in_which_nothing_can_be_planned_are_refused(organizer, event, opens_at, closes_at, sentence):
    Event.objects.update(ends_at=at(19))
    make_session(event, "Talk", starts_at=None)
    make_session(event, "Workshop", starts_at=None, planned_minutes=120)
    make_session(event, "Training", starts_at=at(9), minutes=480)

    page = organizer.post(PATH, load_form(organizer, PATH) | {OPENS: opens_at, CLOSES: closes_at})

    assert sentence in page.text
    assert not Schedule.objects.exists()


def test_other_hours_are_shown_before_they_are_replaced(organizer, event):
    first, second = load_form(organizer, PATH), load_form(organizer, PATH)
    organizer.post(PATH, first | {OPENS: "10:00", CLOSES: "17:00"})

    page = organizer.post(PATH, second | {OPENS: "11:00", CLOSES: "17:00"})

    assert Schedule.objects.get().planning_opens_at.hour == 10
    assert ("Days begin at", "id_hours-planning_opens_at", "10:00") in page.context["forms"].other_version


def test_a_copied_event_has_the_hours(event):
    set_hours(event, "10:00", "16:00")

    copied = copy_event(
        source=event, name="Next", name_en="", slug="next", starts_on=datetime.date(2028, 6, 14)
    )

    assert list_local_hours(copied) == [("10:00", "16:00"), ("10:00", "16:00")]


@pytest.mark.parametrize(("opens_at", "is_saved"), [("08:00", False), ("09:00", True), (None, True)])
def test_a_day_cannot_start_after_the_hours_of_planning(organizer, event, opens_at, is_saved):
    set_hours(event, opens_at, "18:00")

    page = organizer.post("/en/organize/conf/schedule/version/", {"day_starts_at": "09:00"})

    assert ("Sessions are planned from 8:00." not in page.text) is is_saved
    assert (Schedule.objects.get().day_starts_at == datetime.time(9)) is is_saved


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "single_day", "hours"),
    [
        (None, None, (None, "13:00"), [("09:00", "18:00"), ("09:00", "13:00")]),
        (None, None, ("10:00", "13:00"), [("09:00", "18:00"), ("10:00", "13:00")]),
        ("10:00", "16:00", (None, "13:00"), [("10:00", "16:00"), ("10:00", "13:00")]),
        ("10:00", "16:00", ("08:00", "19:00"), [("10:00", "16:00"), ("08:00", "19:00")]),
    ],
)
def test_a_single_day_can_have_other_hours(event, opens_at, closes_at, single_day, hours):
    set_hours(event, opens_at, closes_at)
    DayHours.objects.create(event=event, number=2, opens_at=single_day[0], closes_at=single_day[1])

    assert list_local_hours(event) == hours


def test_a_late_session_of_another_day_does_not_extend_a_day_with_hours_of_its_own(event):
    make_session(event, "Late", starts_at=at(20), minutes=60)
    DayHours.objects.create(event=event, number=2, closes_at="13:00")

    assert list_local_hours(event) == [("09:00", "21:00"), ("09:00", "13:00")]


@pytest.mark.parametrize("mode", PlanRun.Mode)
def test_the_planner_places_talks_within_the_hours_of_each_day(event, room, mode):
    set_hours(event, "13:00", "16:00")
    DayHours.objects.create(event=event, number=2, closes_at="14:00")
    talks = [make_session(event, f"Talk {n}", starts_at=None, planned_minutes=60) for n in range(4)]

    states = load_slot_states(propose(event, mode).proposal)

    starts = sorted(states[talk.pk].starts_at.astimezone(PARIS) for talk in talks)
    assert starts == [at(13), at(14), at(15), at(13, day=17)]


def test_the_board_shows_the_hours_of_each_day(event):
    schedule = set_hours(event, "10:00", "18:00")
    DayHours.objects.create(event=event, number=2, closes_at="12:30")

    first, second = list_board_days(event, schedule, [])

    assert first.closes_at == at(18)
    assert second.opens_at == at(10, day=17)
    assert second.closes_at == at(13, day=17)


def test_hours_of_a_single_day_are_set_and_cleared_on_the_page_of_rules(organizer, event):
    organizer.post(PATH, load_form(organizer, PATH) | {SECOND_DAY_CLOSES: "13:00"})
    is_set = list_local_hours(event)
    shown = load_form(organizer, PATH)[SECOND_DAY_CLOSES]
    organizer.post(PATH, load_form(organizer, PATH) | {SECOND_DAY_CLOSES: ""})

    assert is_set == [("09:00", "18:00"), ("09:00", "13:00")]
    assert shown == ["13:00"]
    assert not DayHours.objects.exists()
    assert list_local_hours(event) == [("09:00", "18:00"), ("09:00", "18:00")]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({SECOND_DAY_OPENS: "14:00", SECOND_DAY_CLOSES: "13:00"}, "The end must be after the start."),
        ({SECOND_DAY_OPENS: "19:00"}, "Enter both start and end for this day."),
        ({SECOND_DAY_CLOSES: "08:00"}, "Enter both start and end for this day."),
        ({SECOND_DAY_OPENS: "05:00"}, "The day of the programme starts at 6:00."),
        ({OPENS: "10:00", CLOSES: "11:00", SECOND_DAY_CLOSES: "11:30"}, "These hours are too short for"),
    ],
)
def test_impossible_hours_of_a_single_day_are_refused(organizer, event, values, sentence):
    make_session(event, "Workshop", starts_at=None, planned_minutes=120)

    page = organizer.post(PATH, load_form(organizer, PATH) | values)

    assert sentence in page.text
    assert not DayHours.objects.exists()


def test_two_organizers_set_the_hours_of_different_days(organizer, event):
    first, second = load_form(organizer, PATH), load_form(organizer, PATH)
    organizer.post(PATH, first | {"hours-opens_at_1": "10:00"})

    organizer.post(PATH, second | {SECOND_DAY_CLOSES: "13:00"})

    assert list_local_hours(event) == [("10:00", "18:00"), ("09:00", "13:00")]


def test_an_event_of_one_day_has_no_hours_of_single_days(organizer, event):
    Event.objects.update(ends_at=at(18))

    assert SECOND_DAY_CLOSES not in load_form(organizer, PATH)
    assert "Other hours on single days" not in organizer.get(PATH).text


def test_a_copied_event_has_the_hours_of_single_days(event):
    DayHours.objects.create(event=event, number=2, closes_at="13:00")

    copied = copy_event(
        source=event, name="Next", name_en="", slug="next", starts_on=datetime.date(2028, 6, 14)
    )

    assert list_local_hours(copied) == [("09:00", "18:00"), ("09:00", "13:00")]


def test_a_day_cannot_start_after_the_hours_of_a_single_day(organizer, event):
    DayHours.objects.create(event=event, number=2, opens_at="08:00")

    page = organizer.post("/en/organize/conf/schedule/version/", {"day_starts_at": "09:00"})

    assert "Sessions are planned from 8:00." in page.text


def test_hours_of_the_only_day_left_can_be_cleared(organizer, event):
    DayHours.objects.create(event=event, number=1, closes_at="13:00")
    Event.objects.update(ends_at=at(18))

    organizer.post(PATH, load_form(organizer, PATH) | {"hours-closes_at_1": ""})

    assert not DayHours.objects.exists()


def test_hours_of_a_day_that_the_event_lost_do_not_limit_the_start_of_the_day(organizer, event):
    DayHours.objects.create(event=event, number=2, opens_at="08:00")
    Event.objects.update(ends_at=at(18))

    page = organizer.post("/en/organize/conf/schedule/version/", {"day_starts_at": "09:00"})

    assert "Sessions are planned from" not in page.text
