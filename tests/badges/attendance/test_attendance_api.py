"""Test GET /api/v1/events/EVENT/attendance/, the paginated presences for organizers' programs."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from badges.attendance.scanning.presence import ENTRY_LIFETIME
from convention.api.tokens import create_token
from convention.events.models import EventRole
from tests.badges.attendance.factories import make_event, make_registration
from tests.factories import make_person, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="congress", timezone="Europe/Paris")


@pytest.fixture
def organizer(event):
    return make_organizer(event)


def make_organizer(event):
    person = make_person()
    EventRole.objects.create(
        event=event, person=person, role="organizer", starts_on=datetime.date(2020, 1, 1)
    )
    return person


def get(person, query="", scope="attendance:read"):
    _row, token = create_token(person_id=person.pk, name="x", scopes=[scope])
    address = f"/api/v1/events/congress/attendance/{query}"
    return Client().get(address, headers={"Authorization": f"Bearer {token}"})


def let_in(registration, checkpoint, **fields):
    at = timezone.now()
    values = {"entries": 1, "is_inside": True, "first_entered_at": at, "last_entered_at": at}
    return Presence.objects.create(
        event=registration.event, registration=registration, checkpoint=checkpoint, **values | fields
    )


def make_session_checkpoint(event):
    session = make_session(event, "Talk")
    return session, Checkpoint.objects.create(event=event, name="Talk", kind="session", session=session)


def test_api_requires_organizer_token_with_attendance_scope(event, organizer):
    assert Client().get("/api/v1/events/congress/attendance/").status_code == 401
    assert get(organizer, scope="registrations:read").status_code == 403
    assert get(make_organizer(make_event())).status_code == 403
    assert get(organizer).status_code == 200


def test_presence_times_are_in_event_time_zone(event, organizer):
    session, checkpoint = make_session_checkpoint(event)
    registration = make_registration(event)
    entered = datetime.datetime(2027, 6, 16, 7, 30, tzinfo=datetime.UTC)
    let_in(
        registration, checkpoint, is_inside=False, first_entered_at=entered, last_entered_at=entered,
        last_left_at=entered + datetime.timedelta(minutes=20), seconds_inside=1200,
    )  # fmt: skip

    assert get(organizer).json() == {
        "next": None,
        "previous": None,
        "results": [
            {
                "registration": registration.reference,
                "checkpoint": {"name": "Talk", "kind": "session"},
                "session": str(session.guid),
                "first_entered_at": "2027-06-16T09:30:00+02:00",
                "last_entered_at": "2027-06-16T09:30:00+02:00",
                "last_left_at": "2027-06-16T09:50:00+02:00",
                "seconds_inside": 1200,
                "entries": 1,
                "is_inside": False,
            }
        ],
    }


def test_list_is_filtered_by_session_and_registration(event, organizer):
    session, checkpoint = make_session_checkpoint(event)
    entrance = event.checkpoints.get(kind="entrance")
    here, there = make_registration(event), make_registration(event)
    for registration, place in ((here, entrance), (here, checkpoint), (there, entrance)):
        let_in(registration, place)

    def places(query):
        rows = get(organizer, query).json()["results"]
        return [(row["registration"], row["checkpoint"]["name"]) for row in rows]

    assert places(f"?session={session.guid}") == [(here.reference, "Talk")]
    assert places(f"?registration={here.reference}") == [(here.reference, "Entrée"), (here.reference, "Talk")]
    assert places(f"?registration={there.reference}&session={session.guid}") == []
    assert len(places("")) == 3


def test_list_excludes_other_events_and_refused_scans(event, organizer):
    other = make_event()
    let_in(make_registration(other), other.checkpoints.get())
    let_in(make_registration(event), event.checkpoints.get(), entries=0, is_inside=False)

    assert get(organizer).json()["results"] == []


def test_expired_entry_without_exit_scan_is_not_inside(event, organizer):
    entered = timezone.now() - ENTRY_LIFETIME - datetime.timedelta(minutes=1)
    let_in(make_registration(event), event.checkpoints.get(), last_entered_at=entered)

    [row] = get(organizer).json()["results"]
    assert row["is_inside"] is False


def test_pagination_returns_all_rows_with_bounded_queries(event, organizer, django_assert_max_num_queries):
    references = [make_registration(event).reference for _each in range(5)]
    for registration in event.registrations.order_by("pk"):
        let_in(registration, event.checkpoints.get())

    first = get(organizer, "?limit=3").json()
    with django_assert_max_num_queries(12):
        second = get(organizer, "?" + first["next"].partition("?")[2]).json()

    found = [row["registration"] for page in (first, second) for row in page["results"]]
    assert found == references


@pytest.mark.parametrize("query", ["?session=x", "?session=%00", "?registration=%00", "?limit=0"])
def test_invalid_query_parameter_is_named_in_errors(organizer, query):
    answer = get(organizer, query)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [query[1:].partition("=")[0]]


@pytest.mark.parametrize(
    "guid", ["x", "{12345678-1234-5678-1234-567812345678}", "12345678123456781234567812345678", "1"]
)
def test_noncanonical_guid_is_refused_with_session_error(event, organizer, guid):
    answer = get(organizer, f"?session={guid}")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["session"]
