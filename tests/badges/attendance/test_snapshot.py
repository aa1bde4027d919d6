"""Test which data the snapshot sends to a device and which it must not send."""

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
    make_badge_code,
    make_badge_token,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_administrator

URL = "/api/v1/scanner/snapshot/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event()


def fetch(client, token, query="", **headers):
    return client.get(URL + query, headers=make_bearer_header(token) | headers)


def change(registration, **fields):
    """Change a registration as a domain action does, with the event's next sequence."""
    for name, value in fields.items():
        setattr(registration, name, value)
    registration.sequence = advance_sequence(registration.event_id)
    registration.save()


def test_head_request_returns_headers_of_get_without_body(client, event):
    """Answer HEAD like GET without a body, also with 304 and 401."""
    token = make_device(event)[1]
    whole = fetch(client, token)

    head = client.head(URL, headers=make_bearer_header(token))

    assert head.status_code == 200
    assert head.content == b""
    assert {name: head[name] for name in ("ETag", "Cache-Control", "Content-Type", "Vary")} == {
        name: whole[name] for name in ("ETag", "Cache-Control", "Content-Type", "Vary")
    }

    known = client.head(URL, headers=make_bearer_header(token) | {"if-none-match": whole["ETag"]})

    assert known.status_code == 304
    assert client.head(URL).status_code == 401


def test_snapshot_endpoint_url():
    assert reverse("scanner-snapshot") == URL


def test_snapshot_contains_event_device_keys_checkpoints_and_registrations(client, event):
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


def test_registrations_are_not_queried_after_new_scans_only(client, event):
    registration = make_registration(event)
    change(registration, company="Acme")
    device, token = make_device(event)
    known = fetch(client, token).json()
    record_scan_items(device=device, items=[make_item(make_badge_code(registration))])

    with CaptureQueriesContext(connection) as queries:
        answer = fetch(client, token, f"?since={known['sequence']}").json()

    assert len(answer["presences"]) == 1
    assert answer["registrations"] == answer["removed"] == []
    tables = [re.search(r'FROM "(\w+)"', query["sql"]) for query in queries]
    assert "registrations_registration" not in {table[1] for table in tables if table}


def test_record_is_decrypted_only_with_its_own_badge(client, event):
    registration = make_registration(event, no_photo=True)
    other = make_registration(event)

    sealed = {row["key"]: row for row in fetch(client, make_device(event)[1]).json()["registrations"]}

    record = sealed[make_registration_key(registration.reference)]["sealed"]
    assert decrypt_record(make_badge_token(registration), record) == {
        "name": "Zoé Müller", "company": "Acme", "ticket": "Adhérent", "note": "", "no_photo": True,
        "ticket_id": registration.ticket_id,
    }  # fmt: skip
    with pytest.raises(InvalidTag):
        decrypt_record(make_badge_token(other), record)
    with pytest.raises(InvalidTag):
        decrypt_record(make_badge_token(registration, badge_version=2), record)


def test_record_contains_english_ticket_name_if_different(client, event):
    registration = make_registration(event)
    registration.ticket.name_en = "Member"
    registration.ticket.save()
    [row] = fetch(client, make_device(event)[1]).json()["registrations"]

    record = decrypt_record(make_badge_token(registration), row["sealed"])

    assert record["ticket"] == "Adhérent"
    assert record["ticket_en"] == "Member"


def test_snapshot_has_no_name_or_reference_in_plain_text(client, event):
    registration = make_registration(event)
    body = fetch(client, make_device(event)[1]).content.decode()

    assert [text for text in ("Müller", "Acme", registration.reference) if text in body] == []


def test_snapshot_since_sequence_contains_only_changes(client, event):
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


def test_cancelled_hold_is_reported_as_removed(client, event):
    pending = make_registration(
        event, confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(minutes=30)
    )
    change(pending)
    token = make_device(event)[1]

    first = fetch(client, token).json()

    assert first["registrations"] == first["removed"] == []

    change(pending, cancelled_at=timezone.now())
    answer = fetch(client, token, f"?since={first['sequence']}").json()

    assert answer["registrations"] == []
    assert answer["removed"] == [make_registration_key(pending.reference)]


def test_future_sequence_returns_full_snapshot(client, event):
    make_registration(event)
    answer = fetch(client, make_device(event)[1], "?since=999").json()

    assert answer["full"] is True
    assert len(answer["registrations"]) == 1


