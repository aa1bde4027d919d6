"""Sessions for programs."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.models import ApiToken
from convention.api.pagination import CursorPages
from convention.api.scopes import reader
from convention.dates import rfc3339
from convention.events.called_off import called_off_at
from convention.events.doors import visible_event
from convention.events.models import Event

from .agenda import sessions_to_show, with_speakers
from .fullness import fullness
from .models import Session
from .pulse import Pulse, pulse_of


class SessionPages(CursorPages):
    """In order of time."""

    ordering = ("starts_at", "number")  # type: ignore[assignment]  # the stub knows one field


class TrackAnswer(serializers.Serializer[Any]):
    """A thread through the programme."""

    name = serializers.CharField()
    color = serializers.CharField(help_text="#rrggbb, or empty.")


class RoomAnswer(serializers.Serializer[Any]):
    """A room."""

    name = serializers.CharField()


class SpeakerAnswer(serializers.Serializer[Any]):
    """Who speaks."""

    guid = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.URLField(help_text="Their page.")


class PlacesAnswer(serializers.Serializer[Any]):
    """Places, where they are counted."""

    capacity = serializers.IntegerField()
    left = serializers.IntegerField()
    state = serializers.ChoiceField(["free", "filling", "full"])


class SessionAnswer(serializers.Serializer[Any]):
    """A session that has a time. `guid` never changes; texts are as written: plain, Markdown or HTML."""

    guid = serializers.UUIDField()
    number = serializers.IntegerField(help_text="The id of the frab formats.")
    title = serializers.CharField()
    subtitle = serializers.CharField()
    kind = serializers.CharField()
    language = serializers.CharField()
    abstract = serializers.CharField()
    description = serializers.CharField()
    track = TrackAnswer(allow_null=True)
    room = RoomAnswer(allow_null=True)
    day = serializers.DateField(help_text="Of the programme; the night belongs to the day before.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    speakers = SpeakerAnswer(many=True)
    places = PlacesAnswer(allow_null=True, help_text="Null where places are not counted.")
    cancelled = serializers.BooleanField(help_text="By itself, or with the whole event.")
    url = serializers.URLField(help_text="Its page.")


class SessionList(GenericAPIView[Session]):
    """The sessions of one event."""

    permission_classes = (AllowAny,)
    pagination_class = SessionPages
    serializer_class = SessionAnswer
    queryset = Session.objects.none()

    @extend_schema(responses=SessionAnswer(many=True), tags=["events"], operation_id="sessions")
    def get(self, request: Request, event: str) -> Response:
        """In order of time, page by page. Published events are public."""
        found = visible_event(event, reader(request, ApiToken.Scope.EVENTS_READ))
        sessions = with_speakers(sessions_to_show(found).defer(None).filter(starts_at__isnull=False))
        pulse = pulse_of(found)
        page = self.paginate_queryset(sessions) or []
        answers = [answer_of(session, found, pulse) for session in page]
        if called_off_at(found):
            answers = [{**answer, "cancelled": True} for answer in answers]
        return self.get_paginated_response(answers)


def answer_of(session: Session, event: Event, pulse: Pulse) -> dict[str, Any]:
    """As `SessionAnswer` describes."""
    names = ("number", "title", "subtitle", "kind", "language", "abstract", "description")
    site = f"{settings.SITE_URL}/events/{event.slug}"
    track, room = session.track, session.room
    assert session.starts_at
    return {
        "guid": str(session.guid),
        **{name: getattr(session, name) for name in names},
        "track": {"name": track.name, "color": track.color} if track else None,
        "room": {"name": room.name} if room else None,
        "day": str(session.day or pulse.day(session.starts_at)),
        "starts_at": rfc3339(session.starts_at, event.zone),
        "ends_at": rfc3339(session.ends_at, event.zone),
        "speakers": [
            {
                "guid": str(appearance.speaker.guid),
                "name": appearance.speaker.name,
                "url": f"{site}/speakers/{appearance.speaker.guid}/",
            }
            for appearance in session.appearances.all()
        ],
        "places": places_of(session),
        "cancelled": session.cancelled_at is not None,
        "url": f"{site}/sessions/{session.guid}/",
    }


def places_of(session: Session) -> dict[str, Any] | None:
    """As `PlacesAnswer` describes."""
    if session.capacity is None:
        return None
    left = session.capacity - session.taken
    state = fullness(session.taken, session.capacity)
    return {"capacity": session.capacity, "left": left, "state": state}
