"""Test the scans endpoint: each item is stored once and answered in its place."""

import datetime
import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Checkpoint, Device, Presence, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import (
    make_badge_code,
    make_badge_token,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)

URL = "/api/v1/scanner/scans/"
pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def send(client, event):
    """Return a function that posts items with a device of the event, or the given token, for results."""
    own = make_device(event)[1]

    def post(*items, token=own):
        response = client.post(
            URL, {"scans": list(items)}, content_type="application/json", headers=make_bearer_header(token)
        )
        assert response.status_code == 200, response.content
        return response.json()["results"]

    return post


def read_verdicts(results):
    return [(result["verdict"], result["reason"]) for result in results]


def format_time_ago(**delta):
    return (timezone.now() - datetime.timedelta(**delta)).isoformat()


def test_scans_endpoint_url():
    assert reverse("scanner-scans") == URL


def test_valid_badge_is_admitted_and_stored(send, event):
    registration = make_registration(event)
    item = make_item(
        make_badge_code(registration), operator="Lise", snapshot=3, sequence=1, local_verdict="admitted"
    )
    assert send(item) == [
        {
            "id": item["id"], "verdict": "admitted", "reason": "", "name": "Zoé Müller", "company": "Acme",
            "ticket": "Adhérent", "entered_at": None, "gate": "", "is_desk_entry": False, "replayed": False,
            "detail": "",
        }
    ]  # fmt: skip
    scan = Scan.objects.get()
    assert (scan.registration, scan.operator, scan.snapshot, scan.device_sequence) == (
        registration,
        "Lise",
        3,
        1,
    )
    assert not scan.is_time_uncertain
    assert not scan.is_offline
    presence = Presence.objects.get()
    assert presence.is_inside
    assert presence.entries == 1
    assert not presence.has_conflict
    assert presence.first_entered_at == presence.last_entered_at == scan.effective_at


def test_only_four_fields_are_required(send, event):
    item = make_item(make_badge_code(make_registration(event)))
    del item["clock_offset_ms"]
    assert read_verdicts(send(item)) == [("admitted", "")]
    assert Scan.objects.get().is_time_uncertain is True


def test_already_in_result_has_entry_time_and_gate(send, event):
    registration = make_registration(event)
    gate = Checkpoint.objects.create(
        event=event, name="Porte B", counts_as=event.checkpoints.get(), position=1
    )
    token = make_device(event, checkpoint=gate)[1]
    send(make_item(make_badge_code(registration)), token=token)
    result = send(make_item(make_badge_code(registration)))[0]
    assert (result["verdict"], result["reason"], result["gate"]) == ("already_in", "conflict", "Porte B")
    assert datetime.datetime.fromisoformat(result["entered_at"]) == Presence.objects.get().last_entered_at
    assert Presence.objects.get().has_conflict is True


def test_immediate_rescan_by_same_device_is_no_conflict(send, event):
    code = make_badge_code(make_registration(event))
    assert read_verdicts(send(make_item(code), make_item(code))) == [("admitted", ""), ("already_in", "")]
    assert Presence.objects.get().has_conflict is False


def test_rescan_by_same_device_after_an_hour_is_conflict(send, event):
    code = make_badge_code(make_registration(event))
    send(make_item(code, at=format_time_ago(hours=1)))
    assert read_verdicts(send(make_item(code))) == [("already_in", "conflict")]


def test_already_in_verdict_shown_to_operator_is_no_conflict(send, event):
    code = make_badge_code(make_registration(event))
    send(make_item(code, at=format_time_ago(hours=1)))
    assert read_verdicts(send(make_item(code, local_verdict="already_in"))) == [("already_in", "")]
    assert Presence.objects.get().has_conflict is False


def test_reentry_after_exit_is_admitted(send, event):
    code = make_badge_code(make_registration(event))
    send(make_item(code, at=format_time_ago(minutes=50)))
    send(make_item(code, at=format_time_ago(minutes=20), direction="out"))
    assert read_verdicts(send(make_item(code))) == [("admitted", "")]
    presence = Presence.objects.get()
    assert presence.is_inside
    assert presence.entries == 2
    assert presence.seconds_inside // 60 == 30


