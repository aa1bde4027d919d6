"""The sessions of an event in the public API."""

import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.fields import LocalTimeField
from convention.api.models import ApiToken
from convention.api.pagination import ApiCursorPagination
from convention.api.scopes import get_reader
from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from schedule.models import Session, SessionSpeaker
from schedule.permissions import get_programme_audience
from schedule.programme.agenda import prefetch_speakers, query_published_sessions
from schedule.programme.days import describe_fullness
from schedule.programme.programme_version import ProgrammeVersion, get_programme_version


class SessionPagination(ApiCursorPagination):
    """Paginate by cursor in order of time."""

    # A cursor needs a total order, and parallel sessions share a start.
    ordering = ("starts_at", "number")  # type: ignore[assignment]  # the stub knows one field


class TrackResponse(serializers.Serializer[Any]):
    """A thematic track of the programme."""

    name = serializers.CharField()
    color = serializers.CharField(source="shown_color", help_text="#rrggbb.")


class RoomResponse(serializers.Serializer[Any]):
    """A room."""

    name = serializers.CharField()


class SpeakerResponse(serializers.Serializer[Any]):
    """A speaker of a session."""

    guid = serializers.UUIDField(source="speaker.guid")
    name = serializers.CharField(source="speaker.name")
    url = serializers.SerializerMethodField(help_text="Their page.")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, appearance: SessionSpeaker) -> str:
        return f"{get_event_url(self.context['event'])}/speakers/{appearance.speaker.guid}/"


class SessionPlacesResponse(serializers.Serializer[Session]):
    """The places of a session with a capacity."""

    capacity = serializers.IntegerField()
    left = serializers.IntegerField(source="remaining")
    state = serializers.SerializerMethodField()

    def to_representation(self, instance: Session) -> Any:
        """Return null for a session without a capacity."""
        return None if instance.capacity is None else super().to_representation(instance)

    @extend_schema_field(serializers.ChoiceField(["free", "filling", "full"]))
    def get_state(self, session: Session) -> str:
        return describe_fullness(session.reserved, session.capacity)


SESSION_EXAMPLE = OpenApiExample(
    "A workshop",
    value={
        "guid": "0a6b5c1e-6f0e-4c55-9d6f-9a4f6c0f3a01",
        "number": 12,
        "title": "Atelier",
        "subtitle": "",
        "kind": "workshop",
        "language": "fr",
        "abstract": "Une heure pour essayer.",
        "description": "",
        "track": {"name": "Technique", "color": "#003366"},
        "room": {"name": "Salle 1"},
        "day": "2026-06-17",
        "starts_at": "2026-06-17T10:00:00+02:00",
        "ends_at": "2026-06-17T11:00:00+02:00",
        "speakers": [
            {
                "guid": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11",
                "name": "Ada Byron",
                "url": "https://convention.example/events/convention/speakers/5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11/",
            }
        ],
        "places": {"capacity": 20, "left": 3, "state": "filling"},
        "members_only": False,
        "cancelled": False,
        "url": "https://convention.example/events/convention/sessions/0a6b5c1e-6f0e-4c55-9d6f-9a4f6c0f3a01/",
    },
    response_only=True,
)


class SessionResponse(serializers.Serializer[Any]):
    """A session that has a time. `guid` never changes; texts are as written: plain, Markdown or HTML."""

    guid = serializers.UUIDField()
    number = serializers.IntegerField(help_text="The id of the frab formats.")
    title = serializers.CharField()
    subtitle = serializers.CharField()
    kind = serializers.CharField()
    language = serializers.CharField()
    abstract = serializers.CharField()
    description = serializers.CharField()
    track = TrackResponse(allow_null=True)
    room = RoomResponse(allow_null=True)
    day = serializers.SerializerMethodField(
        help_text="Of the programme; the night belongs to the day before."
    )
    starts_at = LocalTimeField()
    ends_at = LocalTimeField(allow_null=True)
    speakers = SpeakerResponse(many=True, source="appearances.all")
    places = SessionPlacesResponse(
        source="*", allow_null=True, help_text="Null where places are not counted."
    )
    members_only = serializers.BooleanField(
        source="is_for_members", help_text="Only members and the event’s staff see such a session."
    )
    cancelled = serializers.SerializerMethodField(help_text="By itself, or with the whole event.")
    url = serializers.SerializerMethodField(help_text="Its page.")

    def get_day(self, session: Session) -> datetime.date:
        assert session.starts_at
        version: ProgrammeVersion = self.context["programme_version"]
        return session.day or version.get_programme_day(session.starts_at)

    def get_cancelled(self, session: Session) -> bool:
        # A cancelled event leaves the rows of its sessions as they are.
        return session.cancelled_at is not None or self.context["is_event_cancelled"]

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, session: Session) -> str:
        return f"{get_event_url(self.context['event'])}/sessions/{session.guid}/"


def get_event_url(event: Event) -> str:
    """Return the address of the event's page, without the slash at its end."""
    return f"{settings.SITE_URL}/events/{event.slug}"


class SessionList(GenericAPIView[Session]):
    """The sessions of one event."""

    permission_classes = (AllowAny,)
    pagination_class = SessionPagination
    serializer_class = SessionResponse
    # Never evaluated: names the model for the OpenAPI document.
    queryset = Session.objects.none()

    @extend_schema(
        responses=SessionResponse(many=True),
        examples=[SESSION_EXAMPLE],
        tags=["events"],
        operation_id="sessions",
    )
    def get(self, request: Request, event: str) -> Response:
        """In order of time, page by page. Published events are public.

        Sessions for members only are listed for members and the event's staff, who send a token.
        """
        reader = get_reader(request, ApiToken.Scope.EVENTS_READ)
        event_obj = get_visible_event(event, reader)
        audience = get_programme_audience(reader, event_obj)
        # defer(None) loads the long texts, which lists of sessions defer.
        sessions = prefetch_speakers(query_published_sessions(event_obj, audience=audience).defer(None))
        context = {
            "event": event_obj,
            "programme_version": get_programme_version(event_obj, audience=audience),
            "is_event_cancelled": find_cancellation_time(event_obj) is not None,
        }
        page = self.paginate_queryset(sessions) or []
        with timezone.override(event_obj.zone):
            return self.get_paginated_response(SessionResponse(page, many=True, context=context).data)
