"""Conflicts count each person once, whether they booked or starred the sessions."""

import random

import pytest

from registrations.models import AgendaLink, SessionBooking
from registrations.sessions.audiences import load_starring_attendees
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import ConflictKind
from schedule.conflicts.load import load_published_timetables
from schedule.models import ConflictLevel, PersonalAgenda
from tests.factories import make_event, make_registration, make_room, make_session

from .attendees import get_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    """Return an event that reports conflicts of favourites from the first person on."""
    event = make_event()
    ConflictLevel.objects.create(event=event, kind="favourites", level="warn", minimum_people=1)
    return event


def find_people_counts(event) -> dict[ConflictKind, int]:
    conflicts = find_conflicts(load_published_timetables([event])[event.pk])
    return {conflict.kind: conflict.people_count for conflict in conflicts}


def make_agenda(event, *sessions, registration=None) -> PersonalAgenda:
    agenda = PersonalAgenda.objects.create(event=event)
    agenda.sessions.set(sessions)
    if registration:
        AgendaLink.objects.create(personal_agenda=agenda, registration=registration)
    return agenda


def test_booked_and_starred_sessions_at_the_same_time_conflict(event):
    booked, starred = make_session(event), make_session(event)
    registration = make_registration(get_ticket(event))
    SessionBooking.objects.create(registration=registration, session=booked)
    make_agenda(event, starred, registration=registration)

    assert find_people_counts(event) == {ConflictKind.FAVOURITES: 1}


def test_attendee_who_booked_and_starred_a_session_counts_once_in_its_room(event):
    room = make_room(event, capacity=1)
    session = make_session(event, room=room)
    registration = make_registration(get_ticket(event))
    SessionBooking.objects.create(registration=registration, session=session)
    make_agenda(event, session, registration=registration)

    assert find_people_counts(event) == {}


def test_two_agendas_of_one_registration_count_as_one_attendee(event):
    session = make_session(event)
    registration = make_registration(get_ticket(event))
    for _device in range(2):
        make_agenda(event, session, registration=registration)

    assert load_starring_attendees([event.pk]) == {session.pk: {f"registration-{registration.pk}"}}


def test_agendas_without_registration_are_anonymous_attendees(event):
    session = make_session(event)
    agendas = [make_agenda(event, session), make_agenda(event, session)]

    expected = {f"agenda-{agenda.pk}" for agenda in agendas}
    assert load_starring_attendees([event.pk]) == {session.pk: expected}


def test_starring_attendees_are_loaded_in_two_queries(event, django_assert_num_queries):
    session = make_session(event)
    for _number in range(5):
        make_agenda(event, session, registration=make_registration(get_ticket(event)))

    with django_assert_num_queries(2):
        load_starring_attendees([event.pk])


@pytest.mark.parametrize("seed", range(10))
def test_conflict_never_counts_more_people_than_exist(event, seed):
    rng = random.Random(seed)
    rooms = [make_room(event, f"Room {number}", capacity=1) for number in range(2)]
    sessions = [make_session(event, f"Session {n}", room=rng.choice(rooms)) for n in range(4)]
    ticket = get_ticket(event)
    registered, anonymous = rng.randrange(1, 6), rng.randrange(3)
    for _person in range(registered):
        registration = make_registration(ticket)
        for session in rng.sample(sessions, rng.randrange(3)):
            SessionBooking.objects.create(registration=registration, session=session)
        for _device in range(rng.randrange(3)):
            make_agenda(event, *rng.sample(sessions, rng.randrange(4)), registration=registration)
    for _person in range(anonymous):
        make_agenda(event, *rng.sample(sessions, rng.randrange(4)))

    conflicts = find_conflicts(load_published_timetables([event])[event.pk])

    assert conflicts
    assert max(conflict.people_count for conflict in conflicts) <= registered + anonymous
