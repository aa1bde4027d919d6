"""Requests and responses about one session, with its place in the draft."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from convention.api.fields import (
    LocalTimeField,
    ObjectRequest,
    StrictBooleanField,
    StrictChoiceField,
    StrictIntegerField,
    StrictTextField,
    StrictTimeField,
    StrictUuidField,
)
from convention.rich_text.sanitize import MAX_TEXT_CHARS
from convention.web.forms import MAX_COUNT
from schedule.board.serializers import MAX_KEY
from schedule.editing.draft_slots import load_state
from schedule.editing.forms import MAX_PLANNED_MINUTES, MAX_SPEAKERS
from schedule.editing.sessions import get_session_values
from schedule.models import Session

from .draft_bodies import SESSION_GUID
from .public_sessions import get_event_url

MAX_SPEAKER_CHARS: Final = 300
OPTIONAL: Final[dict[str, Any]] = {"required": False}
OPTIONAL_TEXT: Final = OPTIONAL | {"allow_blank": True}
OPTIONAL_OR_NULL: Final = OPTIONAL | {"allow_null": True}
# Members of the bodies by field of the form, where they differ.
SESSION_MEMBERS: Final = {
    "is_bookable": "bookable",
    "is_for_members": "members_only",
    "url": "external_url",
    "is_time_pinned": "time_pinned",
    "is_room_pinned": "room_pinned",
}
SESSION_CONTENT: Final = {
    "title": "Atelier",
    "subtitle": "",
    "role": "talk",
    "kind": "workshop",
    "language": "fr",
    "track": None,
    "abstract": "Une heure pour essayer.",
    "description": "",
    "speakers": ["Ada Byron"],
    "capacity": 20,
    "bookable": True,
    "members_only": False,
    "external_url": "",
    "planned_minutes": 45,
    "expected_attendance": 15,
    "needed_features": "projector",
    "follows": None,
}
SESSION_PLACE: Final = {
    "room": None,
    "starts_at": "2027-06-16T10:00:00+02:00",
    "ends_at": "2027-06-16T10:45:00+02:00",
    "time_pinned": False,
    "room_pinned": False,
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Another title and time",
            value={
                "title": "Atelier, deuxième partie",
                "starts_at": "2027-06-16T11:00:00+02:00",
                "ends_at": "2027-06-16T11:45:00+02:00",
            },
            request_only=True,
        )
    ]
)
class SessionChangesRequest(ObjectRequest):
    """The members to change: texts are public as saved, time and room are changed in the draft."""

    title = StrictTextField(max_length=2000, **OPTIONAL)
    subtitle = StrictTextField(max_length=2000, **OPTIONAL_TEXT)
    role = StrictChoiceField([role.value for role in Session.Role], **OPTIONAL)
    kind = StrictTextField(max_length=500, help_text="Any words.", **OPTIONAL_TEXT)
    language = StrictTextField(max_length=200, **OPTIONAL_TEXT)
    track = StrictTextField(max_length=500, help_text="A track's name.", **OPTIONAL_OR_NULL)
    abstract = StrictTextField(
        max_length=MAX_TEXT_CHARS, help_text="Plain, Markdown or HTML.", **OPTIONAL_TEXT
    )
    description = StrictTextField(
        max_length=MAX_TEXT_CHARS, help_text="Plain, Markdown or HTML.", **OPTIONAL_TEXT
    )
    speakers = serializers.ListField(
        child=StrictTextField(max_length=MAX_SPEAKER_CHARS),
        max_length=MAX_SPEAKERS,
        help_text="All names, in order; a new name becomes a new speaker.",
        **OPTIONAL,
    )
    capacity = StrictIntegerField(
        min_value=0, max_value=MAX_COUNT, help_text="Null: places are not counted.", **OPTIONAL_OR_NULL
    )
    bookable = StrictBooleanField(
        source="is_bookable", help_text="Whether only people with a booking are admitted.", **OPTIONAL
    )
    members_only = StrictBooleanField(
        source="is_for_members", help_text="Whether it is hidden from everybody but members.", **OPTIONAL
    )
    external_url = StrictTextField(source="url", max_length=2000, **OPTIONAL_TEXT)
    planned_minutes = StrictIntegerField(min_value=0, max_value=MAX_PLANNED_MINUTES, **OPTIONAL_OR_NULL)
    expected_attendance = StrictIntegerField(min_value=0, max_value=MAX_COUNT, **OPTIONAL_OR_NULL)
    needed_features = StrictTextField(
        max_length=MAX_TEXT_CHARS, help_text="Equipment, one item on each line.", **OPTIONAL_TEXT
    )
    follows = StrictUuidField(help_text="The guid of the session before it.", **OPTIONAL_OR_NULL)
    room = StrictIntegerField(min_value=1, max_value=MAX_KEY, help_text="The room's id.", **OPTIONAL_OR_NULL)
    starts_at = StrictTimeField(**OPTIONAL_OR_NULL)
    ends_at = StrictTimeField(**OPTIONAL_OR_NULL)
    time_pinned = StrictBooleanField(source="is_time_pinned", **OPTIONAL)
    room_pinned = StrictBooleanField(source="is_room_pinned", **OPTIONAL)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A workshop without a time",
            value={"title": "Atelier", "kind": "workshop", "speakers": ["Ada Byron"], "planned_minutes": 45},
            request_only=True,
        )
    ]
)
class SessionCreateRequest(SessionChangesRequest):
    """A new session; without start and end, it is not placed in the draft yet."""

    title = StrictTextField(max_length=2000)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A workshop",
            value={
                "guid": SESSION_GUID,
                "number": 12,
                **SESSION_CONTENT,
                **SESSION_PLACE,
                "cancelled": False,
                "published": True,
                "url": f"https://convention.example/events/convention/sessions/{SESSION_GUID}/",
            },
            response_only=True,
        )
    ]
)
class SessionDetailsResponse(serializers.Serializer[Any]):
    """All of a session: time, room and cancellation are those of the draft."""

    guid = serializers.UUIDField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    subtitle = serializers.CharField()
    role = serializers.ChoiceField([role.value for role in Session.Role])
    kind = serializers.CharField()
    language = serializers.CharField()
    track = serializers.CharField(source="track.name", allow_null=True)
    abstract = serializers.CharField()
    description = serializers.CharField()
    speakers = serializers.ListField(child=serializers.CharField(), help_text="Names, in order.")
    capacity = serializers.IntegerField(allow_null=True)
    bookable = serializers.BooleanField(source="is_bookable")
    members_only = serializers.BooleanField(source="is_for_members")
    external_url = serializers.CharField(source="url")
    planned_minutes = serializers.IntegerField(allow_null=True)
    expected_attendance = serializers.IntegerField(allow_null=True)
    needed_features = serializers.CharField()
    follows = serializers.UUIDField(source="follows.guid", allow_null=True)
    room = serializers.IntegerField(source="room.pk", allow_null=True)
    starts_at = LocalTimeField(allow_null=True)
    ends_at = LocalTimeField(allow_null=True)
    time_pinned = serializers.BooleanField(source="is_time_pinned")
    room_pinned = serializers.BooleanField(source="is_room_pinned")
    cancelled = serializers.BooleanField()
    published = serializers.BooleanField(help_text="Whether the public programme shows it.")
    url = serializers.SerializerMethodField(help_text="Its page, once it is published.")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, values: dict[str, Any]) -> str:
        return f"{get_event_url(values['event'])}/sessions/{values['guid']}/"


def build_session_details(session: Session) -> dict[str, Any]:
    """Return what SessionDetailsResponse renders."""
    state = load_state(session)
    return {
        **get_session_values(session),
        "event": session.event,
        "guid": session.guid,
        "number": session.number,
        "cancelled": state is not None and state.is_cancelled,
        "published": session.is_published,
    }


@extend_schema_serializer(
    examples=[OpenApiExample("A reason", value={"reason": "The speaker is ill."}, request_only=True)]
)
class SessionCancellationRequest(ObjectRequest):
    """Why a session is cancelled; recorded in the audit trail only."""

    reason = StrictTextField(max_length=300, required=False, allow_blank=True)


@extend_schema_serializer(
    examples=[OpenApiExample("One that was never public", value={"deleted": True}, response_only=True)]
)
class SessionRemovalResponse(serializers.Serializer[Any]):
    """The outcome of a removal."""

    deleted = serializers.BooleanField(
        help_text="False for a public session: it left the draft, and the next publication removes it."
    )
