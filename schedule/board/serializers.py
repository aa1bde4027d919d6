"""Validate what the board’s scripts send."""

from typing import Any

from rest_framework import serializers

from convention.api.fields import StrictTimeField

from .place_sessions import Placement

MAX_REVISION = 2**31 - 1
MAX_KEY = 2**63 - 1
MAX_MOVES = 500


class SlotRequest(serializers.Serializer[Any]):
    """Where a session goes; times with offset."""

    room = serializers.IntegerField(allow_null=True, min_value=1, max_value=MAX_KEY)
    starts_at = StrictTimeField()
    ends_at = StrictTimeField()
    is_time_pinned = serializers.BooleanField(default=False)
    is_room_pinned = serializers.BooleanField(default=False)


class SessionMoveRequest(serializers.Serializer[Any]):
    session = serializers.IntegerField(min_value=1, max_value=MAX_KEY)
    slot = SlotRequest(allow_null=True)


class BoardMovesRequest(serializers.Serializer[Any]):
    """Moves that belong together, and the revision of the board that the editor saw."""

    seen_revision = serializers.IntegerField(min_value=0, max_value=MAX_REVISION)
    moves = serializers.ListField(child=SessionMoveRequest(), min_length=1, max_length=MAX_MOVES)

    def get_placements(self) -> dict[int, Placement | None]:
        """Return the validated placements by session."""
        placements: dict[int, Placement | None] = {}
        for move in self.validated_data["moves"]:
            slot = move["slot"]
            placements[move["session"]] = slot and Placement(
                slot["room"],
                slot["starts_at"],
                slot["ends_at"],
                slot["is_time_pinned"],
                slot["is_room_pinned"],
            )
        return placements


class UndoRequest(serializers.Serializer[Any]):
    """Undo one's own last command, or a command of the journal."""

    seen_revision = serializers.IntegerField(min_value=0, max_value=MAX_REVISION)
    batch = serializers.IntegerField(min_value=1, max_value=MAX_REVISION, required=False)
