"""Requests and responses about the draft: its slots, moves, conflicts and publication."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
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
from convention.events.models import Event
from schedule.board.serializers import MAX_KEY, MAX_REVISION
from schedule.conflicts.kinds import ConflictKind
from schedule.drafts.slot_state import SlotState
from schedule.models import ConflictLevel, Move
from schedule.versions.differences import ChangeKind
from schedule.versions.publish import Notify

MAX_MOVES: Final = 200
MAX_NAME_CHARS: Final = 200
MAX_NOTE_CHARS: Final = 2000
SESSION_GUID: Final = "0a6b5c1e-6f0e-4c55-9d6f-9a4f6c0f3a01"
OTHER_SESSION_GUID: Final = "7d0f5f62-52d3-4a0e-8f0f-2b8d3b2f6c11"
SLOT_EXAMPLE: Final = {
    "room": 4,
    "starts_at": "2027-06-16T10:00:00+02:00",
    "ends_at": "2027-06-16T10:45:00+02:00",
    "time_pinned": False,
    "room_pinned": False,
    "cancelled": False,
}


class SlotResponse(serializers.Serializer[SlotState]):
    """When and where a session is in the draft."""

    room = serializers.IntegerField(source="room_id", allow_null=True, help_text="The room's id.")
    starts_at = LocalTimeField()
    ends_at = LocalTimeField()
    time_pinned = serializers.BooleanField(source="is_time_pinned", help_text="The planner keeps the time.")
    room_pinned = serializers.BooleanField(source="is_room_pinned", help_text="The planner keeps the room.")
    cancelled = serializers.BooleanField(source="is_cancelled")


class DraftSlotResponse(SlotResponse):
    """The slot of one session."""

    session = serializers.UUIDField(help_text="The session's guid.")


DRAFT_EXAMPLE = OpenApiExample(
    "A draft",
    value={
        "version": 3,
        "revision": 118,
        "slots": [{**SLOT_EXAMPLE, "session": SESSION_GUID}],
        "unplaced": [OTHER_SESSION_GUID],
    },
    response_only=True,
)


@extend_schema_serializer(examples=[DRAFT_EXAMPLE])
class DraftResponse(serializers.Serializer[Any]):
    """The draft: send `revision` back with moves, `version` and `revision` when publishing."""

    version = serializers.IntegerField(help_text="The number of the last published version; 0 for none.")
    revision = serializers.IntegerField(help_text="The number of the last move.")
    slots = DraftSlotResponse(many=True)
    unplaced = serializers.ListField(
        child=serializers.UUIDField(), help_text="Guids of the sessions without a time."
    )


def split_slots(
    guids: Mapping[int, uuid.UUID], states: Mapping[int, SlotState | None]
) -> dict[str, list[Any]]:
    """Return `slots`, in order of time, and `unplaced` of the given sessions."""
    slots = [
        {**state.to_columns(), "session": guid} for key, guid in guids.items() if (state := states.get(key))
    ]
    slots.sort(key=lambda slot: (slot["starts_at"], slot["room_id"] or 0, slot["session"]))
    return {"slots": slots, "unplaced": [guid for key, guid in guids.items() if not states.get(key)]}


class SlotMoveRequest(ObjectRequest):
    """The new place of one session, or its removal from the timetable."""

    session = StrictUuidField(help_text="The session's guid.")
    remove = StrictBooleanField(default=False, help_text="Take it out; then send no time.")
    room = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_KEY,
        help_text="The room's id; null for none.",
    )
    starts_at = StrictTimeField(required=False)
    ends_at = StrictTimeField(required=False)
    time_pinned = StrictBooleanField(required=False, help_text="If missing, it stays as it is.")
    room_pinned = StrictBooleanField(required=False, help_text="If missing, it stays as it is.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require room and times, unless the session is taken out."""
        if not attrs["remove"]:
            missing = [name for name in ("room", "starts_at", "ends_at") if name not in attrs]
            if missing:
                sentence = _("Enter room, start and end, or “remove”.")
                raise serializers.ValidationError({name: [sentence] for name in missing})
        return attrs


MOVES_REQUEST_EXAMPLE = OpenApiExample(
    "Move one session, take another one out",
    value={
        "seen_revision": 118,
        "slots": [
            {
                "session": SESSION_GUID,
                "room": None,
                "starts_at": "2027-06-16T10:00:00+02:00",
                "ends_at": "2027-06-16T10:45:00+02:00",
            },
            {"session": OTHER_SESSION_GUID, "remove": True},
        ],
    },
    request_only=True,
)


@extend_schema_serializer(examples=[MOVES_REQUEST_EXAMPLE])
class SlotMovesRequest(ObjectRequest):
    """Moves that are made together, or not at all, and undone together."""

    seen_revision = StrictIntegerField(
        min_value=0, max_value=MAX_REVISION, help_text="The revision of the draft that you read."
    )
    slots = serializers.ListField(child=SlotMoveRequest(), min_length=1, max_length=MAX_MOVES)


class SlotMoveResponse(serializers.Serializer[Any]):
    """One move; `before` and `after` are null where the session has no time."""

    number = serializers.IntegerField(help_text="The revision that it made.")
    session = serializers.UUIDField()
    before = SlotResponse(allow_null=True)
    after = SlotResponse(allow_null=True)


MOVES_EXAMPLE = OpenApiExample(
    "One move",
    value={
        "revision": 119,
        "moves": [
            {"number": 119, "session": SESSION_GUID, "before": None, "after": SLOT_EXAMPLE},
        ],
    },
    response_only=True,
)