@pytest.mark.parametrize("since", ["", "x", "-1", "1.5", "9" * 30, "²"])
def test_invalid_sequence_returns_problem(client, event, since):
    response = fetch(client, make_device(event)[1], f"?since={since}")

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/api/v1/problems/invalid-fields"


def test_snapshot_returns_304_until_registration_changes(client, event):
    registration = make_registration(event)
    token = make_device(event)[1]
    etag = fetch(client, token).headers["etag"]

    again = fetch(client, token, if_none_match=etag)

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == etag

    change(registration, first_name="Zoë")

    assert fetch(client, token, if_none_match=etag).status_code == 200


def test_a_device_sees_its_own_event_only(client, event):
    make_registration(make_event())
    answer = fetch(client, make_device(event)[1]).json()

    assert answer["event"]["slug"] == event.slug
    assert answer["registrations"] == []


@pytest.mark.parametrize(
    "state",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - datetime.timedelta(seconds=1)},
        {"is_desk": True},
    ],
)
def test_revoked_expired_or_desk_device_is_rejected(client, event, state):
    token = make_device(event, **state)[1]
    response = fetch(client, token)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["type"] == "/api/v1/problems/authentication-failed"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Bearer \udcff"])
def test_missing_or_wrong_token_is_rejected(client, event, header):
    make_device(event, token="")
    response = client.get(URL, headers={"authorization": header} if header else {})

    assert response.status_code == 401


def test_post_is_refused_with_allowed_methods(client):
    response = client.post(URL)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


def test_second_gate_counts_as_entrance(client, event):
    entrance = event.checkpoints.get()
    gate = Checkpoint.objects.create(event=event, name="Porte B", counts_as=entrance, position=1)

    doors = fetch(client, make_device(event)[1]).json()["checkpoints"]
    assert [(door["id"], door["door"]) for door in doors] == [
        (entrance.pk, entrance.pk),
        (gate.pk, entrance.pk),
    ]


def test_device_receives_presences_of_its_own_checkpoint_only(client, event):
    registration = make_registration(event)
    room = Checkpoint.objects.create(event=event, name="Salle", kind=Checkpoint.Kind.SESSION, position=1)
    device, token = make_device(event)
    record_scan_items(
        device=device,
        items=[
            make_item(make_badge_code(registration)),
            make_item(make_badge_code(registration), checkpoint="Salle"),
        ],
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

    record_scan_items(device=device, items=[make_item(make_badge_code(registration), direction="out")])

    query = f"?since={first['sequence']}&presences={first['presences_cursor'].replace('+', '%2B')}"
    [left] = fetch(client, token, query).json()["presences"]
    assert left["is_inside"] is False


def test_query_count_does_not_grow(client, event, django_assert_num_queries):
    token = make_device(event, seen_at=timezone.now())[1]
    make_registration(event)
    with django_assert_num_queries(15):
        fetch(client, token)
    for _number in range(20):
        make_registration(event)
    with django_assert_num_queries(15):
        assert len(fetch(client, token).json()["registrations"]) == 21


@pytest.mark.parametrize("presences", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "NaN", "\0"])
def test_unusable_presences_cursor_returns_all_presences(client, event, presences):
    registration = make_registration(event)
    change(registration)
    device, token = make_device(event)
    record_scan_items(device=device, items=[make_item(make_badge_code(registration))])

    told, _cursor = fetch_presences_since(client, token, {"since": 1, "presences": presences})

    assert told == {make_registration_key(registration.reference)}


def make_next_query(answer):
    """Return the query of the device's next request."""
    return {"since": answer["sequence"], "presences": answer["presences_cursor"]}


def fetch_presences_since(client, token, cursor):
    """Return the keys of the presences sent since a cursor, and the next cursor."""
    answer = client.get(URL, cursor, headers=make_bearer_header(token)).json()
    return {one["key"] for one in answer["presences"]}, make_next_query(answer)


