"""REST endpoints of an event's attendance, headcount and figures, for programs of its organizers."""

import datetime
import uuid
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from badges.attendance.models import Checkpoint, Presence, PresenceQuerySet
from badges.attendance.scanning.presence_store import filter_still_inside
from convention.api.bodies import render_body
from convention.api.models import ApiToken
from convention.api.pagination import ApiCursorPagination
from convention.api.reading_audit import record_api_read
from convention.api.scopes import HasScope
from convention.events.permissions import get_event_to_organize
from convention.text.dates import format_rfc3339

from .day_figures import DayFigures, load_day_figures
from .headcount import count_attendance, count_inside_event
from .session_figures import SessionFigures, load_session_figures


class AttendanceFilter(serializers.Serializer[Any]):
    """The query parameters of the list."""

    session = serializers.UUIDField(
        required=False, help_text="The guid of a session, to return its attendance only."
    )
    registration = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="The id of a registration, to return its attendance only.",
    )

    def validate_session(self, value: uuid.UUID) -> uuid.UUID:
        """Refuse other spellings of a UUID, such as without hyphens, which the description excludes."""
        sent = self.initial_data["session"]
        if str(value) != sent.lower():
            self.fields["session"].fail("invalid", value=sent)
        return value


class AttendanceCheckpointResponse(serializers.Serializer[Any]):
    """Where badges were scanned."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(Checkpoint.Kind.values)


ATTENDANCE_EXAMPLE = OpenApiExample(
    "An attendee who came twice and is inside",
    value={
        "registration": "4MT8K2XQ7D",
        "checkpoint": {"name": "Entrée", "kind": "entrance"},
        "session": None,
        "first_entered_at": "2026-06-17T08:31:02+02:00",
        "last_entered_at": "2026-06-17T13:58:40+02:00",
        "last_left_at": "2026-06-17T12:30:00+02:00",
        "seconds_inside": 14338,
        "entries": 2,
        "is_inside": True,
    },
    response_only=True,
)


class AttendanceResponse(serializers.Serializer[Any]):
    """A registration at a checkpoint where it was let in. Absent attendees have no row."""

    registration = serializers.CharField(help_text="The registration's id.")
    checkpoint = AttendanceCheckpointResponse()
    session = serializers.UUIDField(allow_null=True, help_text="The guid of the checkpoint's session.")
    first_entered_at = serializers.DateTimeField(allow_null=True)
    last_entered_at = serializers.DateTimeField(allow_null=True)
    last_left_at = serializers.DateTimeField(allow_null=True, help_text="Null where leaving is not scanned.")
    seconds_inside = serializers.IntegerField(help_text="Of stays that ended.")
    entries = serializers.IntegerField(min_value=1)
    is_inside = serializers.BooleanField()


class AttendanceListView(GenericAPIView[Presence]):
    """List attendance, for programs of an event's organizers."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.ATTENDANCE_READ
    pagination_class = ApiCursorPagination
    serializer_class = AttendanceResponse

    @extend_schema(
        parameters=[AttendanceFilter],
        responses=AttendanceResponse(many=True),
        examples=[ATTENDANCE_EXAMPLE],
        tags=["attendance"],
        operation_id="attendance",
    )
    def get(self, request: Request, event: str) -> Response:
        """Return one page of attendance, optionally of one session or one registration."""
        event_obj = get_event_to_organize(event, request.user)
        # As a dict: an empty parameter of a form would count as absent.
        query = AttendanceFilter(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        record_api_read("attendance.read", token=request.auth, event=event_obj)
        rows = filter_presences(Presence.objects.filter(event=event_obj), query.validated_data)
        zone = event_obj.zone
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([describe_presence(presence, zone) for presence in page])


def filter_presences(presences: PresenceQuerySet, query: dict[str, Any]) -> QuerySet[Presence]:
    """Return those that were let in and fit the parameters, with what `describe_presence` reads."""
    if session := query.get("session"):
        presences = presences.filter(checkpoint__session__guid=session)
    if registration := query.get("registration"):
        presences = presences.filter(registration__reference=registration)
    return (
        presences.entered()
        .select_related("registration", "checkpoint__session")
        .annotate(is_still_inside=ExpressionWrapper(filter_still_inside(), BooleanField()))
    )


def describe_presence(presence: Any, zone: datetime.tzinfo) -> dict[str, Any]:
    """Return a presence in the shape of `AttendanceResponse`, with times in the event's zone."""
    checkpoint = presence.checkpoint
    times = {
        name: format_rfc3339(getattr(presence, name), zone)
        for name in ("first_entered_at", "last_entered_at", "last_left_at")
    }
    return {
        "registration": presence.registration.reference,
        "checkpoint": {"name": checkpoint.name, "kind": checkpoint.kind},
        "session": str(checkpoint.session.guid) if checkpoint.session else None,
        **times,
        "seconds_inside": presence.seconds_inside,
        "entries": presence.entries,
        "is_inside": presence.is_still_inside,
    }


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
    """A device that has stopped reporting, and how many unsent scans it may hold, by its earlier pace."""

    name = serializers.CharField()
    checkpoint = serializers.CharField(source="checkpoint.name")
    silent_minutes = serializers.IntegerField(source="minutes", min_value=0)
    entries = serializers.IntegerField(min_value=0)
    exits = serializers.IntegerField(min_value=0)


class CheckpointHeadcountResponse(serializers.Serializer[Any]):
    """The counts of one checkpoint, including those of its other gates."""

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
    """How many people are inside the event, with a lower and an upper bound while devices are silent."""

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


class DayFiguresResponse(serializers.Serializer[DayFigures]):
    """The counts of one day."""

    day = serializers.DateField(help_text="In the event’s time zone.")
    expected = serializers.IntegerField(source="expected_count", min_value=0)
    arrived = serializers.IntegerField(source="arrived_count", min_value=0)
    new = serializers.IntegerField(
        source="new_count", min_value=0, help_text="Of those who arrived: for whom it is the first day."
    )
    absent = serializers.IntegerField(
        source="absent_count", min_value=0, help_text="On a day that is not over: not arrived yet."
    )
    scanned_out = serializers.IntegerField(source="stay_count", min_value=0)
    mean_minutes = serializers.IntegerField(
        allow_null=True, min_value=0, help_text="From the first entry to the last exit of those scanned out."
    )
    is_over = serializers.BooleanField()


class SessionFiguresResponse(serializers.Serializer[SessionFigures]):
    """The counts of one session with a checkpoint."""

    session = serializers.UUIDField(source="session.guid")
    title = serializers.CharField(source="session.title")
    places = serializers.IntegerField(allow_null=True, min_value=0)
    booked = serializers.IntegerField(source="booked_count", min_value=0)
    arrived = serializers.IntegerField(source="arrived_count", min_value=0)
    inside = serializers.IntegerField(source="inside_count", min_value=0)
    no_shows = serializers.IntegerField(
        source="no_show_count",
        allow_null=True,
        min_value=0,
        help_text="Booked and not scanned in; null without bookings, and before the session.",
    )
    scanned_out = serializers.IntegerField(source="stay_count", min_value=0)
    mean_minutes = serializers.IntegerField(allow_null=True, min_value=0)


FIGURES_EXAMPLE = OpenApiExample(
    "A day and a session",
    value={
        "days": [
            {
                "day": "2026-06-17", "expected": 540, "arrived": 447, "new": 447, "absent": 93,
                "scanned_out": 310, "mean_minutes": 402, "is_over": True,
            }
        ],
        "sessions": [
            {
                "session": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11", "title": "Atelier", "places": 40,
                "booked": 38, "arrived": 35, "inside": 0, "no_shows": 3, "scanned_out": 31,
                "mean_minutes": 52,
            }
        ],
    },
    response_only=True,
)  # fmt: skip


@extend_schema_serializer(examples=[FIGURES_EXAMPLE])
class AttendanceFiguresResponse(serializers.Serializer[Any]):
    """Counts only, without any attendee."""

    days = DayFiguresResponse(many=True)
    sessions = SessionFiguresResponse(many=True)


class AttendanceFiguresView(APIView):
    """The figures of an event, for programs of its organizers."""

    permission_classes = (IsAuthenticated, HasScope)
    required_scope = ApiToken.Scope.ATTENDANCE_READ

    @extend_schema(
        responses=AttendanceFiguresResponse, tags=["attendance"], operation_id="attendance_figures"
    )
    def get(self, request: Request, event: str) -> Response:
        """Return the figures of each day that has begun, and of each session with a checkpoint."""
        event_obj = get_event_to_organize(event, request.user)
        record_api_read("attendance.figures", token=request.auth, event=event_obj)
        figures = {"days": load_day_figures(event_obj), "sessions": load_session_figures(event_obj)}
        return Response(render_body(AttendanceFiguresResponse, figures))
