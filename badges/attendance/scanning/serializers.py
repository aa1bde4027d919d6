"""Requests and responses of the scans endpoint: validated, rendered and described by these classes."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from convention.api.bodies import get_shared_serializer
from convention.api.fields import LocalTimeField

from .inputs.scan_time import SendingClock
from .lookup.attendees import FOUND_ATTENDEE_EXAMPLE, FoundAttendeeResponse
from .scan_fields import (
    CheckpointField,
    DirectionField,
    LetInField,
    LocalVerdictField,
    OptionalTimeField,
    ScanCodeField,
    ScanIdField,
    ScanListField,
    ScanNumberField,
    ScanTextField,
    ScanTimeField,
    UndoneScanField,
    validate_scan,
)
from .scan_input import (
    ALLOWED_VERDICTS,
    MAX_CODE_LENGTH,
    MAX_COUNTER,
    MAX_ELAPSED_MS,
    MAX_OFFSET_MS,
    MAX_OPERATOR_LENGTH,
    MAX_PAGE_LENGTH,
    MAX_REASON_LENGTH,
    MAX_REFERENCE_LENGTH,
    MAX_SCANS_PER_REQUEST,
    MAX_SIGNATURE_LENGTH,
    InvalidScan,
    ScanInput,
)
from .snapshot_serializers import CapacityLimitResponse

SCANS_EXAMPLE = OpenApiExample(
    "A badge is read",
    value={
        "scans": [
            {
                "id": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11",
                "code": "HTTPS://CONVENTION.EXAMPLE/B/AEBAGBAFAYDQQCIKBMGA",
                "direction": "in",
                "at": "2026-06-17T08:31:02+02:00",
                "sequence": 17,
                "clock_offset_ms": -40,
                "local_verdict": "admitted",
                "let_in": True,
                "snapshot": 42,
                "operator": "Lise",
                "page": "kq3v0c",
                "elapsed_ms": 1284300,
            }
        ],
        "page": "kq3v0c",
        "elapsed_ms": 1284920,
        "sent_at": "2026-06-17T08:31:03+02:00",
    },
    request_only=True,
)
SHORT_CODE_EXAMPLE = OpenApiExample(
    "The short code of a badge is typed",
    value={
        "scans": [
            {
                "id": "0c6f3f0e-50c5-4c0e-8f6c-7f5b1d1f2a22",
                "code": "K3VQ7M2X",
                "direction": "in",
                "at": "2026-06-17T08:31:40+02:00",
                "local_verdict": "unverified",
                "let_in": False,
            }
        ]
    },
    request_only=True,
)
SHORT_CODE_RESULTS_EXAMPLE = OpenApiExample(
    "The attendee whose short code was typed",
    value={
        "results": [
            {
                "id": "0c6f3f0e-50c5-4c0e-8f6c-7f5b1d1f2a22",
                "verdict": "admitted",
                "reason": "",
                "name": "Zoé Müller",
                "company": "Acme",
                "ticket": "Adhérent",
                "entered_at": None,
                "gate": "",
                "is_desk_entry": False,
                "replayed": False,
                "detail": "",
                "attendee": FOUND_ATTENDEE_EXAMPLE,
            }
        ],
        "limits": [],
        "sequence": 43,
        "server_time": "2026-06-17T08:31:40.620000+02:00",
    },
    response_only=True,
)
RESULTS_EXAMPLE = OpenApiExample(
    "A second device reads a badge that is inside",
    value={
        "results": [
            {
                "id": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11",
                "verdict": "already_in",
                "reason": "conflict",
                "name": "Zoé Müller",
                "company": "Acme",
                "ticket": "Adhérent",
                "entered_at": "2026-06-17T07:12:00.120000+02:00",
                "gate": "Entrée",
                "is_desk_entry": False,
                "replayed": False,
                "detail": "",
            }
        ],
        "limits": [],
        "sequence": 43,
        "server_time": "2026-06-17T08:31:02.520000+02:00",
    },
    response_only=True,
)


class ScanRequest(serializers.Serializer[ScanInput]):
    """A scan: with `code`, or with `registration` instead. Anything else gets the reason `invalid`."""

    default_error_messages = {
        "invalid": gettext_lazy("Each scan must be an object."),
    }

    id = ScanIdField(help_text="Made on the device. The same scan is sent again under the same id.")
    code = ScanCodeField(
        max_length=MAX_CODE_LENGTH,
        help_text="As read; or the eight letters of the badge’s short code, as typed: the server resolves "
        "it, a limited number of times for each device. Further ones get the reason `too_many_tries`.",
    )
    registration = ScanCodeField(
        max_length=MAX_REFERENCE_LENGTH, help_text="Its id, where the attendee was found by name."
    )
    direction = DirectionField()
    at = ScanTimeField(help_text="By the device’s clock.")
    checkpoint = CheckpointField(help_text="Its id or its name; default: the device’s own.")
    sequence = ScanNumberField(limit=MAX_COUNTER, help_text="The device’s counter.")
    clock_offset_ms = ScanNumberField(
        limit=MAX_OFFSET_MS, help_text="Measured: the server’s time minus the device’s."
    )
    local_verdict = LocalVerdictField(help_text="What the operator saw.")
    snapshot = ScanNumberField(
        limit=MAX_COUNTER, help_text="The `sequence` of the snapshot that the device decided by."
    )
    operator = ScanTextField(max_length=MAX_OPERATOR_LENGTH, help_text="The name of the device’s user.")
    override_reason = ScanTextField(
        max_length=MAX_REASON_LENGTH, help_text="Admits all the same, on a supervisor’s device."
    )
    let_in = LetInField(
        help_text="Whether the operator let the attendee pass: attendance rests on this. Absent: as the "
        "verdict says, so leave it out where the answer decides, and take the scan back if it came too late."
    )
    undoes = UndoneScanField(
        help_text="The id of the scan that this one takes back, with the same code. It may arrive first."
    )
    page = ScanTextField(max_length=MAX_PAGE_LENGTH, help_text="Names the page load that made the scan.")
    elapsed_ms = ScanNumberField(
        limit=MAX_ELAPSED_MS, help_text="That page’s monotonic clock when the badge was read."
    )
    device = ScanNumberField(
        limit=MAX_COUNTER,
        help_text="The id of the device that made the scan; default: the one that sends it.",
    )
    signature = ScanTextField(
        max_length=MAX_SIGNATURE_LENGTH,
        help_text="Required from a device that was paired with a key: ECDSA with P-256 and SHA-256, 64 bytes "
        'in base64url, over the JSON array `["scan-1", device, id, code, registration, direction, at, '
        "checkpoint, sequence, clock_offset_ms, local_verdict, let_in, undoes, page, elapsed_ms, operator, "
        'override_reason]` without blanks; absent texts are `""`, absent numbers and booleans `null`.',
    )

    def run_validation(self, data: Any = empty) -> ScanInput:
        """Validate without DRF's lookups of defaults and validators, which no scan has (scan_fields.py)."""
        if not isinstance(data, Mapping):
            self.fail("invalid")
        attrs, errors = {}, {}
        for name, field in self.fields.items():
            try:
                attrs[name] = field.run_validation(data.get(name, empty))
            except ValidationError as error:
                errors[name] = error.detail
        if errors:
            raise ValidationError(errors)
        return self.validate(attrs)

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Return the fields as a ScanInput."""
        code, registration = attrs["code"], attrs["registration"]
        if not code and not registration:
            raise ValidationError({"code": _("“code” is missing.")})
        return ScanInput(
            uid=attrs["id"].uid,
            sent_id=attrs["id"].sent_text,
            code=code,
            # A code is signed, a reference is not: with both, only the code counts.
            registration_reference="" if code else registration,
            direction=attrs["direction"],
            scanned_at=attrs["at"],
            checkpoint=attrs["checkpoint"],
            device_sequence=attrs["sequence"],
            clock_offset_ms=attrs["clock_offset_ms"],
            local_verdict=attrs["local_verdict"],
            snapshot_sequence=attrs["snapshot"],
            operator=attrs["operator"],
            override_reason=attrs["override_reason"],
            let_in=attrs["let_in"],
            undoes=attrs["undoes"],
            page=attrs["page"],
            elapsed_ms=attrs["elapsed_ms"],
            device_id=attrs["device"],
            signature=attrs["signature"],
        )


@extend_schema_serializer(examples=[SCANS_EXAMPLE, SHORT_CODE_EXAMPLE])
class ScanBatchRequest(serializers.Serializer[Any]):
    """Up to 200 scans, and the clocks of the page that sends them."""

    scans = ScanListField(child=ScanRequest())
    page = ScanTextField(max_length=MAX_PAGE_LENGTH, help_text="Names the page load that sends this.")
    elapsed_ms = ScanNumberField(limit=MAX_ELAPSED_MS, help_text="Its monotonic clock now.")
    sent_at = OptionalTimeField(help_text="The device’s clock now.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Combine the three clock fields into a SendingClock."""
        clock = SendingClock(attrs["page"], attrs["elapsed_ms"], attrs["sent_at"])
        return {"scans": attrs["scans"], "clock": clock}