@extend_schema_serializer(examples=[MOVES_EXAMPLE])
class SlotMovesResponse(serializers.Serializer[Any]):
    """The moves that were made, without sessions that were in the wanted place already."""

    revision = serializers.IntegerField()
    moves = SlotMoveResponse(many=True)


def build_moves(moves: Iterable[Move], guids: Mapping[int, uuid.UUID]) -> list[dict[str, Any]]:
    """Return what SlotMoveResponse renders."""
    return [
        {
            "number": move.number,
            "session": guids[move.session_id],
            "before": SlotState.from_json(move.before),
            "after": SlotState.from_json(move.after),
        }
        for move in moves
    ]


@extend_schema_serializer(
    examples=[OpenApiExample("The moves of a command", value={"batch": 119}, request_only=True)]
)
class DraftUndoRequest(ObjectRequest):
    """Which moves to undo."""

    batch = StrictIntegerField(
        min_value=1,
        max_value=MAX_REVISION,
        required=False,
        help_text="The number of the first of the moves that were made together. If missing: the last ones "
        "that the token’s owner made.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One move undone",
            value={
                "revision": 120,
                "moves": [
                    {"number": 120, "session": SESSION_GUID, "before": SLOT_EXAMPLE, "after": None},
                ],
                "skipped": [],
            },
            response_only=True,
        )
    ]
)
class DraftUndoResponse(SlotMovesResponse):
    """The moves that undid others."""

    skipped = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="Guids of sessions that were moved again since: they stay where they are.",
    )


@extend_schema_serializer(examples=[OpenApiExample("Removed", value={"deleted": True}, response_only=True)])
class RemovalResponse(serializers.Serializer[Any]):
    """The removal of a speaker or a room."""

    deleted = serializers.BooleanField()


CONFLICTS_EXAMPLE = OpenApiExample(
    "A room that is needed twice",
    value={
        "revision": 118,
        "count": 1,
        "conflicts": [
            {
                "kind": "room",
                "level": "block",
                "sessions": [SESSION_GUID, OTHER_SESSION_GUID],
                "people_count": 12,
                "sentence": "Salle 1 is double-booked.",
            }
        ],
    },
    response_only=True,
)


class ConflictResponse(serializers.Serializer[Any]):
    """Something wrong with one or two sessions."""

    kind = serializers.ChoiceField([kind.value for kind in ConflictKind])
    level = serializers.ChoiceField([ConflictLevel.Level.BLOCK.value, ConflictLevel.Level.WARN.value])
    sessions = serializers.ListField(child=serializers.UUIDField(), help_text="Their guids.")
    people_count = serializers.IntegerField(help_text="Speakers, chairs and attendees who are affected.")
    sentence = serializers.CharField(help_text="In the language of the request.")


@extend_schema_serializer(examples=[CONFLICTS_EXAMPLE])
class ConflictsResponse(serializers.Serializer[Any]):
    """The conflicts of the draft, those affecting the most people first."""

    revision = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Of all conflicts; the list has the first 500.")
    conflicts = ConflictResponse(many=True)


PUBLISH_REQUEST_EXAMPLE = OpenApiExample(
    "Publish, and tell those concerned",
    value={
        "name": "Version 4",
        "note": "Two talks have changed rooms.",
        "notify": "everybody",
        "version": 3,
        "revision": 119,
    },
    request_only=True,
)


@extend_schema_serializer(examples=[PUBLISH_REQUEST_EXAMPLE])
class PublishRequest(ObjectRequest):
    """The draft that is published, and who gets an e-mail."""

    name = StrictTextField(
        default="", allow_blank=True, max_length=MAX_NAME_CHARS, help_text="If empty, its number."
    )
    note = StrictTextField(
        default="",
        allow_blank=True,
        max_length=MAX_NOTE_CHARS,
        help_text="Public, for readers of the changes.",
    )
    notify = StrictChoiceField(
        [choice.value for choice in Notify],
        default=Notify.EVERYBODY.value,
        help_text="`everybody`: speakers and attendees whom the changes concern.",
    )
    revision = StrictIntegerField(
        min_value=0, max_value=MAX_REVISION, help_text="The revision of the draft that you read."
    )
    version = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_REVISION,
        help_text="The version that the draft returned; if sent, a newer publication is answered with 409.",
    )


PUBLISHED_EXAMPLE = OpenApiExample(
    "Published",
    value={
        "version": 4,
        "name": "Version 4",
        "published_at": "2027-05-02T18:00:00+02:00",
        "session_count": 86,
        "changes": {
            "added": 1,
            "removed": 0,
            "cancelled": 0,
            "restored": 0,
            "time": 0,
            "room": 2,
            "day": 0,
        },
    },
    response_only=True,
)


class ChangeCountsResponse(serializers.Serializer[Any]):
    """How many sessions changed in each way; one may count more than once."""

    def get_fields(self) -> dict[str, Any]:
        """Return a field for each kind of change."""
        return {kind.value: serializers.IntegerField() for kind in ChangeKind}


@extend_schema_serializer(examples=[PUBLISHED_EXAMPLE])
class PublicationResponse(serializers.Serializer[Any]):
    """The new version."""

    version = serializers.IntegerField(source="number")
    name = serializers.CharField()
    published_at = LocalTimeField()
    session_count = serializers.IntegerField(help_text="Sessions that the programme now shows.")
    changes = ChangeCountsResponse()


def find_guids(event: Event) -> dict[int, uuid.UUID]:
    """Return the guids of the event's sessions by key: one query."""
    return dict(event.sessions.order_by("pk").values_list("pk", "guid"))
