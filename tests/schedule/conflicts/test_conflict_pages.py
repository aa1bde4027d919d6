"""Organizer pages: conflict list with fixes, conflict rules, and availability of rooms and speakers."""

import datetime

import pytest
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import EventRole
from convention.web.edit_conflicts import compute_fingerprint
from schedule.conflicts.forms import MAX_ZONES
from schedule.conflicts.load import load_working_timetable
from schedule.drafts.current_draft import find_current_draft, get_current_draft, load_slot_states
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import Availability, ConflictLevel, Move, Speaker, WalkingTime
from tests.factories import make_event, make_person, make_room, make_session

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ADDRESS = "/en/organize/conf/schedule/conflicts/"
RULES = "/en/organize/conf/schedule/rules/"
HOUR = datetime.timedelta(hours=1)
# The field of the minutes between the zones north and south.
WALK = f"walk-{compute_fingerprint(('north', 'south'))}"


@pytest.fixture
def event():
    starts_at = datetime.datetime(2027, 6, 16, 7, tzinfo=datetime.UTC)
    return make_event(
        slug="conf", starts_at=starts_at, ends_at=starts_at + 34 * HOUR, timezone="Europe/Paris"
    )


@pytest.fixture
def organizer(client, event):
    person = make_person()
    EventRole.objects.create(
        event=event, person=person, role=EventRole.Role.ORGANIZER, starts_on=datetime.date(2020, 1, 1)
    )
    client.force_login(person)
    return client


def get_page(client, address=ADDRESS):
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.text)


def get_texts(page, path):
    return [" ".join(node.text_content().split()) for node in page.xpath(path)]


def get_titles(page):
    return get_texts(page, "//ul[contains(@class, 'conflicts')]/li/div/p[@class='listing-title']")


