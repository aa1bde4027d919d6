"""Conflicts on a session page: the same as in the conflict list, found among neighbouring sessions only."""

import datetime
import random

import pytest

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.load import load_neighbourhood, load_working_timetable
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.editing.overview import OverviewRow, describe_conflicts, list_session_conflicts
from schedule.models import ConflictLevel, PersonalAgenda, Session, WalkingTime
from tests.factories import make_administrator, make_event, make_room, make_session

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def make_programme(seed: int):
    """Create an event with conflicts of rooms, speakers, stars, walking, order and seats."""
    rng = random.Random(seed)
    event = make_event()
    rooms = [make_room(event, f"Room {n}", zone=f"zone {n % 2}", capacity=1) for n in range(3)]
    WalkingTime.objects.create(event=event, from_zone="zone 0", to_zone="zone 1", minutes=90)
    ConflictLevel.objects.create(event=event, kind="favourites", level="warn", minimum_people=1)
    sessions: list[Session] = []
    for number in range(16):
        session = make_session(
            event,
            f"Session {number}",
            room=rng.choice([None, *rooms]),
            starts_at=event.starts_at + rng.randrange(12) * HOUR / 2,
            speakers=tuple(rng.sample(["Ada", "Berta", "Cleo"], rng.randrange(3))),
            follows=rng.choice([None, *sessions]),
            role=rng.choice([Session.Role.TALK] * 5 + [Session.Role.PLENARY, Session.Role.BREAK]),
        )
        sessions.append(session)
    for _person in range(5):
        PersonalAgenda.objects.create(event=event).sessions.set(rng.sample(sessions, 5))
    return event, sessions


def list_all_conflicts(session: Session):
    timetable = load_working_timetable(session.event)
    conflicts = [one for one in find_conflicts(timetable) if session.pk in one.sessions]
    return describe_conflicts(OverviewRow(session, conflicts=conflicts), timetable)


def to_texts(notes) -> list[tuple[str, list[int]]]:
    return sorted((note.text, [other.key for other in note.others]) for note in notes)


@pytest.mark.parametrize("seed", range(4))
def test_conflicts_of_a_session_equal_those_of_the_full_list(seed):
    event, sessions = make_programme(seed)
    published = [to_texts(list_session_conflicts(session)) for session in sessions]
    expected = [to_texts(list_all_conflicts(session)) for session in sessions]
    make_moves(draft=get_current_draft(event), states={sessions[0].pk: None}, author=None)

    assert published == expected
    assert any(published)
    for session in sessions:
        assert to_texts(list_session_conflicts(session)) == to_texts(list_all_conflicts(session))


def test_sessions_of_other_times_are_not_loaded():
    event = make_event()
    session = make_session(event)
    near = make_session(event, starts_at=event.starts_at + HOUR / 2)
    follower = make_session(event, starts_at=event.starts_at + 8 * HOUR, follows=session)
    make_session(event, starts_at=event.starts_at + 6 * HOUR)

    timetable = load_neighbourhood(session)

    assert timetable.sessions.keys() == {session.pk, near.pk, follower.pk}


def test_a_session_without_a_time_has_no_conflicts():
    assert list_session_conflicts(make_session(make_event(), starts_at=None)) == []


def test_session_conflicts_query_count_is_constant(django_assert_num_queries):
    event = make_event()
    session = make_session(event, room=make_room(event), speakers=("Ada",))

    def count_queries():
        with django_assert_num_queries(13):
            list_session_conflicts(session)

    count_queries()
    for number in range(30):
        make_session(event, f"Session {number}", room=session.room, speakers=(f"Ada {number}",))
    count_queries()


def test_session_page_query_count_is_constant(client, django_assert_num_queries):
    event = make_event(slug="conf")
    session = make_session(event, room=make_room(event), speakers=("Ada",))
    get_current_draft(event)
    client.force_login(make_administrator())
    address = f"/organize/conf/schedule/{session.number}/"
    client.get(address)

    def count_queries():
        with django_assert_num_queries(34):
            client.get(address)

    count_queries()
    for number in range(30):
        make_session(event, f"Session {number}", room=session.room, speakers=(f"Ada {number}",))
    count_queries()
