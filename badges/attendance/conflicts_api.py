"""REST endpoint for phones at the door: open conflicts of their own scans, and resolving one."""

from itertools import batched, islice
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_body, validate_body
from convention.api.fields import LocalTimeField, StrictTextField
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.errors import NotFound
from registrations.models import Registration

from .conflict_list import ScanConflict, ScanConflictFilter, filter_open_conflicts, load_conflicts
from .conflicts import Resolver, resolve_badge_conflicts
from .models import Checkpoint, ConflictResolution, Device, Scan
from .scanning.api import DeviceView, get_device
from .scanning.presence_store import filter_by_checkpoint, filter_by_registration, filter_counted_scans
from .scanning.record_encryption import make_registration_key
from .scanning.scan_input import MAX_OPERATOR_LENGTH

# A phone shows a few; more are for the organizer's page.
MAX_CONFLICTS_SENT = 50
MAX_CONFLICT_ID_LENGTH = 40


CONFLICTS_EXAMPLE = OpenApiExample(
    "A badge that two phones let in",
    value={
        "conflicts": [
            {
                "id": "3-K3VQ7M2XPA9TB",
                "key": "0f1e2d3c4b5a6978",
                "name": "Zoé Müller",
                "company": "Acme",
                "checkpoint": "Entrée",
                "entered_at": "2026-06-17T08:31:02+02:00",
                "gate": "Entrée",
                "device": "Paul",
                "is_desk": False,
                "is_mine": True,
                "scans": [
                    {
                        "at": "2026-06-17T08:44:10+02:00",
                        "gate": "Entrée sud",
                        "device": "Lise",
                        "is_desk": False,
                        "is_mine": False,
                    }
                ],
            }
        ]
    },
    response_only=True,
)
RESOLUTION_EXAMPLE = OpenApiExample(
    "They left unseen and came back",
    value={"id": "3-K3VQ7M2XPA9TB", "kind": "reentry", "operator": "Lise"},
    request_only=True,
)
RESOLVED_EXAMPLE = OpenApiExample("One scan was resolved", value={"resolved": 1}, response_only=True)


class ConflictingScanResponse(serializers.Serializer[Any]):
    """A scan that let in a badge which was inside."""

    at = LocalTimeField(timespec="auto")
    gate = serializers.CharField()
    device = serializers.CharField()
    is_desk = serializers.BooleanField(help_text="The desk recorded it.")
    is_mine = serializers.BooleanField(help_text="This device made the scan.")


class DeviceConflictResponse(serializers.Serializer[Any]):
    """A badge that was let in although it was inside."""

    id = serializers.CharField(help_text="Names the conflict when it is resolved.")
    key = serializers.CharField(help_text="Of the registration, as in the snapshot.")
    name = serializers.CharField()
    company = serializers.CharField()
    checkpoint = serializers.CharField(help_text="Where the scans count.")
    entered_at = LocalTimeField(timespec="auto", allow_null=True)
    gate = serializers.CharField(help_text="Where the badge was let in first.")
    device = serializers.CharField(help_text="The device that let it in first; empty without a name.")
    is_desk = serializers.BooleanField(help_text="The desk let it in first.")
    is_mine = serializers.BooleanField(help_text="This device let the badge in first.")
    scans = ConflictingScanResponse(many=True)


@extend_schema_serializer(examples=[CONFLICTS_EXAMPLE])
class DeviceConflictsResponse(serializers.Serializer[Any]):
    """The open conflicts of the device's own scans, the latest first."""

    conflicts = DeviceConflictResponse(many=True)


@extend_schema_serializer(examples=[RESOLUTION_EXAMPLE])
class ConflictResolutionRequest(serializers.Serializer[Any]):
    """How one conflict is resolved."""

    id = StrictTextField(max_length=MAX_CONFLICT_ID_LENGTH)
    kind = serializers.ChoiceField(ConflictResolution.Kind.choices)
    operator = StrictTextField(required=False, default="", allow_blank=True, max_length=MAX_OPERATOR_LENGTH)


@extend_schema_serializer(examples=[RESOLVED_EXAMPLE])
class ConflictResolutionResponse(serializers.Serializer[Any]):
    """The number of scans that this request resolved: 0 if others were faster."""

    resolved = serializers.IntegerField(min_value=0)