def fill_form(page, path="//main//form[@method='post']"):
    form = page.xpath(path)[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def test_conflict_list_names_affected_people_and_suggested_fix(organizer, event):
    aula = make_room(event, "Aula", capacity=400)
    make_session(event, "Opening", room=aula, speakers=("Ada",), expected_attendance=300, capacity=900)
    make_session(event, "Copy", room=aula, starts_at=event.starts_at + HOUR / 2)

    page = get_page(organizer)

    assert get_titles(page) == ["Aula is 500 seats short.", "Aula is double-booked."]
    assert "Ada and 300 attendees" in page.text_content()
    assert "Move “Copy” to 9:50" in page.text_content()
    assert "No single move or swap resolves this without causing another conflict" in page.text_content()


def test_fix_is_applied_to_the_draft_and_can_be_undone(organizer, event):
    aula = make_room(event, "Aula")
    sessions = [make_session(event, "Opening", room=aula), make_session(event, "Copy", room=aula)]
    published = {session.pk: SlotState.of_session(session) for session in sessions}
    values = fill_form(get_page(organizer))

    response = organizer.post(f"{ADDRESS}fix/", values)

    draft = find_current_draft(event)
    assert response["Location"].endswith("/conflicts/?undo=1")
    assert len(load_slot_states(draft).items() - published.items()) == 1
    assert {session.pk: SlotState.of_session(session) for session in event.sessions.all()} == published
    assert AuditEntry.objects.get(verb="draft.solve_conflict").event == "conf"
    page = get_page(organizer, response["Location"])
    assert get_titles(page) == []
    organizer.post(f"{ADDRESS}undo/", fill_form(page))
    assert load_slot_states(draft) == published
    assert AuditEntry.objects.filter(verb="draft.undo").count() == 1
    assert len(get_titles(get_page(organizer))) == 1


def test_outdated_fix_is_not_applied(organizer, event):
    aula = make_room(event, "Aula")
    first, second = make_session(event, "Opening", room=aula), make_session(event, "Copy", room=aula)
    values = fill_form(get_page(organizer))
    draft = get_current_draft(event)
    states = load_slot_states(draft)
    make_moves(draft=draft, states={first.pk: None}, author=None)

    response = organizer.post(f"{ADDRESS}fix/", values, follow=True)

    assert response.redirect_chain == [(ADDRESS, 302)]
    assert "nothing was moved" in response.text
    assert load_slot_states(draft) == {second.pk: states[second.pk]}


def test_unknown_conflict_or_batch_is_refused_with_a_message(organizer, event):
    fixed = organizer.post(f"{ADDRESS}fix/", {"conflict": "room-1-2", "fix": "x"}, follow=True)
    undone = organizer.post(f"{ADDRESS}undo/", {"batch": "99999999999999999999"}, follow=True)
    empty = organizer.post(f"{ADDRESS}undo/", follow=True)

    assert "nothing was moved" in fixed.text
    assert "There is nothing to undo." in undone.text
    assert "There is nothing to undo." in empty.text


def test_conflicts_are_filtered_by_kind_level_and_day(organizer, event):
    aula = make_room(event, "Aula", capacity=10)
    make_session(event, "One", room=aula)
    make_session(event, "Two", room=aula)
    make_session(event, "Big", room=aula, starts_at=event.starts_at + 24 * HOUR, expected_attendance=11)
    room, seats = "Aula is double-booked.", "Aula is 1 seat short."

    assert get_titles(get_page(organizer, f"{ADDRESS}?kind=room")) == [room]
    assert get_titles(get_page(organizer, f"{ADDRESS}?level=warn")) == [seats]
    assert get_titles(get_page(organizer, f"{ADDRESS}?day=2027-06-16")) == [room]
    assert get_titles(get_page(organizer, f"{ADDRESS}?day=2027-06-17")) == [seats]
    assert get_titles(get_page(organizer, f"{ADDRESS}?kind=x%00&level=y&day=z&page=99&undo=²")) == []


def test_session_list_omits_conflicts_resolved_in_the_draft(organizer, event):
    aula = make_room(event, "Aula")
    make_session(event, "One", room=aula)
    two = make_session(event, "Two", room=aula)
    address = "/en/organize/conf/schedule/"

    before = get_page(organizer, address)
    make_moves(draft=get_current_draft(event), states={two.pk: None}, author=None)
    after = get_page(organizer, address)

    path = "//small[@class='conflict']"
    sentence = "Aula is double-booked."
    assert get_texts(before, path) == [f"{sentence} Two", f"{sentence} One"]
    assert get_texts(after, path) == []


def test_conflict_list_query_count_is_constant(organizer, event, django_assert_num_queries):
    aula = make_room(event, "Aula")
    for number in range(2):
        make_session(event, f"Early {number}", room=aula)

    def count_queries():
        with django_assert_num_queries(23):
            organizer.get(ADDRESS)

    organizer.get(ADDRESS)
    count_queries()
    for number in range(20):
        make_session(event, f"Late {number}", room=aula, speakers=(f"Ada {number}",))
    count_queries()


def test_levels_and_walking_times_are_saved(organizer, event):
    make_room(event, "Aula", zone="north")
    make_room(event, "Lab", zone="south")
    values = fill_form(get_page(organizer, RULES))

    response = organizer.post(
        RULES,
        {
            **values,
            "room-level": "ignore",
            "walking-minutes": "8",
            "favourites-minimum_people": "2",
            WALK: "12",
        },
    )

    assert response.status_code == 302
    assert {*ConflictLevel.objects.values_list("kind", "level", "minutes", "minimum_people")} == {
        ("room", "ignore", None, None),
        ("walking", "warn", 8, None),
        ("favourites", "warn", None, 2),
    }
    assert WalkingTime.objects.values_list("from_zone", "to_zone", "minutes").get() == ("north", "south", 12)
    timetable = load_working_timetable(event)
    assert timetable.rules["favourites"].minimum_people == 2
    assert fill_form(get_page(organizer, RULES))[WALK] == "12"


def test_default_rules_are_not_stored(organizer, event):
    ConflictLevel.objects.create(event=event, kind="room", level="warn")
    values = fill_form(get_page(organizer, RULES))

    organizer.post(RULES, {**values, "room-level": "block"})

    assert not ConflictLevel.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("room-level", "x"),
        ("walking-minutes", "-1"),
        ("favourites-minimum_people", "0"),
        (WALK, "-1"),
        (WALK, "1441"),
        (WALK, "soon"),
        (WALK, "²"),
        (WALK, "9" * 5000),
        (WALK, "1\0"),
    ],
)
def test_one_invalid_rule_prevents_saving_any(organizer, event, name, value):
    make_room(event, "Aula", zone="north")
    make_room(event, "Lab", zone="south")
    values = fill_form(get_page(organizer, RULES))

    response = organizer.post(RULES, {**values, "track-level": "ignore", name: value})

    assert response.status_code == 200
    assert html.fromstring(response.text).xpath("//*[contains(@class, 'errorlist')]")
    assert not ConflictLevel.objects.exists()
    assert not WalkingTime.objects.exists()


def test_error_summary_names_the_rule_of_each_error(organizer):
    values = fill_form(get_page(organizer, RULES))

    response = organizer.post(RULES, {**values, "walking-minutes": "-1", "favourites-minimum_people": "0"})

    boxes = html.fromstring(response.text).xpath("//*[@id='error-summary']")
    assert [[item.text_content().split(":")[0] for item in box.xpath(".//li")] for box in boxes] == [
        ["Too little time to walk, Minutes", "Two favourites at once, Minimum number of people"],
    ]


def test_unknown_walking_time_fields_are_ignored(organizer, event):
    make_room(event, "Aula", zone="north")
    make_room(event, "Lab", zone="south")
    values = fill_form(get_page(organizer, RULES))

    organizer.post(RULES, {**values, WALK: "3", "walk-0-9": "7", "walk-1-0": "8"})

    assert list(WalkingTime.objects.values_list("from_zone", "to_zone", "minutes")) == [("north", "south", 3)]


