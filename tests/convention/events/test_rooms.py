"""The page with all rooms of an event."""

import pytest

from tests.factories import make_event, make_room, make_staff
from tests.page_forms import load_form

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def rooms_form(*rooms: dict) -> dict:
    head = {"rooms-TOTAL_FORMS": len(rooms), "rooms-INITIAL_FORMS": sum("id" in room for room in rooms)}
    return head | {f"rooms-{n}-{key}": value for n, room in enumerate(rooms) for key, value in room.items()}


def test_rooms_are_added_changed_and_removed(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))
    client.post("/organize/x/rooms/", rooms_form({"name": "A", "position": 1}, {"name": "B", "position": 2}))
    first, second = event.rooms.all()

    client.post(
        "/organize/x/rooms/",
        rooms_form(
            {"id": first.pk, "name": "Grande", "capacity": 80, "position": 3},
            {"id": second.pk, "name": "B", "position": 2, "DELETE": "on"},
        ),
    )

    assert list(event.rooms.values_list("name", "capacity")) == [("Grande", 80)]


def test_room_name_is_stored_without_invisible_characters(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    client.post("/organize/x/rooms/", rooms_form({"name": "Grande\u200b  salle", "position": 1}))

    assert event.rooms.get().name == "Grande salle"


def test_duplicate_room_name_is_refused(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    answer = client.post(
        "/en/organize/x/rooms/", rooms_form({"name": "A", "position": 1}, {"name": "A", "position": 2})
    )

    assert answer.status_code == 200
    assert event.rooms.count() == 0
    assert 'id="error-summary"' in answer.content.decode()
    assert answer.context["forms"].errors[1] == {"name": ["Another room already has this name."]}


def test_room_is_not_given_the_name_of_another_saved_room(client):
    event = make_event(slug="x")
    room = make_room(event, "A")
    make_room(event, "B")
    client.force_login(make_staff(event))

    answer = client.post("/en/organize/x/rooms/", rooms_form({"id": room.pk, "name": "B", "position": 1}))

    room.refresh_from_db()
    assert room.name == "A"
    assert answer.context["forms"].errors[0] == {"name": ["Another room already has this name."]}


def test_two_rooms_exchange_their_names(client):
    event = make_event(slug="x")
    first, second = make_room(event, "A"), make_room(event, "B")
    client.force_login(make_staff(event))

    client.post(
        "/en/organize/x/rooms/",
        rooms_form(
            {"id": first.pk, "name": "B", "position": 1}, {"id": second.pk, "name": "A", "position": 2}
        ),
    )

    assert list(event.rooms.values_list("pk", "name")) == [(first.pk, "B"), (second.pk, "A")]


def test_a_room_takes_the_name_of_a_removed_one(client):
    event = make_event(slug="x")
    first, second = make_room(event, "A"), make_room(event, "B")
    client.force_login(make_staff(event))

    client.post(
        "/en/organize/x/rooms/",
        rooms_form(
            {"id": first.pk, "name": "B", "position": 1},
            {"id": second.pk, "name": "B", "position": 2, "DELETE": "on"},
        ),
    )

    assert list(event.rooms.values_list("pk", "name")) == [(first.pk, "B")]


def test_an_older_page_of_rooms_leaves_what_somebody_else_saved(client):
    event = make_event(slug="x")
    make_room(event, "A", capacity=50)
    make_room(event, "B", capacity=20)
    client.force_login(make_staff(event))
    address = "/en/organize/x/rooms/"
    first, second = load_form(client, address), load_form(client, address)
    client.post(address, first | {"rooms-0-name": "Aula", "rooms-1-capacity": "30"})

    client.post(address, second | {"rooms-0-capacity": "60"})

    assert list(event.rooms.values_list("name", "capacity")) == [("Aula", 60), ("B", 30)]


def test_other_seats_of_a_room_are_shown_before_they_are_replaced(client):
    event = make_event(slug="x")
    make_room(event, "A", capacity=50)
    client.force_login(make_staff(event))
    address = "/en/organize/x/rooms/"
    first, second = load_form(client, address), load_form(client, address)
    client.post(address, first | {"rooms-0-capacity": "60"})

    page = client.post(address, second | {"rooms-0-capacity": "70"})

    assert event.rooms.get().capacity == 60
    assert page.context["forms"].other_version == [("A – Seats", "id_rooms-0-capacity", "60")]
    assert "Their version" in page.content.decode()
