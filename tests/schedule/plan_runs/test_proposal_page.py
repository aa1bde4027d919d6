"""The page of a proposal: its timetable as a table for each day, and its conflicts."""

import datetime
from collections import Counter

import pytest
from lxml import html

from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import PlanRun, Session, Track
from schedule.plan_runs.plan_event import plan_event
from schedule.plan_runs.runs import create_plan_run
from tests.factories import make_administrator, make_event, make_plan_run, make_room, make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    return make_event(
        slug="conf", starts_at=starts_at, ends_at=starts_at + 33 * HOUR, timezone="Europe/Paris"
    )


@pytest.fixture
def organizer(client):
    client.force_login(make_administrator())
    return client


def propose(event: Event, states: dict[Session, SlotState]) -> PlanRun:
    """Return a run whose proposal places these sessions."""
    plan_run = make_plan_run(event)
    make_moves(
        draft=plan_run.proposal, states={session.pk: state for session, state in states.items()}, author=None
    )
    return plan_run


def open_page(client, plan_run: PlanRun):
    return html.fromstring(client.get(f"/en/organize/conf/schedule/plan/{plan_run.pk}/").text)


def test_page_explains_the_weighted_total(organizer, event):
    plan_run = propose(event, {})

    page = open_page(organizer, plan_run)

    assert "The weighted total adds up the figures listed before it" in page.text_content()


def test_planned_talks_start_together_and_fill_both_days(event):
    for number in range(5):
        make_room(event, f"Room {number}")
    make_session(event, "Opening", role=Session.Role.PLENARY, minutes=45)
    for day in (0, 24):
        lunch = event.starts_at + (day + 3.5) * HOUR
        make_session(event, "Lunch", role=Session.Role.BREAK, starts_at=lunch, minutes=90)
    for number in range(30):
        make_session(event, f"Talk {number}", starts_at=None, planned_minutes=45, speakers=(f"S{number}",))
    plan_run = create_plan_run(event=event, mode=PlanRun.Mode.UNPLACED, seconds=0, seed=1, author=None)

    plan_event(plan_run)

    talks = plan_run.proposal.slots.filter(session__role=Session.Role.TALK)
    together = Counter(talks.values_list("starts_at", flat=True))
    days = Counter(start.date() for start in talks.values_list("starts_at", flat=True))
    assert sorted(together.values()) == [5] * 6
    assert sorted(days.values()) == [15, 15]
    assert plan_run.costs["start_times"] == 6


def test_the_proposal_is_shown_as_a_table_of_rooms_by_times(organizer, event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    make_session(event, "Lunch", role=Session.Role.BREAK, starts_at=event.starts_at + 3 * HOUR, minutes=60)
    placed = make_session(event, "Placed", room=aula, minutes=60)
    talk = make_session(event, "Talk", starts_at=None, planned_minutes=30)
    start = event.starts_at + HOUR / 2
    plan_run = propose(event, {talk: SlotState(lab.pk, start, start + HOUR / 2)})

    table = open_page(organizer, plan_run).xpath("//table[@class='proposal-day']")[0]

    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath(".//tr")]
    assert rows == [
        ["Time", "Aula", "Lab"],
        ["9:00", "Placed –10:00", ""],
        ["9:30", "taken until 10:00", "Talk –10:00"],
        ["12:00", "Lunch –13:00"],
    ]
    assert [link.text for link in table.xpath(".//a[@class='is-changed']")] == ["Talk"]
    assert placed.pk in load_slot_states(get_current_draft(event))


def test_a_day_without_hours_for_talks_has_a_table_of_its_own(organizer, event):
    Event.objects.update(starts_at=event.starts_at + 12 * HOUR)
    room = make_room(event, "Aula")
    reception_at = event.starts_at + 13 * HOUR
    make_session(event, "Reception", room=room, role=Session.Role.PLENARY, starts_at=reception_at)
    talk = make_session(event, "Talk", starts_at=None, planned_minutes=30)
    next_day = event.starts_at + 24 * HOUR
    plan_run = propose(event, {talk: SlotState(room.pk, next_day, next_day + HOUR / 2)})

    tables = open_page(organizer, plan_run).xpath("//table[@class='proposal-day']")

    assert ["Reception" in table.text_content() for table in tables] == [True, False]


def test_plan_page_shows_the_planning_hours(organizer, event):
    make_room(event, "Aula")
    make_session(event, "Talk")

    page = html.fromstring(organizer.get("/en/organize/conf/schedule/plan/").text)

    sentences = [" ".join(found.text_content().split()) for found in page.xpath("//p")]
    assert any("Wed 16 Jun, 9:00–18:00 · Thu 17 Jun, 9:00–18:00" in sentence for sentence in sentences)


def test_plenaries_and_breaks_do_not_extend_the_planning_hours(organizer, event):
    make_room(event, "Aula")
    make_session(event, "Welcome", role=Session.Role.PLENARY, starts_at=event.starts_at - HOUR)
    make_session(event, "Dinner", role=Session.Role.BREAK, starts_at=event.starts_at + 11 * HOUR)

    page = organizer.get("/en/organize/conf/schedule/plan/")

    assert page.context["hours"][0] == (event.starts_at, event.starts_at + 9 * HOUR)


def test_too_short_a_search_is_refused_with_one_error(organizer, event):
    fields = {"mode": PlanRun.Mode.EVERYTHING, "seconds": "-1", "seed": "1"}

    page = html.fromstring(organizer.post("/en/organize/conf/schedule/plan/", fields).text)

    errors = [link.text for link in page.xpath("//*[@id='error-summary']//a")]
    assert errors == ["Search time in seconds: Enter 1 or more."]


def test_new_conflicts_are_separated_from_remaining_ones(organizer, event):
    track = Track.objects.create(event=event, name="Networks")
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    make_session(event, "One", room=aula, track=track)
    late = event.starts_at + 3 * HOUR
    other = make_session(event, "Two", room=lab, track=track, starts_at=late)
    for title in ("Clash A", "Clash B"):
        make_session(event, title, room=aula, starts_at=late)
    plan_run = propose(event, {other: SlotState(lab.pk, event.starts_at, event.starts_at + HOUR)})

    page = open_page(organizer, plan_run)

    new = page.xpath("//div[contains(@class, 'warning')]//li")
    remaining = page.xpath("//main//details//li")
    assert [sentence.text for sentence in new if "“One” / “Two”" in sentence.text]
    assert len(new) == 1
    assert ["“Clash A” / “Clash B”" in sentence.text for sentence in remaining] == [True]


def test_resolved_conflicts_and_remaining_warnings_are_counted(organizer, event):
    track = Track.objects.create(event=event, name="Networks")
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    make_session(event, "One", room=aula, track=track)
    make_session(event, "Two", room=lab, track=track)
    late = event.starts_at + 3 * HOUR
    make_session(event, "Clash A", room=aula, starts_at=late)
    moved = make_session(event, "Clash B", room=aula, starts_at=late)
    plan_run = propose(event, {moved: SlotState(lab.pk, late, late + HOUR)})

    page = open_page(organizer, plan_run)

    assert page.xpath("//p[.='1 conflict is resolved.']")
    assert page.xpath("//main//details/summary/text()") == [
        "1 warning remains (Two sessions in the same track at once)"
    ]


def test_the_list_of_proposals_separates_number_and_state(organizer, event):
    make_session(event)
    plan_run = make_plan_run(event)

    page = html.fromstring(organizer.get("/en/organize/conf/schedule/plan/").text)

    heading = page.xpath("//table[@class='plan-runs']/thead//th")[1].text_content()
    assert heading.startswith(f"Proposal {plan_run.pk} done")
