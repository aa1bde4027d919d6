"""Every documented example fits the description both ways, and so do the real responses."""

import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator, FormatChecker

from badges.attendance.conflicts_api import ConflictResolutionRequest
from badges.attendance.devices.api import PairDeviceRequest
from badges.attendance.devices.checkpoint_api import CheckpointChangeRequest
from badges.attendance.models import Presence
from badges.attendance.scanning.scan_input import ScanInput
from badges.attendance.scanning.serializers import ScanBatchRequest
from badges.scanner.api import AttendeeSearchRequest
from convention.api.bodies import validate_body
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.errors import InvalidFields
from registrations.order_request import OrderRequest
from registrations.serializers import OrderCreateRequest
from schedule.api.draft_bodies import (
    OTHER_SESSION_GUID,
    SESSION_GUID,
    SLOT_EXAMPLE,
    DraftUndoRequest,
    PublishRequest,
    SlotMovesRequest,
)
from schedule.api.room_bodies import RoomChangesRequest, RoomCreateRequest
from schedule.api.session_bodies import (
    SessionCancellationRequest,
    SessionChangesRequest,
    SessionCreateRequest,
)
from schedule.api.speaker_bodies import SPEAKER_GUID, SpeakerChangesRequest, SpeakerCreateRequest
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.models import ScheduleDraft, ScheduleVersion
from tests.badges.attendance.factories import make_badge_code, make_bearer_header, make_device, make_item
from tests.badges.attendance.factories import make_event as make_scanned_event
from tests.factories import (
    make_addon,
    make_administrator,
    make_order,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
    make_voucher,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SCANS = "/api/v1/scanner/scans/"
METHODS = {"get", "post", "patch", "delete"}


def load_description() -> dict[str, Any]:
    with override("en"):
        return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def make_strict(schema: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema, without room for members that it does not name."""
    if isinstance(schema, list):
        return [make_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: make_strict(value) for name, value in schema.items() if name != "nullable"}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        strict["additionalProperties"] = False
    # `properties` may itself name a member "nullable".
    return {"anyOf": [strict, {"type": "null"}]} if schema.get("nullable") is True else strict


DESCRIPTION = load_description()
COMPONENTS = make_strict(DESCRIPTION["components"])
OPERATIONS = [
    (method, path, operation)
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
]
REQUESTS = [
    (method, path, example["value"])
    for method, path, operation in OPERATIONS
    if "requestBody" in operation
    for example in operation["requestBody"]["content"]["application/json"].get("examples", {}).values()
]
RESPONSES = [
    (method, path, status, example["value"])
    for method, path, operation in OPERATIONS
    for status, response in operation["responses"].items()
    for content in response.get("content", {}).values()
    for example in content.get("examples", {}).values()
]
# Their examples name a pairing code, a conflict or a checkpoint that the site of this test does not have.
NAMING_ROWS = {f"/api/v1/scanner/{name}/" for name in ("pair", "conflicts", "checkpoint")}
WITHOUT_BODY = [(method, path) for method, path, operation in OPERATIONS if "requestBody" not in operation]
SERIALIZERS = {
    serializer.__name__: serializer
    for serializer in (
        *(OrderCreateRequest, ScanBatchRequest, SlotMovesRequest, PublishRequest),
        *(SessionCreateRequest, SessionChangesRequest, SpeakerCreateRequest, SpeakerChangesRequest),
        *(RoomCreateRequest, RoomChangesRequest, DraftUndoRequest, SessionCancellationRequest),
        *(PairDeviceRequest, CheckpointChangeRequest, ConflictResolutionRequest, AttendeeSearchRequest),
    )
}


def list_mismatches(schema: dict[str, Any], value: Any) -> list[str]:
    """Return a message for each mismatch between a value and a schema of the description."""
    validator = Draft4Validator(
        {**make_strict(schema), "components": COMPONENTS}, format_checker=FormatChecker()
    )
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)]


def response_schema(method: str, path: str, status: str) -> dict[str, Any]:
    [content] = DESCRIPTION["paths"][path][method]["responses"][status]["content"].values()
    return content["schema"]


def test_every_operation_has_an_example_of_its_response():
    without = {(method, path) for method, path, _operation in OPERATIONS} - {
        (method, path) for method, path, _status, _value in RESPONSES
    }

    assert without == set()


def test_every_request_body_has_an_example():
    bodies = {(method, path) for method, path, operation in OPERATIONS if "requestBody" in operation}

    assert {(method, path) for method, path, _value in REQUESTS} == bodies


@pytest.mark.parametrize(("method", "path", "example"), REQUESTS)
def test_request_example_fits_the_description(method, path, example):
    schema = DESCRIPTION["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]

    assert list_mismatches(schema, example) == []


@pytest.mark.parametrize(("method", "path", "example"), REQUESTS)
def test_request_example_passes_the_serializer(method, path, example):
    schema = DESCRIPTION["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    serializer = SERIALIZERS[schema["$ref"].rpartition("/")[2]]

    validated = validate_body(serializer, example)

    found = validated.get("scans", [validated]) if isinstance(validated, dict) else [validated]
    assert {type(one) for one in found} <= {ScanInput, OrderRequest, dict}


@pytest.mark.parametrize(("method", "path", "status", "example"), RESPONSES)
def test_response_example_fits_the_description(method, path, status, example):
    assert list_mismatches(response_schema(method, path, status), example) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": 1}, "email"),
        ({"email": "a" * 255}, "email"),
        ({"billing": {"postcode": "7" * 21}}, "billing.postcode"),
        ({"registrations": [{"first_name": "a" * 301}]}, "registrations.0.first_name"),
        ({"registrations": [{"addons": ["dinner"] * 51}]}, "registrations.0.addons"),
        ({"registrations": [{"answers": []}]}, "registrations.0.answers"),
        ({"expected_total": True}, "expected_total"),
        ({"expected_total": -1}, "expected_total"),
        ({"code": "A" * 41}, "code"),
    ],
)
def test_serializer_refuses_values_outside_the_description(body, field):
    with pytest.raises(InvalidFields) as refusal:
        validate_body(OrderCreateRequest, body)

    assert list(refusal.value.field_errors) == [field]


@pytest.fixture
def site():
    """Create an event with a row in every list; return the headers of each kind of caller."""
    event = make_scanned_event(slug="convention")
    ticket = make_ticket(event, slug="guest", price=12_000)
    voucher = make_voucher(event)
    person = make_administrator()
    own = make_registration(ticket, person=person, order=make_order(event), voucher=voucher)
    own.reductions = [{"reason": "code", "amount": 2000}]
    own.save()
    own.addons.create(addon=make_addon(event), price=5000)
    room = make_room(event)
    session = {"room": room, "track": make_track(event), "speakers": ("Ada",)}
    make_session(event, "Atelier", capacity=20, guid=SESSION_GUID, **session)
    make_planned_draft(event, person)
    event.speakers.update(guid=SPEAKER_GUID)
    _row, token = create_token(person_id=person.pk, name="examples", scopes=list(ApiToken.Scope.values))
    _device, device_token = make_device(event)
    scanner = make_bearer_header(device_token)
    item = make_item(make_badge_code(own))
    Client().post(SCANS, {"scans": [item]}, content_type="application/json", headers=scanner)
    assert Presence.objects.count() == 1
    return {
        "room": room.pk,
        "event": event.slug,
        "reference": own.reference,
        "person": make_bearer_header(token),
        "scanner": scanner,
    }


def make_planned_draft(event, person):
    """Create the version and the latest move that the examples about the draft refer to."""
    # The examples have a fixed date, and the event takes place today.
    event.starts_at = min(event.starts_at, datetime.datetime(2027, 6, 16, tzinfo=datetime.UTC))
    event.ends_at = max(event.ends_at, datetime.datetime(2027, 6, 17, tzinfo=datetime.UTC))
    event.save()
    make_session(event, "Plus tard", starts_at=None, guid=OTHER_SESSION_GUID)
    ScheduleVersion.objects.create(event=event, number=3)
    draft = get_current_draft(event)
    draft.slots.all().delete()
    ScheduleDraft.objects.filter(pk=draft.pk).update(revision=118)
    times = [datetime.datetime.fromisoformat(SLOT_EXAMPLE[name]) for name in ("starts_at", "ends_at")]
    session = event.sessions.get(guid=SESSION_GUID)
    make_moves(draft=draft, states={session.pk: SlotState(None, *times)}, author=person)


def call(site, method, path, body=None):
    """Send a request with the token that the description asks for."""
    schemes = {name for way in DESCRIPTION["paths"][path][method]["security"] for name in way}
    headers = site["scanner" if "deviceToken" in schemes else "person"]
    guid = SPEAKER_GUID if "speakers" in path else SESSION_GUID
    address = path.format(event=site["event"], reference=site["reference"], guid=guid, id=site["room"])
    if (method, path.rpartition("/rooms/")[2]) == ("delete", "{id}/"):
        address += "?confirmed=true"
    if method == "get":
        return Client().get(address, headers=headers)
    return Client().generic(
        method, address, json.dumps(body), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(
    ("method", "path", "example"), [request for request in REQUESTS if request[1] not in NAMING_ROWS]
)
def test_request_example_is_answered_as_documented(site, method, path, example):
    answer = call(site, method, path, example)

    schema = response_schema(method, path, str(answer.status_code))
    assert answer.status_code in (200, 201)
    assert list_mismatches(schema, answer.json()) == []


@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_real_response_fits_the_description(site, method, path):
    answer = call(site, method, path)

    assert answer.status_code == 200
    assert list_mismatches(response_schema(method, path, "200"), answer.json()) == []


@pytest.mark.parametrize("name", ["registrations", "sessions", "attendance"])
def test_real_list_is_not_empty(site, name):
    assert call(site, "get", f"/api/v1/events/{{event}}/{name}/").json()["results"] != []
