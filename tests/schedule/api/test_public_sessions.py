"""Public events and sessions in the API: paginated, with the UTC offset of the event."""

import base64
import datetime
import zoneinfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.events.models import Event, EventRole
from tests.factories import make_event, make_person, make_room, make_session, make_track

pytestmark = pytest.mark.django_db
KOLKATA = zoneinfo.ZoneInfo("Asia/Kolkata")


@pytest.fixture
def event():
    start = datetime.datetime(2026, 9, 10, 9, tzinfo=KOLKATA)
    return make_event(
        slug="conf",
        name="DebConf",
        timezone="Asia/Kolkata",
        starts_at=start,
        ends_at=start + datetime.timedelta(days=1),
    )


def test_event_has_times_in_its_time_zone(client, event):
    answer = client.get("/api/v1/events/conf/").json()
    del answer["registration"]["open"]  # depends on today

    assert answer == {
        "slug": "conf",
        "kind": "convention",
        "name": "DebConf",
        "name_en": "",
        "description": "",
        "starts_at": "2026-09-10T09:00:00+05:30",
        "ends_at": "2026-09-11T09:00:00+05:30",
        "timezone": "Asia/Kolkata",
        "venue": None,
        "registration": {
            "opens_at": None,
            "closes_at": "2026-09-11T09:00:00+05:30",
        },
        "cancelled_at": None,
        "url": "http://localhost:8000/events/conf/",
    }


@pytest.mark.parametrize(
    ("hours_to_opening", "hours_to_closing", "is_open"), [(-2, 1, True), (1, 2, False), (-2, -1, False)]
)
def test_event_says_whether_registration_is_open(client, hours_to_opening, hours_to_closing, is_open):
    now = timezone.now()
    make_event(
        slug="soon",
        registration_opens_at=now + datetime.timedelta(hours=hours_to_opening),
        registration_closes_at=now + datetime.timedelta(hours=hours_to_closing),
    )

    answer = client.get("/api/v1/events/soon/").json()

    assert answer["registration"]["open"] is is_open


def test_sessions_are_ordered_by_time(client, event):
    session = make_session(
        event,
        "Une",
        room=make_room(event, "A"),
        track=make_track(event),
        speakers=("Ana",),
        capacity=10,
        reserved=9,
    )
    make_session(
        event, "Avant", starts_at=event.starts_at - datetime.timedelta(hours=5), cancelled_at=event.starts_at
    )

    make_session(event, "Sans heure", starts_at=None)

    before, one = client.get("/api/v1/events/conf/sessions/").json()["results"]
    assert before["title"] == "Avant"
    assert before["day"] == "2026-09-09"
    assert before["cancelled"] is True
    assert one["guid"] == str(session.guid)
    assert one["starts_at"] == "2026-09-10T09:00:00+05:30"
    assert one["places"] == {"capacity": 10, "left": 1, "state": "filling"}
    assert (one["room"], one["track"]) == ({"name": "A"}, {"name": "Cloud", "color": "#0b5c8a"})
    assert [speaker["name"] for speaker in one["speakers"]] == ["Ana"]


def test_cursor_pages_return_each_session_once(client, event):
    for number in range(7):
        make_session(event, f"S{number}")
    titles, address = [], "/api/v1/events/conf/sessions/?limit=3"

    while address:
        page = client.get(address).json()
        titles += [row["title"] for row in page["results"]]
        address = page["next"]

    assert titles == [f"S{number}" for number in range(7)]


def test_query_count_does_not_grow_with_sessions(client, event):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/v1/events/conf/sessions/")
        return len(queries)

    make_session(event, speakers=("A",))
    few = count()
    for number in range(20):
        make_session(event, room=make_room(event, str(number)), speakers=(f"B{number}", f"C{number}"))
    assert count() == few


@pytest.mark.parametrize("address", ["", "sessions/"])
def test_draft_event_needs_organizer_token_with_scope(client, event, address):
    event.visibility = Event.Visibility.DRAFT
    event.save()
    person = make_person()
    EventRole.objects.create(
        event=event, person=person, role="organizer", starts_on=datetime.date(2020, 1, 1)
    )

    def status(scopes):
        _row, token = create_token(person_id=person.pk, name="x", scopes=scopes, lifetime=None)
        answer = client.get(f"/api/v1/events/conf/{address}", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    stranger = client.get(f"/api/v1/events/conf/{address}")
    assert stranger.status_code == 404
    assert stranger.json()["type"].rsplit("/", 1)[-1] == "not-found"
    assert status([ApiToken.Scope.EVENTS_READ]) == 200
    assert status([ApiToken.Scope.ATTENDANCE_READ]) == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=99999999999", 200),  # limited to the maximum page size
        ("limit=x", 422),
        ("limit=-1", 422),
        ("limit=0", 422),
        ("cursor=%00", 200),  # treated as no cursor
        ("cursor=abc", 404),
    ],
)
def test_invalid_limit_and_cursor_are_answered_with_status(client, event, query, status):
    assert client.get(f"/api/v1/events/conf/sessions/?{query}").status_code == status


@pytest.mark.parametrize("position", ["%00", "x", "9" * 400, "9999-99-99"])
def test_forged_cursor_is_refused(client, event, position):
    cursor = base64.b64encode(f"p={position}".encode()).decode()
    answer = client.get("/api/v1/events/conf/sessions/", {"cursor": cursor})

    assert answer.status_code == 404
    assert answer.json()["type"] == "/api/v1/problems/not-found"
