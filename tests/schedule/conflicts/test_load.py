"""Load a timetable from a draft and from the published programme."""

import datetime
import zoneinfo

import pytest
from django.utils import timezone

from convention.events.models import Room
from registrations.models import SessionBooking
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import DEFAULT_RULES, IGNORE, ConflictKind, KindRule
from schedule.conflicts.load import load_published_timetables, load_timetable
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.models import Availability, ConflictLevel, PersonalAgenda, Schedule, Speaker, WalkingTime
from tests.factories import make_event, make_registration, make_room, make_session, make_ticket

pytestmark = pytest.mark.django_db
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
HOUR = datetime.timedelta(hours=1)


def make_event_of_two_days(**values):
    starts_at = datetime.datetime(2027, 3, 27, 8, tzinfo=PARIS)
    ends_at = datetime.datetime(2027, 3, 28, 20, tzinfo=PARIS)
    return make_event(starts_at=starts_at, ends_at=ends_at, timezone="Europe/Paris", **values)


def test_timetable_has_all_data_that_conflicts_depend_on():
    event = make_event_of_two_days()
    room = make_room(
        event, "Aula", capacity=40, turnover_minutes=5, zone="north", features="Projector\n\n Black  board "
    )
    session = make_session(event, room=room, speakers=("Ada",), expected_attendance=50, capacity=60)
    follower = make_session(
        event, starts_at=None, follows=session, needed_features="projector", planned_minutes=90
    )
    ada = Speaker.objects.get()
    now = timezone.now()
    Availability.objects.create(speaker=ada, starts_at=now, ends_at=now + HOUR, level="can")
    Availability.objects.create(room=room, starts_at=now, ends_at=now + HOUR)
    WalkingTime.objects.create(event=event, from_zone="north", to_zone="south", minutes=7)
    ConflictLevel.objects.create(event=event, kind="track", level="ignore")
    ConflictLevel.objects.create(event=event, kind="of-a-later-version", level="warn")
    PersonalAgenda.objects.create(event=event).sessions.add(session)

    timetable = load_timetable(get_current_draft(event))

    assert timetable.rooms[room.pk].features == {"projector", "black board"}
    assert timetable.rooms[room.pk].zone == "north"
    assert timetable.sessions[session.pk].speakers == {ada.pk}
    assert timetable.sessions[session.pk].places == 60
    assert timetable.sessions[follower.pk].follows == session.pk
    assert timetable.sessions[follower.pk].duration == 90 * HOUR / 60
    assert timetable.placements.keys() == {session.pk}
    assert timetable.speaker_names == {ada.pk: "Ada"}
    assert [period.level for period in timetable.speaker_availabilities[ada.pk]] == ["can"]
    assert [period.level for period in timetable.room_availabilities[room.pk]] == ["cannot"]
    assert timetable.walking_minutes == {frozenset({"north", "south"}): 7}
    assert timetable.rules == {**DEFAULT_RULES, ConflictKind.TRACK: KindRule(IGNORE)}
    assert len(timetable.favourites[session.pk]) == 1


def test_bookings_of_active_registrations_are_loaded():
    event = make_event_of_two_days()
    session = make_session(event)
    ticket = make_ticket(event)
    booked, cancelled = make_registration(ticket), make_registration(ticket, cancelled_at=timezone.now())
    for registration in (booked, cancelled):
        SessionBooking.objects.create(registration=registration, session=session)

    timetable = load_timetable(get_current_draft(event))

    assert timetable.bookings == {session.pk: {f"registration-{booked.pk}"}}


def test_draft_and_published_timetables_are_independent():
    event = make_event_of_two_days()
    room = make_room(event)
    first, second = make_session(event, room=room), make_session(event, room=room)
    draft = get_current_draft(event)
    make_moves(draft=draft, states={second.pk: None}, author=None)

    published = load_published_timetables([event])[event.pk]

    assert [conflict.sessions for conflict in find_conflicts(published)] == [(first.pk, second.pk)]
    assert find_conflicts(load_timetable(draft)) == []