def test_a_replay_is_answered_and_changes_nothing(send, event):
    item = make_item(make_badge_code(make_registration(event)))
    first, again = send(item)[0], send(item)[0]
    assert again == first | {"replayed": True}
    assert Scan.objects.count() == 1
    assert Presence.objects.get().version == 1


def test_replay_with_new_clock_offset_is_same_scan(send, event):
    item = make_item(make_badge_code(make_registration(event)))
    send(item)
    again = send(item | {"clock_offset_ms": 120, "snapshot": 9})[0]
    assert again["verdict"] == "admitted"
    assert again["replayed"] is True


def test_replay_within_one_batch_is_stored_once(send, event):
    item = make_item(make_badge_code(make_registration(event)))
    assert [(one["verdict"], one["replayed"]) for one in send(item, item)] == [
        ("admitted", False), ("admitted", True),
    ]  # fmt: skip
    assert Scan.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"direction": "out"}, {"at": "2026-06-17T08:31:02+02:00"}, {"operator": "x"}]
)
def test_scan_id_reused_with_other_content_is_refused(send, event, change):
    item = make_item(make_badge_code(make_registration(event)))
    assert read_verdicts(send(item, item | change)) == [("admitted", ""), ("refused", "id_reused")]
    assert read_verdicts(send(item | change)) == [("refused", "id_reused")]
    assert Scan.objects.get().direction == "in"


def test_replay_by_another_device_is_same_scan(send, event):
    first, second = make_badge_code(make_registration(event)), make_badge_code(make_registration(event))
    item = make_item(first)
    other = make_device(event)[1]
    send(item)

    again, different = send(item, token=other)[0], send(item | {"code": second}, token=other)[0]

    assert (again["verdict"], again["replayed"]) == ("admitted", True)
    assert (different["verdict"], different["reason"]) == ("refused", "id_reused")
    assert Scan.objects.count() == 1
    assert not Presence.objects.get().has_conflict


def test_badge_code_is_accepted_in_several_spellings(send, event):
    people = [make_registration(event) for _number in range(4)]
    tokens = [make_badge_token(person) for person in people]
    codes = [
        f"https://other.example.net/b/{tokens[0].lower()}",
        tokens[1],
        f"  HTTPS://EXAMPLE.ORG:8443/B/{tokens[2]}\n",
        f"/B/{tokens[3]}",
    ]
    assert read_verdicts(send(*map(make_item, codes))) == [("admitted", "")] * 4


def test_revoked_cancelled_foreign_and_forged_codes_are_refused(send, event):
    registration = make_registration(event)
    reprinted, gone = make_registration(event), make_registration(event)
    stranger = make_registration(make_event())
    codes = {
        "revoked": make_badge_code(reprinted),
        "cancelled": make_badge_code(gone),
        "other_event": make_badge_code(stranger),
        "forged": make_badge_code(registration)[:-5] + "AAAAQ",
    }
    reprinted.badge_version = gone.badge_version = 2
    gone.cancelled_at = timezone.now()
    reprinted.save()
    gone.save()
    results = send(*map(make_item, codes.values()))
    assert read_verdicts(results) == [("refused", reason) for reason in codes]
    assert [result["name"] for result in results] == ["Zoé Müller", "Zoé Müller", "", ""]
    assert Scan.objects.count() == 4
    assert Presence.objects.count() == 0
    assert read_verdicts(send(make_item(make_badge_code(reprinted)))) == [("admitted", "")]


