"""Reading and writing speakers and rooms through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.audit.models import AuditEntry
from convention.events.models import Room
from schedule.models import Schedule, Speaker
from tests.factories import make_person, make_room, make_session, make_staff

from .programs import Program, make_planned_event, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_planned_event()


@pytest.fixture
def program(event):
    return make_program(event)


def make_speaker(event, name="Ana Silva", **fields):
    return Speaker.objects.create(event=event, name=name, **fields)


def test_speakers_are_listed_with_their_sessions(event, program):
    session = make_session(event, speakers=("Ana",), starts_at=None)
    speaker = event.speakers.get()

    rows = program.get("speakers/").json()["results"]

    assert rows == [
        {
            "guid": str(speaker.guid),
            "name": "Ana",
            "biography": "",
            "external_url": "",
            "sessions": [str(session.guid)],
        }
    ]


def test_speaker_addresses_are_not_disclosed(event, program):
    make_speaker(event, email="ana@example.org")

    assert b"ana@example.org" not in program.get("speakers/").content


def test_reading_speakers_is_recorded(event, program):
    program.get("speakers/")

    assert AuditEntry.objects.filter(verb="speakers.read", event="x").count() == 1


@pytest.mark.parametrize("path", ["speakers/", "rooms/"])
def test_list_query_counts_are_constant(event, program, path):
    make_session(event, speakers=("Ana",), room=make_room(event))
    program.get(path)

    def count_queries():
        with CaptureQueriesContext(connection) as queries:
            assert program.get(path).status_code == 200
        return len(queries)

    few = count_queries()
    for number in range(6):
        make_session(event, speakers=(f"S{number}",), room=make_room(event, f"R{number}"))

    assert count_queries() == few


def test_a_speaker_is_added(event, program):
    answer = program.post("speakers/", {"name": " Ada  Byron ", "external_url": "https://ada.example/"})

    speaker = event.speakers.get()
    assert answer.status_code == 201
    assert answer.json()["guid"] == str(speaker.guid)
    assert speaker.name == "Ada Byron"
    assert speaker.url == "https://ada.example/"


def test_omitted_speaker_fields_are_unchanged(event, program):
    speaker = make_speaker(event, url="https://ana.example/", email="ana@example.org")

    answer = program.patch(f"speakers/{speaker.guid}/", {"biography": "Mathématicienne."})

    speaker.refresh_from_db()
    assert answer.json()["biography"] == "Mathématicienne."
    assert speaker.url == "https://ana.example/"
    assert speaker.email == "ana@example.org"
    assert Schedule.objects.get().revision == 1


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x" * 1001}, "name"),
        ({"biography": "x" * 200_000}, "biography"),
        ({"biography": "\v" * 200_000}, "biography"),
        ({"biography": None}, "biography"),
        ({"external_url": "javascript:alert(1)"}, "external_url"),
    ],
)
def test_invalid_speaker_field_is_named(event, program, change, member):
    speaker = make_speaker(event)

    added = program.post("speakers/", {"name": "Ada", **change})
    changed = program.patch(f"speakers/{speaker.guid}/", change)

    assert added.status_code == 422
    assert list(added.json()["errors"]) == [member]
    assert changed.status_code == 422
    assert list(changed.json()["errors"]) == [member]
    assert event.speakers.get().name == "Ana Silva"


def test_rooms_are_listed(event, program):
    room = make_room(event, capacity=80, zone="Nord")

    assert program.get("rooms/").json()["results"] == [
        {
            "id": room.pk,
            "name": "Auditorium",
            "capacity": 80,
            "position": 0,
            "turnover_minutes": 0,
            "zone": "Nord",
            "features": "",
        }
    ]


def test_a_room_is_added_after_the_others(event, program):
    make_room(event, position=4)

    answer = program.post("rooms/", {"name": "Salle  2", "capacity": 30, "turnover_minutes": 10})

    room = event.rooms.get(name="Salle 2")
    assert answer.status_code == 201
    assert answer.json()["id"] == room.pk
    assert room.position == 5
    assert room.turnover_minutes == 10
    assert AuditEntry.objects.filter(verb="rooms.change", event="x").count() == 1


def test_omitted_room_fields_are_unchanged(event, program):
    room = make_room(event, capacity=80, zone="Nord")

    answer = program.patch(f"rooms/{room.pk}/", {"features": "projector"})

    room.refresh_from_db()
    assert answer.json()["features"] == "projector"
    assert room.capacity == 80
    assert room.zone == "Nord"


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"name": "Salle 2"}, "name"),
        ({"name": " "}, "name"),
        ({"name": []}, "name"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": "80"}, "capacity"),
        ({"capacity": 2**70}, "capacity"),
        ({"position": None}, "position"),
        ({"turnover_minutes": 1441}, "turnover_minutes"),
        ({"zone": "x" * 101}, "zone"),
        ({"features": "x" * 5001}, "features"),
    ],
)
def test_invalid_room_field_is_named(event, program, change, member):
    room, _other = make_room(event), make_room(event, "Salle 2")

    added = program.post("rooms/", {"name": "Salle 3", **change})
    changed = program.patch(f"rooms/{room.pk}/", {"zone": "Nord", **change})

    room.refresh_from_db()
    assert added.status_code == 422
    assert list(added.json()["errors"]) == [member]
    assert changed.status_code == 422
    assert list(changed.json()["errors"]) == [member]
    assert room.zone == ""
    assert event.rooms.count() == 2


def test_speaker_and_room_of_another_event_are_not_found(program):
    elsewhere = make_planned_event("elsewhere")
    speaker, room = make_speaker(elsewhere), make_room(elsewhere)

    assert program.patch(f"speakers/{speaker.guid}/", {"name": "Neuf"}).status_code == 404
    assert program.patch(f"rooms/{room.pk}/", {"name": "Neuf"}).status_code == 404
    assert program.patch(f"rooms/{2**70}/", {"name": "Neuf"}).status_code == 404
    assert Room.objects.get().name == "Auditorium"


def list_statuses(caller, event):
    """Return the statuses of reading, adding and changing speakers and rooms."""
    speaker, room = make_speaker(event), make_room(event)
    answers = [
        caller.get("speakers/"),
        caller.get("rooms/"),
        caller.post("speakers/", {"name": "Neuf"}),
        caller.post("rooms/", {"name": "Neuf"}),
        caller.patch(f"speakers/{speaker.guid}/", {"name": "Neuf"}),
        caller.patch(f"rooms/{room.pk}/", {"name": "Neuve"}),
    ]
    return [answer.status_code for answer in answers]


def test_speaker_and_room_endpoints_need_a_token(event):
    assert list_statuses(Program(event.slug), event) == [401] * 6


@pytest.mark.parametrize("role", ["desk", "none"])
def test_speaker_and_room_endpoints_are_for_organizers_only(event, role):
    person = make_staff(event, "desk") if role == "desk" else make_person()

    assert list_statuses(make_program(event, person=person), event) == [403] * 6


def test_read_only_token_cannot_write(event):
    reader = make_program(event, scopes=["schedule:read"])

    assert list_statuses(reader, event) == [200, 200, 403, 403, 403, 403]


def test_removing_speaker_does_not_remove_sessions(event, program):
    session = make_session(event, speakers=("Ana", "Bob"))
    guid = event.speakers.get(name="Ana").guid

    answer = program.delete(f"speakers/{guid}/")

    assert answer.json() == {"deleted": True}
    assert [speaker.name for speaker in session.speakers.all()] == ["Bob"]
    assert AuditEntry.objects.filter(verb="speaker.remove").count() == 1
    assert program.delete(f"speakers/{guid}/").status_code == 404


def test_an_empty_room_is_removed(event, program):
    room = make_room(event)

    answer = program.delete(f"rooms/{room.pk}/")

    assert answer.json() == {"deleted": True}
    assert not event.rooms.exists()
    assert AuditEntry.objects.filter(verb="rooms.change").count() == 1


def test_a_room_with_sessions_is_removed_only_when_confirmed(event, program):
    room = make_room(event, "Salle 1")
    session = make_session(event, "Atelier", room=room)

    refused = program.delete(f"rooms/{room.pk}/")
    kept_count = event.rooms.count()
    removed = program.delete(f"rooms/{room.pk}/?confirmed=true")

    session.refresh_from_db()
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("room-in-use")
    assert "“Atelier”" in refused.json()["detail"]
    assert kept_count == 1
    assert removed.json() == {"deleted": True}
    assert session.room is None


@pytest.mark.parametrize("scopes", [("schedule:read",), ("events:read",)])
def test_removing_needs_write_scope(event, scopes):
    room = make_room(event)

    answer = make_program(event, scopes=scopes).delete(f"rooms/{room.pk}/")

    assert answer.status_code == 403
    assert event.rooms.exists()


def test_a_room_of_another_event_is_not_removed(program):
    room = make_room(make_planned_event("y"))

    assert program.delete(f"rooms/{room.pk}/").status_code == 404
