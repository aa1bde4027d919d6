"""Requests and responses about rooms."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from convention.api.fields import ObjectRequest, StrictIntegerField, StrictTextField
from convention.events.models import Room
from convention.web.forms import MAX_COUNT
from schedule.conflicts.forms import MAX_BUFFER_MINUTES, MAX_FEATURES_CHARS

ROOM_CONTENT: Final = {
    "name": "Salle 1",
    "capacity": 80,
    "position": 2,
    "turnover_minutes": 10,
    "zone": "Nord",
    "features": "projector\nmicrophone",
}
ROOM_EXAMPLE = OpenApiExample("A room", value={"id": 4, **ROOM_CONTENT}, response_only=True)
OPTIONAL: Final[dict[str, Any]] = {"required": False}
OPTIONAL_TEXT: Final = OPTIONAL | {"allow_blank": True}


@extend_schema_serializer(examples=[OpenApiExample("More seats", value={"capacity": 120}, request_only=True)])
class RoomChangesRequest(ObjectRequest):
    """The members to change; a name is public at once."""

    name = StrictTextField(max_length=500, **OPTIONAL)
    capacity = StrictIntegerField(min_value=0, max_value=MAX_COUNT, allow_null=True, **OPTIONAL)
    position = StrictIntegerField(min_value=0, max_value=MAX_COUNT, **OPTIONAL)
    turnover_minutes = StrictIntegerField(
        min_value=0, max_value=MAX_BUFFER_MINUTES, help_text="Between two sessions.", **OPTIONAL
    )
    zone = StrictTextField(max_length=100, help_text="Rooms close to each other share it.", **OPTIONAL_TEXT)
    features = StrictTextField(
        max_length=MAX_FEATURES_CHARS, help_text="Equipment, one item on each line.", **OPTIONAL_TEXT
    )


@extend_schema_serializer(examples=[OpenApiExample("A room", value=ROOM_CONTENT, request_only=True)])
class RoomCreateRequest(RoomChangesRequest):
    """A new room; without a position it comes after the others."""

    name = StrictTextField(max_length=500)


@extend_schema_serializer(examples=[ROOM_EXAMPLE])
class RoomDetailsResponse(serializers.Serializer[Room]):
    """A room, with what the planner knows of it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    capacity = serializers.IntegerField(allow_null=True)
    position = serializers.IntegerField()
    turnover_minutes = serializers.IntegerField()
    zone = serializers.CharField()
    features = serializers.CharField()
