"""The sessions of an event in the public API."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.models import ApiToken
from convention.api.pagination import ApiCursorPagination
from convention.api.scopes import get_reader
from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.text.dates import format_rfc3339

from .models import Session
from .programme.agenda import prefetch_speakers, query_published_sessions
from .programme.days import describe_fullness
from .programme.programme_version import ProgrammeVersion, get_programme_version


class SessionPagination(ApiCursorPagination):
    """Paginate by cursor in order of time."""

    # A cursor needs a total order, and parallel sessions share a start.
    ordering = ("starts_at", "number")  # type: ignore[assignment]  # the stub knows one field


class TrackResponse(serializers.Serializer[Any]):
    """A thread through the programme."""

    name = serializers.CharField()
    color = serializers.CharField(help_text="#rrggbb, or empty.")


class RoomResponse(serializers.Serializer[Any]):
    """A room."""

    name = serializers.CharField()


class SpeakerResponse(serializers.Serializer[Any]):
    """A speaker of a session."""

    guid = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.URLField(help_text="Their page.")


class SessionPlacesResponse(serializers.Serializer[Any]):
    """Places, where they are counted."""

    capacity = serializers.IntegerField()
    left = serializers.IntegerField()
    state = serializers.ChoiceField(["free", "filling", "full"])


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
    day = serializers.DateField(help_text="Of the programme; the night belongs to the day before.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    speakers = SpeakerResponse(many=True)
    places = SessionPlacesResponse(allow_null=True, help_text="Null where places are not counted.")
    cancelled = serializers.BooleanField(help_text="By itself, or with the whole event.")
    url = serializers.URLField(help_text="Its page.")


class SessionList(GenericAPIView[Session]):
    """The sessions of one event."""

    permission_classes = (AllowAny,)
    pagination_class = SessionPagination
    serializer_class = SessionResponse
    # Never evaluated: names the model for the OpenAPI document.
    queryset = Session.objects.none()

    @extend_schema(responses=SessionResponse(many=True), tags=["events"], operation_id="sessions")
    def get(self, request: Request, event: str) -> Response:
        """In order of time, page by page. Published events are public."""
        event_obj = get_visible_event(event, get_reader(request, ApiToken.Scope.EVENTS_READ))
        # defer(None) loads the long texts, which lists of sessions defer.
        sessions = prefetch_speakers(query_published_sessions(event_obj).defer(None))
        version = get_programme_version(event_obj)
        page = self.paginate_queryset(sessions) or []
        answers = [describe_session(session, event_obj, version) for session in page]
        # A cancelled event leaves the rows of its sessions as they are.
        if find_cancellation_time(event_obj):
            answers = [{**answer, "cancelled": True} for answer in answers]
        return self.get_paginated_response(answers)


def describe_session(session: Session, event: Event, programme_version: ProgrammeVersion) -> dict[str, Any]:
    """Return a session in the shape of `SessionResponse`."""
    names = ("number", "title", "subtitle", "kind", "language", "abstract", "description")
    site = f"{settings.SITE_URL}/events/{event.slug}"
    track, room = session.track, session.room
    assert session.starts_at
    return {
        "guid": str(session.guid),
        **{name: getattr(session, name) for name in names},
        "track": {"name": track.name, "color": track.color} if track else None,
        "room": {"name": room.name} if room else None,
        "day": str(session.day or programme_version.get_programme_day(session.starts_at)),
        "starts_at": format_rfc3339(session.starts_at, event.zone),
        "ends_at": format_rfc3339(session.ends_at, event.zone),
        "speakers": [
            {
                "guid": str(appearance.speaker.guid),
                "name": appearance.speaker.name,
                "url": f"{site}/speakers/{appearance.speaker.guid}/",
            }
            for appearance in session.appearances.all()
        ],
        "places": describe_places(session),
        "cancelled": session.cancelled_at is not None,
        "url": f"{site}/sessions/{session.guid}/",
    }


def describe_places(session: Session) -> dict[str, Any] | None:
    """Return a session's places in the shape of `SessionPlacesResponse`."""
    if session.capacity is None:
        return None
    left = session.capacity - session.reserved
    state = describe_fullness(session.reserved, session.capacity)
    return {"capacity": session.capacity, "left": left, "state": state}