def test_planning_hours_are_nine_to_six_within_the_event():
    event = make_event_of_two_days()
    event.ends_at = datetime.datetime(2027, 3, 28, 15, tzinfo=PARIS)
    event.save()

    hours = load_published_timetables([event])[event.pk].hours

    # The clock changes in the night between the two days.
    assert [tuple(moment.astimezone(datetime.UTC).hour for moment in day) for day in hours] == [
        (8, 17),
        (7, 13),
    ]


def test_planning_hours_extend_to_the_last_session_of_a_day():
    event = make_event_of_two_days()
    late = datetime.datetime(2027, 3, 27, 23, tzinfo=PARIS)
    make_session(event, starts_at=late, minutes=120, day=late.date())
    make_session(event, starts_at=late + 11 * HOUR, minutes=60)

    first, second = load_published_timetables([event])[event.pk].hours

    assert first[1] == late + 2 * HOUR
    assert second[1] == datetime.datetime(2027, 3, 28, 20, tzinfo=PARIS)


def test_a_session_after_midnight_belongs_to_the_day_before():
    event = make_event_of_two_days()
    night = datetime.datetime(2027, 3, 28, 1, tzinfo=PARIS)
    make_session(event, starts_at=night - 12 * HOUR, minutes=60)
    make_session(event, starts_at=night, minutes=30)

    first, second = load_published_timetables([event])[event.pk].hours

    assert first[1] == night + HOUR / 2
    assert second[0] == datetime.datetime(2027, 3, 28, 9, tzinfo=PARIS)


def test_a_session_that_lasts_all_night_leaves_the_hours_of_both_days():
    event = make_event_of_two_days()
    night = datetime.datetime(2027, 3, 27, 17, tzinfo=PARIS)
    make_session(event, starts_at=night, minutes=17 * 60)

    first, second = load_published_timetables([event])[event.pk].hours

    assert first[1] == datetime.datetime(2027, 3, 27, 18, tzinfo=PARIS)
    assert second[0] == datetime.datetime(2027, 3, 28, 9, tzinfo=PARIS)


def test_planning_hours_of_two_days_do_not_overlap():
    event = make_event_of_two_days()
    make_session(event, starts_at=datetime.datetime(2027, 3, 28, 2, tzinfo=datetime.UTC), minutes=260)
    make_session(event, starts_at=datetime.datetime(2027, 3, 28, 7, tzinfo=PARIS), minutes=60)

    first, second = load_published_timetables([event])[event.pk].hours

    assert first[1] == second[0] == datetime.datetime(2027, 3, 28, 7, tzinfo=PARIS)


def test_days_begin_at_the_configured_hour():
    event = make_event_of_two_days()
    Schedule.objects.create(event=event, day_starts_at=datetime.time(0))
    night = datetime.datetime(2027, 3, 28, 1, tzinfo=PARIS)
    make_session(event, starts_at=night, minutes=30)

    first, second = load_published_timetables([event])[event.pk].hours

    assert first[1] < night
    assert second[0] == night


def test_event_end_after_midnight_adds_no_day():
    event = make_event_of_two_days()
    event.ends_at = datetime.datetime(2027, 3, 29, 2, tzinfo=PARIS)
    event.save()

    assert len(load_published_timetables([event])[event.pk].hours) == 2


@pytest.mark.parametrize("count", [1, 10])
def test_timetables_are_loaded_with_a_fixed_number_of_queries(django_assert_num_queries, count):
    events = [make_event_of_two_days() for _number in range(min(count, 3))]
    for event in events:
        Room.objects.bulk_create(Room(event=event, name=str(number)) for number in range(count))
        for _number in range(count):
            make_session(event, speakers=("Ada", "Berta"), room=event.rooms.first())
    drafts = [get_current_draft(event) for event in events]

    with django_assert_num_queries(11):
        load_timetable(drafts[0])
    with django_assert_num_queries(10):
        load_published_timetables(events)
