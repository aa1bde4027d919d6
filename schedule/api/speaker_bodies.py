"""Requests and responses about speakers."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from convention.api.fields import ObjectRequest, StrictTextField
from convention.rich_text.sanitize import MAX_TEXT_CHARS
from schedule.models import Speaker

from .draft_bodies import SESSION_GUID

SPEAKER_GUID: Final = "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11"
# Members of the bodies by field of the form, where they differ.
SPEAKER_MEMBERS: Final = {"url": "external_url"}
SPEAKER_CONTENT: Final = {
    "name": "Ada Byron",
    "biography": "Mathématicienne.",
    "external_url": "https://ada.example/",
}
SPEAKER_EXAMPLE = OpenApiExample(
    "A speaker",
    value={"guid": SPEAKER_GUID, **SPEAKER_CONTENT, "sessions": [SESSION_GUID]},
    response_only=True,
)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Another page", value={"external_url": "https://ada.example/"}, request_only=True)
    ]
)
class SpeakerChangesRequest(ObjectRequest):
    """The members to change; they are public at once if a session of the speaker is."""

    name = StrictTextField(max_length=1000, required=False)
    biography = StrictTextField(
        max_length=MAX_TEXT_CHARS, required=False, allow_blank=True, help_text="Plain, Markdown or HTML."
    )
    external_url = StrictTextField(source="url", max_length=2000, required=False, allow_blank=True)


@extend_schema_serializer(examples=[OpenApiExample("A speaker", value=SPEAKER_CONTENT, request_only=True)])
class SpeakerCreateRequest(SpeakerChangesRequest):
    """A new speaker; to add it to sessions, list its name in their `speakers`."""

    name = StrictTextField(max_length=1000)


@extend_schema_serializer(examples=[SPEAKER_EXAMPLE])
class SpeakerDetailsResponse(serializers.Serializer[Speaker]):
    """A speaker, with the guids of their sessions, public or not."""

    guid = serializers.UUIDField()
    name = serializers.CharField()
    biography = serializers.CharField()
    external_url = serializers.CharField(source="url")
    sessions = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_sessions(self, speaker: Speaker) -> list[str]:
        return sorted(str(session.guid) for session in speaker.sessions.all())
