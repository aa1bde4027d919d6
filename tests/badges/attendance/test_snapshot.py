"""What a device receives, and what it must not."""

import base64
import datetime
import re

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Checkpoint, Device, Presence
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_encryption import decrypt_record, make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from convention.events.sequence import advance_sequence
from tests.badges.attendance.factories import (
    bearer,
    code_of,
    make_device,
    make_event,
    make_item,
    make_registration,
    token_of,
)
from tests.factories import make_administrator

URL = "/api/v1/scanner/snapshot/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event()


def fetch(client, token, query="", **headers):
    return client.get(URL + query, headers=bearer(token) | headers)


def change(registration, **fields):
    """Change a registration as an act does, with the event's next sequence."""
    for name, value in fields.items():
        setattr(registration, name, value)
    registration.sequence = advance_sequence(registration.event_id)
    registration.save()


def test_only_the_head_is_told_where_only_that_is_asked(client, event):
    """The server leaves the body out; all else is as with GET, also what is unchanged."""
    token = make_device(event)[1]
    whole = fetch(client, token)
    head = client.head(URL, headers=bearer(token))
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head[name] for name in ("ETag", "Cache-Control", "Content-Type", "Vary")} == {
        name: whole[name] for name in ("ETag", "Cache-Control", "Content-Type", "Vary")
    }
    known = client.head(URL, headers=bearer(token) | {"if-none-match": whole["ETag"]})
    assert known.status_code == 304
    assert client.head(URL).status_code == 401


def test_address():
    assert reverse("scanner-snapshot") == URL


def test_all_that_a_device_needs(client, event):
    registration = make_registration(event)
    device, token = make_device(event)
    answer = fetch(client, token).json()
    door = event.checkpoints.get()
    assert answer["event"] == {
        "slug": event.slug, "name": event.name, "name_en": "", "timezone": "Europe/Paris",
        "starts_at": event.starts_at.astimezone(event.zone).isoformat(),
    }  # fmt: skip
    assert answer["device"]["checkpoint"] == door.pk == device.checkpoint_id
    assert answer["keys"] == [
        {
            "number": event.keys.get().number,
            "public_key": base64.urlsafe_b64encode(event.keys.get().public_key).decode().rstrip("="),
        }
    ]
    assert answer["checkpoints"] == [
        {
            "id": door.pk, "name": "Entrée", "kind": "entrance", "door": door.pk, "opens_at": None,
            "closes_at": None, "is_strict": False, "capacity": None, "session": None,
            "tickets": [], "addon": None,
        }
    ]  # fmt: skip
    assert [row["key"] for row in answer["registrations"]] == [make_registration_key(registration.reference)]
    assert answer["removed"] == answer["presences"] == []
    assert answer["full"] is True


def test_after_new_scans_alone_no_registration_is_read(client, event):
    registration = make_registration(event)
    change(registration, company="Acme")
    device, token = make_device(event)
    known = fetch(client, token).json()
    record_scan_items(device=device, items=[make_item(code_of(registration))])

    with CaptureQueriesContext(connection) as queries:
        answer = fetch(client, token, f"?since={known['sequence']}").json()

    assert len(answer["presences"]) == 1
    assert answer["registrations"] == answer["removed"] == []
    tables = [re.search(r'FROM "(\w+)"', query["sql"]) for query in queries]
    assert "registrations_registration" not in {table[1] for table in tables if table}


def test_a_record_opens_with_its_badge_alone(client, event):
    registration = make_registration(event, no_photo=True)
    other = make_registration(event)
    sealed = {row["key"]: row for row in fetch(client, make_device(event)[1]).json()["registrations"]}
    record = sealed[make_registration_key(registration.reference)]["sealed"]
    assert decrypt_record(token_of(registration), record) == {
        "name": "Zoé Müller", "company": "Acme", "ticket": "Adhérent", "note": "", "no_photo": True,
        "ticket_id": registration.ticket_id,
    }  # fmt: skip
    with pytest.raises(InvalidTag):
        decrypt_record(token_of(other), record)
    with pytest.raises(InvalidTag):
        decrypt_record(token_of(registration, badge_version=2), record)


def test_a_ticket_brings_its_english_name_where_it_has_another(client, event):
    registration = make_registration(event)
    registration.ticket.name_en = "Member"
    registration.ticket.save()
    [row] = fetch(client, make_device(event)[1]).json()["registrations"]
    record = decrypt_record(token_of(registration), row["sealed"])
    assert (record["ticket"], record["ticket_en"]) == ("Adhérent", "Member")


def test_no_name_and_no_reference_in_clear(client, event):
    registration = make_registration(event)
    body = fetch(client, make_device(event)[1]).content.decode()
    assert [text for text in ("Müller", "Acme", registration.reference) if text in body] == []