class DeviceConflictsView(DeviceView):
    """The conflicts that a device took part in."""

    http_method_names = ("get", "post")

    @extend_schema(responses=DeviceConflictsResponse, tags=["scanner"], operation_id="scanner_conflicts")
    def get(self, request: Request) -> Response:
        """Return the open conflicts of scans that this device made."""
        device = get_device(request)
        conflicts = list_device_conflicts(device)
        body = {"conflicts": [describe_conflict(conflict, device) for conflict in conflicts]}
        with timezone.override(device.event.zone):
            return Response(render_body(DeviceConflictsResponse, body))

    @extend_schema(
        request=ConflictResolutionRequest,
        responses=ConflictResolutionResponse,
        tags=["scanner"],
        operation_id="scanner_conflicts_resolve",
        extensions={PROBLEMS_EXTENSION: ["404"]},
    )
    def post(self, request: Request) -> Response:
        """Resolve one conflict; the scans do not change. Sending it again resolves nothing twice."""
        device = get_device(request)
        data = validate_body(ConflictResolutionRequest, request.data)
        registration, checkpoint = find_conflict_key(device, data["id"])
        resolved = resolve_badge_conflicts(
            event=device.event,
            keys=[(registration.pk, checkpoint.pk)],
            kind=data["kind"],
            resolver=Resolver(device=device, operator=data["operator"]),
        )
        return Response(render_body(ConflictResolutionResponse, {"resolved": sum(resolved.values())}))


def list_device_conflicts(device: Device) -> list[ScanConflict]:
    rows = filter_open_conflicts(device.event, ScanConflictFilter()).filter(has_scan_of(device))
    rows = rows.select_related("registration", "checkpoint", "last_checkpoint")
    # In parts: mostly the first one is enough, and the others' histories need not be loaded. Not limited
    # in the query: the latest rows may all be of scans that are no part of the conflict, such as exits.
    parts = (load_conflicts(device.event, part) for part in batched(rows, MAX_CONFLICTS_SENT, strict=False))
    conflicts = (conflict for part in parts for conflict in part if conflict.concerns_device(device))
    return list(islice(conflicts, MAX_CONFLICTS_SENT))


def has_scan_of(device: Device) -> Q:
    """Return a condition on presences: a scan by this device counts for them."""
    scans = filter_counted_scans(Scan.objects.filter(device=device)).filter(
        # Not filter_by_checkpoint: Django takes no outer reference in a list.
        Q(checkpoint=OuterRef("checkpoint")) | Q(checkpoint__counts_as=OuterRef("checkpoint")),
        Q(owner=OuterRef("registration")),
    )
    return Q(Exists(scans))


def make_conflict_id(conflict: ScanConflict) -> str:
    """Return an id that stays the same when presences are rebuilt."""
    presence = conflict.presence
    return f"{presence.checkpoint_id}-{presence.registration.reference}"


def find_conflict_key(device: Device, conflict_id: str) -> tuple[Registration, Checkpoint]:
    """Return registration and checkpoint of an id. Raise NotFound if no scan by this device counts."""
    number, _hyphen, reference = conflict_id.partition("-")
    checkpoints = Checkpoint.objects.filter(event=device.event_id)
    checkpoint = checkpoints.filter(pk=number).first() if number.isdecimal() and len(number) < 18 else None
    registration = Registration.objects.filter(event=device.event_id, reference=reference).first()
    if checkpoint and registration:
        scans = Scan.objects.filter(filter_by_registration([registration]), device=device)
        if filter_counted_scans(scans).filter(filter_by_checkpoint(checkpoint.pk)).exists():
            return registration, checkpoint
    raise NotFound(_("This device has no such conflict."))


def describe_conflict(conflict: ScanConflict, device: Device) -> dict[str, Any]:
    """Return a conflict in the shape of `DeviceConflictResponse`."""
    presence = conflict.presence
    return {
        "id": make_conflict_id(conflict),
        "key": make_registration_key(presence.registration.reference),
        "name": presence.registration.name,
        "company": presence.registration.company,
        "checkpoint": presence.checkpoint.name,
        "entered_at": presence.last_entered_at,
        "gate": presence.last_checkpoint.name if presence.last_checkpoint else "",
        "device": conflict.first_device_name,
        "is_desk": conflict.is_desk(presence.last_device_id),
        "is_mine": presence.last_device_id == device.pk,
        "scans": [
            {
                "at": scan.at,
                "gate": scan.gate_name,
                "device": name,
                "is_desk": conflict.is_desk(scan.device_id),
                "is_mine": scan.device_id == device.pk,
            }
            for scan, name in conflict.scans_with_devices
        ],
    }
