"""List the places of a day with their drawbacks for a session, and move the session to one."""

import datetime

import pytest
from django.utils import translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import Event
from schedule.conflicts.load import load_working_timetable
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import SlotChangedMeanwhile, make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Session, Slot
from schedule.plan_runs.session_places import PlaceNotPossible, list_places, move_to_place
from tests.factories import (
    make_administrator,
    make_event,
    make_person,
    make_plan_run,
    make_room,
    make_session,
)

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
ADDRESS = "/en/organize/conf/schedule/plan/explain/{}/"


@pytest.fixture
def event() -> Event:
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    return make_event(
        slug="conf", starts_at=starts_at, ends_at=starts_at + 34 * HOUR, timezone="Europe/Paris"
    )


@pytest.fixture
def organizer(client):
    client.force_login(make_administrator())
    return client


def list_first_day(event: Event, session: Session):
    timetable = load_working_timetable(event)
    with translation.override("en"):
        return list_places(timetable, session.pk, timetable.hours[0])


def find_place(places, room, starts_at):
    return next(place for place in places if (place.room, place.starts_at) == (room.pk, starts_at))


def test_dinner_is_moved_within_the_evening_that_talks_do_not_use(event):
    make_room(event, "Aula")
    dinner = make_session(event, "Dinner", role=Session.Role.BREAK, starts_at=event.starts_at + 11 * HOUR)
    late = dinner.starts_at + HOUR / 2
    make_session(event, "Awards", role=Session.Role.PLENARY, starts_at=late, minutes=90)

    moves = move_to_place(session=dinner, room=None, starts_at=late, author=make_person())

    assert [move.session for move in moves] == [dinner]