def test_only_changes_after_a_sequence(client, event):
    changed, unchanged = make_registration(event), make_registration(event)
    change(unchanged)
    token = make_device(event)[1]
    since = fetch(client, token).json()["sequence"]
    change(changed, badge_version=2, cancelled_at=timezone.now())
    answer = fetch(client, token, f"?since={since}").json()
    assert [(row["key"], row["badge_version"], row["state"]) for row in answer["registrations"]] == [
        (make_registration_key(changed.reference), 2, "cancelled")
    ]
    assert answer["full"] is False


def test_one_who_never_had_a_badge_is_removed(client, event):
    pending = make_registration(
        event, confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(minutes=30)
    )
    change(pending)
    token = make_device(event)[1]
    first = fetch(client, token).json()
    assert first["registrations"] == first["removed"] == []
    change(pending, cancelled_at=timezone.now())
    answer = fetch(client, token, f"?since={first['sequence']}").json()
    assert (answer["registrations"], answer["removed"]) == ([], [make_registration_key(pending.reference)])


def test_a_sequence_that_was_never_reached_gives_all(client, event):
    make_registration(event)
    answer = fetch(client, make_device(event)[1], "?since=999").json()
    assert answer["full"] is True
    assert len(answer["registrations"]) == 1


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "9" * 30, "²"])
def test_a_bad_cursor_is_a_problem(client, event, since):
    response = fetch(client, make_device(event)[1], f"?since={since}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/api/v1/problems/invalid-fields"


def test_unchanged_is_304_until_something_changes(client, event):
    registration = make_registration(event)
    token = make_device(event)[1]
    etag = fetch(client, token).headers["etag"]
    again = fetch(client, token, if_none_match=etag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    change(registration, first_name="Zoë")
    assert fetch(client, token, if_none_match=etag).status_code == 200


def test_a_device_sees_its_own_event_only(client, event):
    make_registration(make_event())
    answer = fetch(client, make_device(event)[1]).json()
    assert (answer["event"]["slug"], answer["registrations"]) == (event.slug, [])


@pytest.mark.parametrize(
    "state",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - datetime.timedelta(seconds=1)},
        {"is_desk": True},
    ],
)
def test_a_device_that_is_no_longer_one(client, event, state):
    token = make_device(event, **state)[1]
    response = fetch(client, token)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["type"] == "/api/v1/problems/authentication-failed"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Bearer \udcff"])
def test_no_token_or_a_wrong_one(client, event, header):
    make_device(event, token="")
    response = client.get(URL, headers={"authorization": header} if header else {})
    assert response.status_code == 401


def test_another_method_is_told_which(client):
    response = client.post(URL)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


def test_second_gates_count_at_the_entrance(client, event):
    entrance = event.checkpoints.get()
    gate = Checkpoint.objects.create(event=event, name="Porte B", counts_as=entrance, position=1)
    doors = fetch(client, make_device(event)[1]).json()["checkpoints"]
    assert [(door["id"], door["door"]) for door in doors] == [
        (entrance.pk, entrance.pk),
        (gate.pk, entrance.pk),
    ]


def test_who_is_inside_at_the_own_door_alone(client, event):
    registration = make_registration(event)
    room = Checkpoint.objects.create(event=event, name="Salle", kind=Checkpoint.Kind.SESSION, position=1)
    device, token = make_device(event)
    record_scan_items(
        device=device,
        items=[make_item(code_of(registration)), make_item(code_of(registration), checkpoint="Salle")],
    )
    first = fetch(client, token).json()
    (told,) = first["presences"]
    assert told["key"] == make_registration_key(registration.reference)
    assert told["door"] == device.checkpoint_id
    assert told["gate"] == "Entrée"
    assert told["is_inside"] is True
    assert told["is_mine"] is True
    at_room = make_device(event, checkpoint=room)[1]
    assert [one["door"] for one in fetch(client, at_room).json()["presences"]] == [room.pk]
    record_scan_items(device=device, items=[make_item(code_of(registration), direction="out")])
    query = f"?since={first['sequence']}&presences={first['presences_cursor'].replace('+', '%2B')}"
    [left] = fetch(client, token, query).json()["presences"]
    assert left["is_inside"] is False


def test_query_count_does_not_grow(client, event, django_assert_num_queries):
    token = make_device(event, seen_at=timezone.now())[1]
    make_registration(event)
    with django_assert_num_queries(14):
        fetch(client, token)
    for _number in range(20):
        make_registration(event)
    with django_assert_num_queries(14):
        assert len(fetch(client, token).json()["registrations"]) == 21


@pytest.mark.parametrize("presences", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "NaN", "\0"])
def test_a_cursor_beyond_all_times_is_none(client, event, presences):
    registration = make_registration(event)
    change(registration)
    token = make_device(event)[1]
    answer = client.get(URL, {"since": "1", "presences": presences}, headers=bearer(token))
    assert (answer.status_code, answer.json()["presences"]) == (200, [])


def cursors(answer):
    """What a device sends back next time."""
    return {"since": answer["sequence"], "presences": answer["presences_cursor"]}