def test_too_many_zones_show_a_message_and_leave_walking_times_unchanged(organizer, event):
    for number in range(MAX_ZONES + 1):
        make_room(event, f"Room {number}", zone=f"zone {number}")
    WalkingTime.objects.create(event=event, from_zone="zone 0", to_zone="zone 1", minutes=4)
    page = get_page(organizer, RULES)

    organizer.post(RULES, {**fill_form(page), "room-level": "ignore", WALK: "9"})

    assert "Walking times can be set between 20 zones at most." in page.text_content()
    assert page.xpath("//input[starts-with(@name, 'walk-')]") == []
    assert ConflictLevel.objects.get().kind == "room"
    assert WalkingTime.objects.get().minutes == 4


def test_room_cannot_get_a_new_zone_above_the_limit(organizer, event):
    rooms = [make_room(event, f"Room {number}", zone=f"zone {number}") for number in range(MAX_ZONES)]
    extra = make_room(event, "Extra")

    def save_zone(room, zone):
        address = f"/en/organize/conf/schedule/rooms/{room.pk}/"
        return organizer.post(address, {**fill_form(get_page(organizer, address)), "zone": zone})

    refused = save_zone(extra, "one more")
    save_zone(rooms[0], "renamed")

    assert "Walking times can be set between 20 zones at most." in refused.text
    assert sorted(event.rooms.values_list("zone", flat=True)[:3]) == ["renamed", "zone 1", "zone 2"]
    assert event.rooms.get(name="Extra").zone == ""


def test_room_form_saves_turnover_zone_equipment_and_availability(organizer, event):
    room = make_room(event, "Aula")
    address = f"/en/organize/conf/schedule/rooms/{room.pk}/"
    values = fill_form(get_page(organizer, address))

    organizer.post(
        address,
        {
            **values,
            "turnover_minutes": "10",
            "zone": " north  wing ",
            "features": "Projector",
            "time-0-starts_at": "2027-06-16T12:00",
            "time-0-ends_at": "2027-06-16T14:00",
        },
    )

    room.refresh_from_db()
    period = Availability.objects.get()
    assert room.turnover_minutes == 10
    assert room.zone == "north wing"
    assert room.features == "Projector"
    assert period.room == room
    assert period.level == "cannot"
    assert period.starts_at == datetime.datetime(2027, 6, 16, 10, tzinfo=datetime.UTC)


def test_speaker_availability_is_added_and_removed(organizer, event):
    make_session(event, speakers=("Ada",))
    ada = Speaker.objects.get()
    address = f"/en/organize/conf/schedule/speakers/{ada.pk}/times/"
    values = fill_form(get_page(organizer, address))
    time = {"time-0-starts_at": "2027-06-16T12:00", "time-0-ends_at": "2027-06-16T14:00"}

    organizer.post(address, {**values, **time, "time-0-level": "can"})
    page = get_page(organizer, f"/en/organize/conf/schedule/speakers/{ada.pk}/")
    stored = list(Availability.objects.values_list("speaker", "level"))
    values = fill_form(get_page(organizer, address))
    organizer.post(address, {**values, "time-0-starts_at": "", "time-0-ends_at": ""})

    assert stored == [(ada.pk, "can")]
    assert "12:00" in page.text_content()
    assert not Availability.objects.exists()


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "sentence"),
    [
        ("2027-06-16T12:00", "", "Enter both start and end"),
        ("2027-06-16T12:00", "2027-06-16T12:00", "The end must be after the start."),
        ("1027-06-16T12:00", "2027-06-16T12:00", "Check the year of these dates."),
        ("never", "2027-06-16T12:00", "Enter a valid date and time."),
    ],
)
def test_invalid_availability_is_refused_with_an_error(organizer, event, starts_at, ends_at, sentence):
    make_session(event, speakers=("Ada",))
    address = f"/en/organize/conf/schedule/speakers/{Speaker.objects.get().pk}/times/"
    values = fill_form(get_page(organizer, address))

    response = organizer.post(address, {**values, "time-0-starts_at": starts_at, "time-0-ends_at": ends_at})

    assert sentence in response.text
    assert not Availability.objects.exists()


def test_a_room_of_another_event_is_not_found(organizer):
    other = make_room(make_event(), "Aula")

    response = organizer.get(f"/en/organize/conf/schedule/rooms/{other.pk}/")

    assert response.status_code == 404


def test_conflict_list_creates_no_draft_or_moves(organizer, event):
    make_session(event)

    get_page(organizer)

    assert find_current_draft(event) is None
    assert not Move.objects.exists()


def test_each_period_has_one_availability_in_french(organizer, event):
    room = make_room(event, "Aula")

    page = get_page(organizer, f"/organize/conf/schedule/rooms/{room.pk}/")

    assert set(get_texts(page, "//label[contains(@for, '-level')]")) == {"Disponibilité"}