def test_taken_place_is_blocked_and_names_the_other_session(event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    talk = make_session(event, "Talk", room=aula)
    other = make_session(event, "Other", room=lab)

    place = find_place(list_first_day(event, talk), lab, event.starts_at)

    assert place.is_blocked
    assert place.sentences == ["Lab is double-booked."]
    assert [session.key for session in place.others] == [other.pk]


def test_places_are_sorted_by_conflicts_then_distance(event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    talk = make_session(event, "Talk", room=aula)
    make_session(event, "Other", room=aula)

    places = list_first_day(event, talk)

    assert places[0].room == lab.pk
    assert places[0].starts_at == event.starts_at
    assert [place.is_blocked for place in places] == sorted(place.is_blocked for place in places)
    assert find_place(places, aula, event.starts_at).is_current


def test_place_names_speaker_with_another_session_at_that_time(event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    talk = make_session(event, "Talk", room=aula, speakers=("Ada",))
    make_session(event, "Other", room=lab, speakers=("Ada",), starts_at=event.starts_at + 2 * HOUR)

    place = find_place(list_first_day(event, talk), aula, event.starts_at + 2 * HOUR)

    assert place.sentences == ["Ada speaks in two sessions at the same time."]


def test_place_during_a_break_that_has_a_room_names_the_break(event):
    aula, hall = make_room(event, "Aula"), make_room(event, "Hall")
    talk = make_session(event, "Talk", room=aula)
    lunch = event.starts_at + 4 * HOUR
    make_session(event, "Lunch", room=hall, starts_at=lunch, role=Session.Role.BREAK)

    place = find_place(list_first_day(event, talk), aula, lunch)

    assert place.sentences == ["A session runs during “Lunch”, which is for everyone."]


def test_places_are_listed_for_unscheduled_session(event):
    room = make_room(event, "Aula")
    talk = make_session(event, "Talk", starts_at=None, planned_minutes=50)

    places = list_first_day(event, talk)

    assert places[0].room == room.pk
    assert places[0].starts_at == event.starts_at
    assert places[0].ends_at - places[0].starts_at == datetime.timedelta(minutes=50)


def test_move_preserves_duration_and_pins_and_is_audited(event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    talk = make_session(event, "Talk", room=aula, minutes=45)
    Slot.objects.filter(draft=get_current_draft(event)).update(is_room_pinned=True)
    start = event.starts_at + 3 * HOUR

    moves = move_to_place(session=talk, room=lab.pk, starts_at=start, author=make_person())

    assert len(moves) == 1
    assert load_slot_states(get_current_draft(event))[talk.pk] == SlotState(
        lab.pk, start, start + datetime.timedelta(minutes=45), is_room_pinned=True
    )
    assert AuditEntry.objects.filter(verb="session.place").count() == 1


@pytest.mark.parametrize(("room", "hours"), [(0, 1), (None, 1), (1, -3), (1, 14), (1, 9_000)], ids=str)
def test_an_impossible_place_is_refused_and_nothing_moves(event, room, hours):
    aula = make_room(event, "Aula")
    talk = make_session(event, "Talk", room=aula)
    before = load_slot_states(get_current_draft(event))

    with pytest.raises(PlaceNotPossible):
        move_to_place(
            session=talk,
            room=aula.pk if room == 1 else room,
            starts_at=event.starts_at + hours * HOUR,
            author=make_person(),
        )

    assert load_slot_states(get_current_draft(event)) == before


def test_move_is_refused_after_a_concurrent_move(event):
    aula = make_room(event, "Aula")
    talk = make_session(event, "Talk", room=aula)
    draft = get_current_draft(event)
    seen = draft.revision
    start = event.starts_at + HOUR
    make_moves(draft=draft, states={talk.pk: SlotState(aula.pk, start, start + HOUR)}, author=make_person())

    with pytest.raises(SlotChangedMeanwhile):
        move_to_place(
            session=talk,
            room=aula.pk,
            starts_at=event.starts_at + 2 * HOUR,
            author=make_person(),
            seen_revision=seen,
        )


def test_button_on_the_page_moves_the_session(organizer, event):
    aula, lab = make_room(event, "Aula"), make_room(event, "Lab")
    talk = make_session(event, "Talk", room=aula)
    make_session(event, "Other", room=aula)
    address = ADDRESS.format(talk.number)

    page = html.fromstring(organizer.get(address).text)
    button = page.xpath("//main//table//button")[0]
    fields = dict(button.xpath("ancestor::form")[0].form_values()) | {"starts_at": button.get("value")}
    response = organizer.post(f"{address}move/", fields)

    assert response.headers["Location"] == address
    state = load_slot_states(get_current_draft(event))[talk.pk]
    assert state.room_id == lab.pk
    assert state.starts_at == event.starts_at


def test_another_day_can_be_chosen(organizer, event):
    talk = make_session(event, "Talk", room=make_room(event, "Aula"))

    page = html.fromstring(organizer.get(ADDRESS.format(talk.number), {"day": "2"}).text)

    assert page.xpath("//select[@id='day']/option[@selected]/@value") == ["2"]
    assert page.xpath("//main//table//button/@value")[0].startswith("2027-06-17")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"starts_at": "soon"},
        {"starts_at": "2027-06-16T09:00"},
        {"starts_at": "9999-12-31T23:59:59+00:00", "room": "1"},
        {"starts_at": "0001-01-01T00:00:00+14:00", "room": "9" * 30, "revision": "9" * 30},
    ],
)
def test_crafted_move_is_refused_with_an_error_message(organizer, event, fields):
    talk = make_session(event, "Talk", room=make_room(event, "Aula"))

    address = ADDRESS.format(talk.number)
    response = organizer.post(f"{address}move/", fields, follow=True)

    assert response.redirect_chain == [(address, 302)]
    assert "othing was moved" in response.text


def test_the_page_is_linked_from_the_session_and_from_its_conflicts(organizer, event):
    aula = make_room(event, "Aula")
    talk = make_session(event, "Talk", room=aula)
    make_session(event, "Other", room=aula)
    address = ADDRESS.format(talk.number)

    form = organizer.get(f"/en/organize/conf/schedule/{talk.number}/")
    conflicts = organizer.get("/en/organize/conf/schedule/conflicts/")

    assert address in form.text
    assert address in conflicts.text


def test_equal_places_are_grouped_and_only_the_best_are_shown(organizer, event):
    aula = make_room(event, "Aula")
    make_room(event, "Lab")
    make_room(event, "Attic")
    talk = make_session(event, "Talk", room=aula)
    address = ADDRESS.format(talk.number)

    page = html.fromstring(organizer.get(address).text)
    everything = html.fromstring(organizer.get(address, {"all": "1"}).text)

    assert page.xpath("//main//h2/text()") == ["Slots with no drawbacks"]
    assert len(page.xpath("//main//table/tbody/tr")) == 20
    assert page.xpath("//a[contains(., 'Show all: ')]/@href") == ["?day=1&all=1"]
    assert len(everything.xpath("//main//table/tbody/tr")) > 20


def test_page_shows_the_place_in_a_proposal(organizer, event):
    lab = make_room(event, "Lab")
    talk = make_session(event, "Talk", starts_at=None, planned_minutes=60)
    plan_run = make_plan_run(event)
    start = event.starts_at + 25 * HOUR
    make_moves(draft=plan_run.proposal, states={talk.pk: SlotState(lab.pk, start, start + HOUR)}, author=None)

    run_page = html.fromstring(organizer.get(f"/en/organize/conf/schedule/plan/{plan_run.pk}/").text)
    [link] = run_page.xpath("//a[contains(., 'Other slots')]")
    page = html.fromstring(organizer.get(link.get("href")).text)

    assert link.get("aria-label") is None
    text = " ".join(page.xpath("//main")[0].text_content().split())
    assert f"Talk · Thu 17 Jun, 10:00–11:00 · Lab in proposal {plan_run.pk}" in text
    assert len(page.xpath("//tr[contains(., 'Current slot')]")) == 1
    assert page.xpath("//main//table//button") == []
    assert page.xpath("//select[@id='day']/option[@selected]/@value") == ["2"]


@pytest.mark.parametrize("run", ["0", "soon", "9" * 30])
def test_an_unknown_proposal_is_ignored(organizer, event, run):
    talk = make_session(event, "Talk", room=make_room(event, "Aula"))

    page = html.fromstring(organizer.get(ADDRESS.format(talk.number), {"run": run}).text)

    assert page.xpath("//main//table//button")