def presences_since(client, token, cursor):
    """Who is told since a cursor, and the next cursor."""
    answer = client.get(URL, cursor, headers=bearer(token)).json()
    return {one["key"] for one in answer["presences"]}, cursors(answer)


@pytest.mark.parametrize("back", [datetime.timedelta(seconds=11), datetime.timedelta(days=1)])
@pytest.mark.parametrize("way", ["act", "api"])
def test_a_server_clock_that_is_put_back_hides_nobody(client, event, monkeypatch, back, way):
    device, token = make_device(event)
    people = [make_registration(event) for _number in range(3)]
    change(people[0])
    clock = timezone.now()

    def read(person, at):
        if way == "act":
            record_scan_items(device=device, items=[make_item(code_of(person))], at=at)
            return
        monkeypatch.setattr(timezone, "now", lambda: at)
        body = {"scans": [make_item(code_of(person))]}
        answer = client.post(
            "/api/v1/scanner/scans/", body, content_type="application/json", headers=bearer(token)
        )
        assert answer.json()["results"][0]["verdict"] == "admitted"
        monkeypatch.undo()

    read(people[0], clock)
    told, cursor = presences_since(client, token, {"since": 1})
    assert told == {make_registration_key(people[0].reference)}
    read(people[1], clock - back)
    told, cursor = presences_since(client, token, cursor)
    assert told == {make_registration_key(people[1].reference)}
    read(people[2], clock - back + datetime.timedelta(seconds=1))
    told, cursor = presences_since(client, token, cursor)
    assert told == {make_registration_key(people[2].reference)}
    assert presences_since(client, token, cursor) == (set(), cursor)


def test_a_clock_that_is_put_back_changes_the_tag_of_live_pages(client, event):
    device, token = make_device(event)
    one, other = make_registration(event), make_registration(event)
    client.force_login(make_administrator())
    page = f"/organize/{event.slug}/attendance/?part=numbers"
    record_scan_items(device=device, items=[make_item(code_of(one))])
    before, tag = client.get(page), fetch(client, token)["ETag"]
    record_scan_items(
        device=device,
        items=[make_item(code_of(other))],
        at=timezone.now() - datetime.timedelta(hours=1),
    )
    assert client.get(page, headers={"If-None-Match": before["ETag"]}).status_code == 200
    assert fetch(client, token, **{"if-none-match": tag}).status_code == 200


def test_a_presence_that_is_written_while_another_is_not_committed_yet_is_told_later(event, client):
    """Numbers are given when presences are read, so a late commit never falls behind a cursor."""
    device, token = make_device(event)
    late, early = make_registration(event), make_registration(event)
    change(late)
    record_scan_items(device=device, items=[make_item(code_of(late))])
    Presence.objects.update(event=make_event())  # as if it were not visible yet
    record_scan_items(device=device, items=[make_item(code_of(early))])
    told, cursor = presences_since(client, token, {"since": 1})
    assert told == {make_registration_key(early.reference)}
    Presence.objects.update(event=event)
    assert presences_since(client, token, cursor)[0] == {make_registration_key(late.reference)}


def test_a_cursor_of_before_a_restore_or_of_an_older_program_is_told_all(client, event):
    device, token = make_device(event)
    one = make_registration(event)
    change(one)
    record_scan_items(device=device, items=[make_item(code_of(one))])
    for presences in ("999999", "2026-06-17T06:31:02.120000+00:00", ""):
        told, cursor = presences_since(client, token, {"since": 1, "presences": presences})
        assert told == {make_registration_key(one.reference)}
        assert cursor["presences"] == "1"


def test_presences_made_anew_replace_what_a_device_holds(client, event):
    device, token = make_device(event)
    one = make_registration(event)
    change(one)
    record_scan_items(device=device, items=[make_item(code_of(one))])
    _told, cursor = presences_since(client, token, {"since": 1})
    assert client.get(URL, cursor, headers=bearer(token)).json()["full"] is False
    rebuild_presence(event=event)
    answer = client.get(URL, cursor, headers=bearer(token)).json()
    assert answer["full"] is True
    assert client.get(URL, cursors(answer), headers=bearer(token)).json()["full"] is False


def test_a_phone_that_only_polls_counts_as_seen(client, event):
    device, token = make_device(event)

    fetch(client, token)

    device.refresh_from_db()
    assert timezone.now() - device.seen_at < datetime.timedelta(minutes=1)


def test_a_phone_that_learns_nothing_new_counts_as_seen(client, event):
    device, token = make_device(event)
    etag = fetch(client, token).headers["etag"]
    Device.objects.update(seen_at=timezone.now() - datetime.timedelta(hours=1))

    response = fetch(client, token, if_none_match=etag)

    assert response.status_code == 304
    device.refresh_from_db()
    assert timezone.now() - device.seen_at < datetime.timedelta(minutes=1)