class ScanResultResponse(serializers.Serializer[Any]):
    """The result of one item. An item that has one is stored or refused: the device may delete it."""

    id = serializers.CharField(
        source="echoed_id", allow_null=True, help_text="As sent; null if it was not a text."
    )
    verdict = serializers.ChoiceField([verdict for verdict in ALLOWED_VERDICTS if verdict])
    reason = serializers.CharField(help_text="`invalid` for an item that is not a scan.")
    name = serializers.CharField(help_text="Empty, as company and ticket, for codes of other events.")
    company = serializers.CharField()
    ticket = serializers.CharField()
    entered_at = LocalTimeField(
        timespec="auto", allow_null=True, help_text="With `already_in`: when, and at which `gate`."
    )
    gate = serializers.CharField()
    is_desk_entry = serializers.BooleanField(
        help_text="With `conflict`: the desk recorded the entry at `entered_at`."
    )
    replayed = serializers.BooleanField(source="is_replayed")
    detail = serializers.CharField(help_text="What is wrong with the item.")
    attendee = FoundAttendeeResponse(
        required=False,
        help_text="The attendee whose short code was typed. Take the next scan of this badge by its "
        "`registration`, and show the `person`.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Leave `attendee` out of the results of codes that were read."""
        body = super().to_representation(instance)
        if body["attendee"] is None:
            del body["attendee"]
        return body


@extend_schema_serializer(examples=[RESULTS_EXAMPLE, SHORT_CODE_RESULTS_EXAMPLE])
class ScanBatchResponse(serializers.Serializer[Any]):
    """One result for each item, in the order sent."""

    results = serializers.ListField(child=ScanResultResponse(), max_length=MAX_SCANS_PER_REQUEST)
    limits = CapacityLimitResponse(many=True, help_text="As in the snapshot, with these scans counted.")
    sequence = serializers.IntegerField(min_value=0)
    server_time = LocalTimeField(
        timespec="auto", help_text="For `clock_offset_ms`: the server’s time minus the device’s."
    )


def parse_scan(item: Any) -> ScanInput | InvalidScan:
    """Return one item of a request as a ScanInput, or an InvalidScan that says what is wrong."""
    return validate_scan(get_shared_serializer(ScanRequest), item)
