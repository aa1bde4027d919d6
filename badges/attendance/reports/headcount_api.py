"""REST endpoint of an event's headcount with its uncertainty, for programs of its organizers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from badges.attendance.models import Checkpoint
from convention.api.bodies import render_body
from convention.api.models import ApiToken
from convention.api.reading_audit import record_api_read
from convention.api.scopes import HasScope
from convention.events.permissions import get_event_to_organize

from .headcount import count_attendance, count_inside_event

HEADCOUNT_EXAMPLE = OpenApiExample(
    "A gate is silent",
    value={
        "registered": 540, "arrived": 447, "inside": 431, "fewest_inside": 424, "most_inside": 438,
        "silent_devices": [
            {"name": "Lise", "checkpoint": "Porte B", "silent_minutes": 12, "entries": 7, "exits": 7}
        ],
        "checkpoints": [
            {
                "id": 3, "name": "Entrée", "kind": "entrance", "room": "", "arrived": 447, "inside": 431,
                "fewest_inside": 424, "most_inside": 438, "capacity": None, "is_alarming": False,
                "is_over": False,
            }
        ],
    },
    response_only=True,
)  # fmt: skip


class SilentDeviceResponse(serializers.Serializer[Any]):
    """A device that was not heard of, and how many scans it may hold, by its pace before."""

    name = serializers.CharField(source="device")
    checkpoint = serializers.CharField(source="device.checkpoint.name")
    silent_minutes = serializers.IntegerField(source="minutes", min_value=0)
    entries = serializers.IntegerField(min_value=0)
    exits = serializers.IntegerField(min_value=0)


class CheckpointHeadcountResponse(serializers.Serializer[Any]):
    """The counts of one checkpoint; those of its other gates are in it."""

    id = serializers.IntegerField(source="checkpoint.pk", min_value=0)
    name = serializers.CharField(source="checkpoint.name")
    kind = serializers.ChoiceField(Checkpoint.Kind.values, source="checkpoint.kind")
    room = serializers.SerializerMethodField(help_text="The room of the checkpoint’s session.")
    arrived = serializers.IntegerField(source="arrived_count", min_value=0)
    inside = serializers.IntegerField(source="inside_count", min_value=0)
    fewest_inside = serializers.IntegerField(min_value=0)
    most_inside = serializers.IntegerField(min_value=0)
    capacity = serializers.IntegerField(source="checkpoint.capacity", allow_null=True, min_value=0)
    is_alarming = serializers.BooleanField(help_text="The capacity is nearly reached, or may be.")
    is_over = serializers.BooleanField()

    def get_room(self, row: Any) -> str:
        room = row.checkpoint.session and row.checkpoint.session.room
        return room.name if room else ""


@extend_schema_serializer(examples=[HEADCOUNT_EXAMPLE])
class HeadcountResponse(serializers.Serializer[Any]):
    """How many are inside the event, and between which numbers, as some devices are silent."""

    registered = serializers.IntegerField(source="total.registered_count", min_value=0)
    arrived = serializers.IntegerField(source="total.arrived_count", min_value=0)
    inside = serializers.IntegerField(source="live.inside_count", min_value=0)
    fewest_inside = serializers.IntegerField(source="live.fewest_inside", min_value=0)
    most_inside = serializers.IntegerField(source="live.most_inside", min_value=0)
    silent_devices = SilentDeviceResponse(many=True, source="live.silent_devices")
    checkpoints = CheckpointHeadcountResponse(many=True, source="live.checkpoints")


class HeadcountView(APIView):
    """The headcount of an event."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.ATTENDANCE_READ

    @extend_schema(responses=HeadcountResponse, tags=["attendance"], operation_id="headcount")
    def get(self, request: Request, event: str) -> Response:
        """Count who is inside the event and each of its checkpoints."""
        event_obj = get_event_to_organize(event, request.user)
        record_api_read("attendance.headcount", token=request.auth, event=event_obj)
        total = count_attendance(event_obj).total
        live = count_inside_event(event_obj, inside_count=total.inside_count)
        return Response(render_body(HeadcountResponse, {"total": total, "live": live}))