@pytest.mark.parametrize("back", [datetime.timedelta(seconds=11), datetime.timedelta(days=1)])
@pytest.mark.parametrize("way", ["action", "api"])
def test_presences_are_sent_after_server_clock_is_set_back(client, event, monkeypatch, back, way):
    device, token = make_device(event)
    people = [make_registration(event) for _number in range(3)]
    change(people[0])
    clock = timezone.now()

    def read(person, at):
        if way == "action":
            record_scan_items(device=device, items=[make_item(make_badge_code(person))], at=at)
            return
        monkeypatch.setattr(timezone, "now", lambda: at)
        body = {"scans": [make_item(make_badge_code(person))]}
        answer = client.post(
            "/api/v1/scanner/scans/", body, content_type="application/json", headers=make_bearer_header(token)
        )
        assert answer.json()["results"][0]["verdict"] == "admitted"
        monkeypatch.undo()

    read(people[0], clock)
    told, cursor = fetch_presences_since(client, token, {"since": 1})
    assert told == {make_registration_key(people[0].reference)}
    read(people[1], clock - back)
    told, cursor = fetch_presences_since(client, token, cursor)
    assert told == {make_registration_key(people[1].reference)}
    read(people[2], clock - back + datetime.timedelta(seconds=1))
    told, cursor = fetch_presences_since(client, token, cursor)
    assert told == {make_registration_key(people[2].reference)}
    assert fetch_presences_since(client, token, cursor) == (set(), cursor)


def test_etags_change_after_scan_with_clock_set_back(client, event):
    device, token = make_device(event)
    one, other = make_registration(event), make_registration(event)
    client.force_login(make_administrator())
    page = f"/organize/{event.slug}/attendance/?part=numbers"
    record_scan_items(device=device, items=[make_item(make_badge_code(one))])
    before, tag = client.get(page), fetch(client, token)["ETag"]

    record_scan_items(
        device=device,
        items=[make_item(make_badge_code(other))],
        at=timezone.now() - datetime.timedelta(hours=1),
    )

    assert client.get(page, headers={"If-None-Match": before["ETag"]}).status_code == 200
    assert fetch(client, token, **{"if-none-match": tag}).status_code == 200


def test_presence_committed_late_is_sent_after_newer_presence(event, client):
    """Number presences when they are read, so that a late commit never falls behind a cursor."""
    device, token = make_device(event)
    late, early = make_registration(event), make_registration(event)
    change(late)
    record_scan_items(device=device, items=[make_item(make_badge_code(late))])
    Presence.objects.update(event=make_event())  # as if it were not visible yet
    record_scan_items(device=device, items=[make_item(make_badge_code(early))])

    told, cursor = fetch_presences_since(client, token, {"since": 1})

    assert told == {make_registration_key(early.reference)}

    Presence.objects.update(event=event)

    assert fetch_presences_since(client, token, cursor)[0] == {make_registration_key(late.reference)}


def test_unknown_presences_cursor_returns_all_presences(client, event):
    device, token = make_device(event)
    one = make_registration(event)
    change(one)
    record_scan_items(device=device, items=[make_item(make_badge_code(one))])
    for presences in ("999999", "2026-06-17T06:31:02.120000+00:00", ""):
        told, cursor = fetch_presences_since(client, token, {"since": 1, "presences": presences})
        assert told == {make_registration_key(one.reference)}
        assert cursor["presences"] == "1"


def test_rebuilt_presences_cause_full_snapshot(client, event):
    device, token = make_device(event)
    one = make_registration(event)
    change(one)
    record_scan_items(device=device, items=[make_item(make_badge_code(one))])

    _told, cursor = fetch_presences_since(client, token, {"since": 1})

    assert client.get(URL, cursor, headers=make_bearer_header(token)).json()["full"] is False

    rebuild_presence(event=event)
    answer = client.get(URL, cursor, headers=make_bearer_header(token)).json()

    assert answer["full"] is True
    assert client.get(URL, make_next_query(answer), headers=make_bearer_header(token)).json()["full"] is False


def test_polling_device_counts_as_seen(client, event):
    device, token = make_device(event)

    fetch(client, token)

    device.refresh_from_db()
    assert timezone.now() - device.seen_at < datetime.timedelta(minutes=1)


def test_device_answered_with_304_counts_as_seen(client, event):
    device, token = make_device(event)
    etag = fetch(client, token).headers["etag"]
    Device.objects.update(seen_at=timezone.now() - datetime.timedelta(hours=1))

    response = fetch(client, token, if_none_match=etag)

    assert response.status_code == 304
    device.refresh_from_db()
    assert timezone.now() - device.seen_at < datetime.timedelta(minutes=1)