def test_valid_code_of_deleted_registration_is_refused(send, event):
    registration = make_registration(event)
    code = make_badge_code(registration)
    registration.delete()
    assert read_verdicts(send(make_item(code))) == [("refused", "unknown")]
    scan = Scan.objects.get()
    assert (scan.registration_id, len(scan.code_hash), scan.verdict) == (None, 64, "refused")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("https://example.com/", "unknown"),
        ("WIFI:S:guest;T:WPA;P:secret;;", "unknown"),
        ("日本語 🎫 \u202e", "unknown"),
        ("HTTPS://EXAMPLE.ORG/B/", "forged"),
        ("HTTPS://EXAMPLE.ORG/B/" + "A" * 125, "forged"),
        ("HTTPS://EXAMPLE.ORG/B/" + "7" * 125, "forged"),
        ("'; DROP TABLE scans; --", "unknown"),
    ],
)
def test_foreign_text_is_refused_and_stored_as_hash(send, code, reason):
    assert read_verdicts(send(make_item(code))) == [("refused", reason)]
    assert len(Scan.objects.get().code_hash) == 64


INVALID_ITEMS = [
    None, 1, "x", [], {},
    {"id": "not-a-uuid"}, {"id": None}, {"id": 5}, {"id": ["a"]},
    {"code": None}, {"code": ""}, {"code": 7}, {"code": "a\0b"}, {"code": "\ud800"}, {"code": "A" * 5000},
    {"direction": "sideways"}, {"direction": None}, {"direction": ["in"]},
    {"at": None}, {"at": "yesterday"}, {"at": 1781675462}, {"at": "2026-06-17T08:31:02"},
    {"at": "0001-01-01T00:00:00+14:00"},
    {"at": "9999-12-31T23:59:59-12:00"},
    {"checkpoint": 999_999_999}, {"checkpoint": 10**30}, {"checkpoint": "Nowhere"},
    {"checkpoint": True}, {"checkpoint": {}},
    {"clock_offset_ms": "soon"}, {"clock_offset_ms": 2**40},
    {"clock_offset_ms": True}, {"clock_offset_ms": 1.5},
    {"sequence": 2**64}, {"snapshot": []}, {"local_verdict": "maybe"}, {"local_verdict": ["admitted"]},
    {"local_verdict": []},
    {"operator": "x" * 101}, {"override_reason": {}}, {"let_in": "yes"}, {"undoes": "x"}, {"device": "x"},
    {"device": 999_999_999}, {"page": "x" * 41}, {"elapsed_ms": 1.5}, {"signature": 5},
]  # fmt: skip


@pytest.mark.parametrize("bad", INVALID_ITEMS, ids=lambda bad: json.dumps(bad)[:40])
def test_invalid_item_does_not_block_other_items(send, event, bad):
    first, last = make_badge_code(make_registration(event)), make_badge_code(make_registration(event))
    item = make_item(first) | bad if isinstance(bad, dict) and bad else bad
    results = send(make_item(first), item, make_item(last))
    assert read_verdicts(results) == [("admitted", ""), ("refused", "invalid"), ("admitted", "")]
    assert Scan.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "parse-error"),
        (b"{", 400, "parse-error"),
        (b"\xff\xfe", 400, "parse-error"),
        (b"[" * 100_000, 400, "parse-error"),
        (b"[]", 422, "invalid-fields"),
        (b"{}", 422, "invalid-fields"),
        (b'{"scans": {}}', 422, "invalid-fields"),
        (b"null", 422, "invalid-fields"),
        (json.dumps({"scans": [{}] * 201}).encode(), 413, "too-many"),
        (b'"' + b"x" * 6_000_000 + b'"', 413, "too-large"),
    ],
)
def test_invalid_request_body_returns_problem(client, event, body, status, kind):
    token = make_device(event)[1]
    response = client.post(URL, body, content_type="application/json", headers=make_bearer_header(token))
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["type"] == f"/api/v1/problems/{kind}"


def test_empty_batch_returns_no_results(send):
    assert send() == []


def test_batch_of_200_scans_is_admitted(send, event):
    codes = [make_badge_code(make_registration(event)) for _number in range(200)]
    assert read_verdicts(send(*map(make_item, codes))) == [("admitted", "")] * 200
    assert Presence.objects.filter(is_inside=True).count() == 200


