"""REST endpoint by which a phone moves to another checkpoint of its event."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.api import DeviceView, get_device
from badges.attendance.scanning.snapshot_serializers import SnapshotDeviceResponse
from convention.api.bodies import render_body, validate_body
from convention.api.openapi import PROBLEMS_EXTENSION
from convention.errors import NotFound

from .checkpoints import move_device

CHANGE_EXAMPLE = OpenApiExample("To another gate", value={"checkpoint": 4}, request_only=True)
CHANGED_EXAMPLE = OpenApiExample(
    "The device at its new checkpoint",
    value={
        "device": {
            "id": 7,
            "name": "Lise",
            "checkpoint": 4,
            "expires_at": "2026-06-18T20:00:00+02:00",
            "can_override": False,
            "can_change_checkpoint": True,
        }
    },
    response_only=True,
)


@extend_schema_serializer(examples=[CHANGE_EXAMPLE])
class CheckpointChangeRequest(serializers.Serializer[Any]):
    """The checkpoint to move to, one of the snapshot’s."""

    checkpoint = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


@extend_schema_serializer(examples=[CHANGED_EXAMPLE])
class CheckpointChangeResponse(serializers.Serializer[Any]):
    """The device as in the snapshot."""

    device = SnapshotDeviceResponse()


class DeviceCheckpointView(DeviceView):
    """The checkpoint of a device."""

    http_method_names = ("post",)

    @extend_schema(
        request=CheckpointChangeRequest,
        responses=CheckpointChangeResponse,
        tags=["scanner"],
        operation_id="scanner_checkpoint",
        extensions={PROBLEMS_EXTENSION: ["403", "404"]},
    )
    def post(self, request: Request) -> Response:
        """Move the device to another checkpoint of its event, if the organizer allowed it at pairing.

        Scans made before name their own checkpoint. The next snapshot is of the new one.
        """
        device = get_device(request)
        number = validate_body(CheckpointChangeRequest, request.data)["checkpoint"]
        checkpoint = Checkpoint.objects.filter(event=device.event_id, pk=number).first()
        if checkpoint is None:
            raise NotFound(_("This event has no such checkpoint."))
        move_device(device=device, checkpoint=checkpoint)
        with timezone.override(device.event.zone):
            return Response(render_body(CheckpointChangeResponse, {"device": device}))