def test_device_of_another_event_receives_no_details(send, event):
    registration = make_registration(event)
    token = make_device(make_event())[1]
    assert send(make_item(make_badge_code(registration)), token=token)[0] | {"id": ""} == {
        "id": "", "verdict": "refused", "reason": "other_event", "name": "", "company": "", "ticket": "",
        "entered_at": None, "gate": "", "is_desk_entry": False, "replayed": False, "detail": "",
    }  # fmt: skip
    item = make_item("", registration=registration.reference)
    assert read_verdicts(send(item, token=token)) == [("refused", "unknown")]


def test_revoked_device_is_rejected(client, event):
    token = make_device(event, revoked_at=timezone.now())[1]
    item = make_item(make_badge_code(make_registration(event)))
    response = client.post(
        URL, {"scans": [item]}, content_type="application/json", headers=make_bearer_header(token)
    )
    assert response.status_code == 401
    assert Scan.objects.count() == 0


@pytest.mark.parametrize(
    ("bad", "french", "english"),
    [
        (
            {"direction": "up"},
            "« direction » doit être « in » ou « out ».",
            "“direction” must be “in” or “out”.",
        ),
        ({"operator": 5}, "« operator » doit être un texte.", "“operator” must be text."),
        (
            {"checkpoint": 999},
            "« checkpoint » n’appartient pas à cet événement.",
            "“checkpoint” does not belong to this event.",
        ),
    ],
)
def test_scan_errors_are_in_accepted_language(client, event, bad, french, english):
    token, item = make_device(event)[1], make_item(make_badge_code(make_registration(event))) | bad
    for language, sentence in {"fr": french, "en": english}.items():
        headers = make_bearer_header(token) | {"accept-language": language}
        answer = client.post(URL, {"scans": [item]}, content_type="application/json", headers=headers)
        [result] = answer.json()["results"]
        assert (result["reason"], result["detail"].replace("\u202f", " ")) == ("invalid", sentence)


def test_all_errors_of_scan_are_reported_together(client, event):
    token = make_device(event)[1]
    item = {"id": "x", "code": "y", "direction": "in", "at": "now"}

    headers = make_bearer_header(token) | {"accept-language": "en"}
    answer = client.post(URL, {"scans": [item]}, content_type="application/json", headers=headers)

    [result] = answer.json()["results"]
    assert result["detail"] == "“id” is not a UUID. “at” is not a date and time in RFC 3339 format."


def test_nan_invalidates_only_its_own_scan(client, event):
    token, code = make_device(event)[1], make_badge_code(make_registration(event))
    items = json.dumps([make_item(code, clock_offset_ms=float("nan")), make_item(code)])

    body = f'{{"scans": {items}}}'
    answer = client.post(URL, body, content_type="application/json", headers=make_bearer_header(token))

    assert read_verdicts(answer.json()["results"]) == [("refused", "invalid"), ("admitted", "")]


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", "application/json"])
def test_scans_are_parsed_as_json_regardless_of_headers(client, event, content_type):
    item = make_item(make_badge_code(make_registration(event)))
    headers = make_bearer_header(make_device(event)[1]) | {"accept": "text/html"}

    answer = client.post(URL, json.dumps({"scans": [item]}), content_type=content_type, headers=headers)

    assert read_verdicts(answer.json()["results"]) == [("admitted", "")]


def test_scan_by_registration_reference_is_admitted(send, event):
    registration = make_registration(event)
    assert read_verdicts(send(make_item("", registration=registration.reference.lower()))) == [
        ("admitted", "")
    ]
    assert read_verdicts(send(make_item("", registration="NOBODY"))) == [("refused", "unknown")]


def test_entry_outside_opening_hours_is_refused_unless_overridden(send, event):
    door = event.checkpoints.get()
    door.opens_at = timezone.now() - 10 * MINUTE
    door.closes_at = timezone.now() + 10 * MINUTE
    door.save()
    code = make_badge_code(make_registration(event))
    results = send(make_item(code, at=format_time_ago(minutes=11)), make_item(code, direction="out"))
    assert read_verdicts(results) == [("refused", "outside_window"), ("admitted", "")]
    assert read_verdicts(send(make_item(code, override_reason="Intervenante"))) == [("admitted", "")]


def test_only_a_supervisors_device_overrides(send, event):
    registration = make_registration(event, cancelled_at=timezone.now())
    code = make_badge_code(registration, 1)
    Device.objects.update(can_override=False)
    [result] = send(make_item(code, override_reason="Le président"))
    assert read_verdicts([result]) == [("refused", "cancelled")]
    assert "superviseur" in result["detail"]
    assert Scan.objects.get().override_reason == "Le président"
    assert not Presence.objects.filter(is_inside=True).exists()
    assert not AuditEntry.objects.filter(verb="scan.override").exists()
    Device.objects.update(can_override=True)
    assert read_verdicts(send(make_item(code, override_reason="Le président"))) == [("admitted", "cancelled")]
    entry = AuditEntry.objects.get(verb="scan.override")
    assert (entry.subject, entry.reason) == (f"registrations.registration:{registration.pk}", "Le président")
    rebuild_presence(event=event)
    assert Presence.objects.get().is_inside


def test_scan_may_give_checkpoint_by_id_or_name(send, event):
    room = Checkpoint.objects.create(event=event, name="Salle 1", kind=Checkpoint.Kind.SESSION)
    code = make_badge_code(make_registration(event))
    results = send(
        make_item(code), make_item(code, checkpoint=room.pk), make_item(code, checkpoint="Salle 1")
    )
    assert [result["verdict"] for result in results] == ["admitted", "admitted", "already_in"]
    assert set(Presence.objects.values_list("checkpoint__name", flat=True)) == {"Entrée", "Salle 1"}


def test_checkpoint_of_another_event_is_invalid(send, event):
    other = make_event().checkpoints.get()
    result = send(make_item(make_badge_code(make_registration(event)), checkpoint=other.pk))
    assert read_verdicts(result) == [("refused", "invalid")]


def test_room_admits_attendees_up_to_capacity(send, event):
    Checkpoint.objects.update(capacity=2)
    codes = [make_badge_code(make_registration(event)) for _number in range(4)]
    first = send(*(make_item(code) for code in codes[:3]))
    assert read_verdicts(first) == [("admitted", ""), ("admitted", ""), ("refused", "full")]
    assert read_verdicts(send(make_item(codes[0], direction="out"), make_item(codes[3]))) == [
        ("admitted", ""),
        ("admitted", ""),
    ]
    plain, forced = make_item(codes[2]), make_item(codes[2], override_reason="Oratrice")
    assert read_verdicts(send(plain, forced)) == [("refused", "full"), ("admitted", "full")]


def test_ids_are_echoed_as_sent(send, event):
    given = f"{{{uuid.uuid4()}}}".upper()
    assert send(make_item(make_badge_code(make_registration(event)), id=given))[0]["id"] == given


def test_query_count_does_not_grow(client, event, django_assert_num_queries):
    token = make_device(event, seen_at=timezone.now())[1]
    for size in (1, 50):
        items = [make_item(make_badge_code(make_registration(event))) for _number in range(size)]
        with django_assert_num_queries(8):  # and two insertions of our own, which Django does not see
            client.post(
                URL, {"scans": items}, content_type="application/json", headers=make_bearer_header(token)
            )
    assert Scan.objects.count() == 51


def test_checkpoint_with_numeric_name_is_found_by_name(send, event):
    room = Checkpoint.objects.create(event=event, name=str(event.checkpoints.get().pk))

    send(make_item(make_badge_code(make_registration(event)), checkpoint=room.name))

    assert Scan.objects.get().checkpoint == room


def test_checkpoint_id_sent_as_text_is_accepted(send, event):
    room = Checkpoint.objects.create(event=event, name="Salle")

    send(make_item(make_badge_code(make_registration(event)), checkpoint=str(room.pk)))

    assert Scan.objects.get().checkpoint == room
