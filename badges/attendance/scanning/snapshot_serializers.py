"""Request and response of the snapshot endpoint: validated, rendered and described by these classes."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from badges.attendance.models import Checkpoint
from convention.api.fields import LocalTimeField
from convention.events.models import EventKey

from .record_encryption import encode_base64url

# 18 digits fit into a bigint; longer cursors would overflow the column.
MAX_CURSOR_DIGITS = 18
SNAPSHOT_EXAMPLE = OpenApiExample(
    "The first snapshot of a device",
    value={
        "sequence": 42,
        "presences_cursor": "118",
        "full": True,
        "server_time": "2026-06-17T08:31:02.120000+02:00",
        "event": {
            "slug": "convention",
            "name": "Convention 2026",
            "name_en": "",
            "timezone": "Europe/Paris",
            "starts_at": "2026-06-17T09:00:00+02:00",
        },
        "device": {
            "id": 7,
            "name": "Lise",
            "checkpoint": 3,
            "expires_at": "2026-06-18T20:00:00+02:00",
            "can_override": False,
            "can_change_checkpoint": False,
        },
        "keys": [{"number": 12, "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
        "checkpoints": [
            {
                "id": 3,
                "name": "Entrée",
                "kind": "entrance",
                "door": 3,
                "opens_at": None,
                "closes_at": None,
                "is_strict": False,
                "capacity": None,
                "session": None,
                "tickets": [],
                "addon": None,
            }
        ],
        "registrations": [
            {
                "key": "Zg7hcvPapiMlrwIa",
                "badge_version": 1,
                "state": "confirmed",
                "sealed": "d2hhdCBvbmx5IHRoZSBiYWRnZSBvcGVucw",
            }
        ],
        "removed": [],
        "presences": [
            {
                "key": "Zg7hcvPapiMlrwIa",
                "door": 3,
                "is_inside": True,
                "entered_at": "2026-06-17T08:12:00+02:00",
                "left_at": None,
                "read_at": "2026-06-17T08:12:00+02:00",
                "gate": "Entrée",
                "is_mine": True,
            }
        ],
        "limits": [
            {
                "door": 3,
                "capacity": 250,
                "inside": 214,
                "lease": 12,
                "lease_expires_at": "2026-06-17T08:41:02+02:00",
            }
        ],
        "devices_silent": 1,
        "uncertain_entries": 7,
        "uncertain_exits": 2,
    },
    response_only=True,
)


def is_number(text: Any) -> bool:
    """Return whether the text can be a sequence number."""
    is_digits = isinstance(text, str) and text.isascii() and text.isdigit()
    return is_digits and len(text) <= MAX_CURSOR_DIGITS


class SequenceField(serializers.IntegerField):
    """A sequence number in digits, which `int` alone would also read with blanks and underscores."""

    def run_validation(self, data: Any = empty) -> int:
        if data is empty:
            return 0
        if not is_number(data):
            raise ValidationError(_("Send a whole number."))
        return int(data)


class PresencesCursorField(serializers.CharField):
    """A cursor of presences; any other text is None."""

    def run_validation(self, data: Any = empty) -> int | None:
        return int(data) if is_number(data) else None


class SnapshotQuery(serializers.Serializer[Any]):
    """The query parameters of the snapshot; without any, it is complete."""

    since = SequenceField(
        required=False,
        min_value=0,
        max_value=10**MAX_CURSOR_DIGITS - 1,
        help_text="The `sequence` of the last snapshot; without it, the snapshot is complete.",
    )
    presences = PresencesCursorField(
        required=False, allow_blank=True, help_text="The `presences_cursor` of the last snapshot."
    )


class SnapshotEventResponse(serializers.Serializer[Any]):
    """The device's event."""

    slug = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    timezone = serializers.CharField()
    starts_at = LocalTimeField(timespec="auto")


class SnapshotDeviceResponse(serializers.Serializer[Any]):
    """The device itself."""

    id = serializers.IntegerField(min_value=0)
    name = serializers.CharField()
    checkpoint = serializers.IntegerField(source="checkpoint_id", min_value=0)
    expires_at = LocalTimeField(timespec="auto")
    can_override = serializers.BooleanField()
    can_change_checkpoint = serializers.BooleanField(
        source="is_mobile", help_text="Whether it may move to another checkpoint of the event."
    )


class PublicKeyResponse(serializers.Serializer[Any]):
    """A key that verifies badge codes."""

    number = serializers.IntegerField(min_value=0)
    public_key = serializers.SerializerMethodField(help_text="Ed25519, base64url.")

    def get_public_key(self, key: EventKey) -> str:
        return encode_base64url(bytes(key.public_key))


class SnapshotCheckpointResponse(serializers.Serializer[Any]):
    """A checkpoint of the event. Scans count at `door`, which several gates may share."""

    id = serializers.IntegerField(min_value=0)
    name = serializers.CharField()
    kind = serializers.ChoiceField(Checkpoint.Kind.values)
    door = serializers.IntegerField(source="presence_checkpoint_id", min_value=0)
    opens_at = LocalTimeField(timespec="auto", allow_null=True)
    closes_at = LocalTimeField(timespec="auto", allow_null=True)
    is_strict = serializers.BooleanField()
    capacity = serializers.IntegerField(allow_null=True, min_value=0)
    session = serializers.IntegerField(
        source="booked_session_id",
        allow_null=True,
        min_value=0,
        help_text="Set if the session takes bookings: only attendees who booked it may enter.",
    )
    tickets = serializers.SerializerMethodField(
        help_text="Ids of tickets. If there are any, or `addon` is set, only they may enter."
    )
    addon = serializers.IntegerField(
        source="addon_id", allow_null=True, min_value=0, help_text="An add-on with which one may enter too."
    )

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField(min_value=0)))
    def get_tickets(self, checkpoint: Checkpoint) -> list[int]:
        # Prefetched, so that more checkpoints cost no more queries.
        return [ticket.pk for ticket in checkpoint.tickets.all()]


class BadgeRecordResponse(serializers.Serializer[Any]):
    """A registration that ever had a valid badge."""

    key = serializers.CharField(help_text="16 characters that name the registration.")
    badge_version = serializers.IntegerField(min_value=0)
    state = serializers.ChoiceField(["confirmed", "unnamed", "cancelled", "merged"])
    sealed = serializers.CharField(help_text="The encrypted record, which only the badge’s code decrypts.")
    short = serializers.CharField(
        required=False,
        help_text="On a supervisor’s device: 16 hex digits of SHA-256 over `short:`, the event’s slug, `:` "
        "and the short code on the badge.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Leave `short` out on other devices: snapshots of 10,000 registrations must stay below 3 MB."""
        # The values are ready to send, and DRF would look each of them up: a tenth of a snapshot's time.
        body: dict[str, Any] = instance._asdict()
        if not body["short"]:
            del body["short"]
        return body


class PresenceRecordResponse(serializers.Serializer[Any]):
    """A presence at the device's own `door`; `is_mine`: this device read that entry."""

    key = serializers.CharField()
    door = serializers.IntegerField(min_value=0)
    is_inside = serializers.BooleanField()
    entered_at = LocalTimeField(timespec="auto", allow_null=True)
    left_at = LocalTimeField(timespec="auto", allow_null=True)
    read_at = LocalTimeField(timespec="auto", allow_null=True, help_text="When it was read to enter.")
    gate = serializers.CharField()
    is_mine = serializers.BooleanField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the record with local times; the other values are ready to send."""
        body: dict[str, Any] = instance._asdict()
        for name in ("entered_at", "left_at", "read_at"):
            if body[name] is not None:
                body[name] = self.fields[name].to_representation(body[name])
        return body


class CapacityLimitResponse(serializers.Serializer[Any]):
    """The limit at the device’s checkpoint. The places in `lease` count those inside and all leases."""

    door = serializers.IntegerField(min_value=0)
    capacity = serializers.IntegerField(min_value=0)
    inside = serializers.IntegerField(min_value=0)
    lease = serializers.IntegerField(
        min_value=0,
        help_text="Places that this device may give without asking. It subtracts its own entries that it has "
        "not sent, and adds its own exits.",
    )
    lease_expires_at = LocalTimeField(timespec="auto")


@extend_schema_serializer(examples=[SNAPSHOT_EXAMPLE])
class SnapshotResponse(serializers.Serializer[Any]):
    """The data from which a device decides offline. It sends both cursors with its next request."""

    sequence = serializers.IntegerField(source="event.sequence", min_value=0)
    presences_cursor = serializers.CharField(help_text="A number; empty before the first scan.")
    full = serializers.BooleanField(help_text="Whether the device replaces all of its data.")
    server_time = LocalTimeField(timespec="auto")
    event = SnapshotEventResponse()
    device = SnapshotDeviceResponse()
    keys = PublicKeyResponse(many=True)
    checkpoints = SnapshotCheckpointResponse(many=True)
    registrations = BadgeRecordResponse(many=True)
    removed = serializers.ListField(
        child=serializers.CharField(),
        help_text="Keys of registrations that lost their place without ever having had a badge.",
    )
    presences = PresenceRecordResponse(many=True)
    limits = CapacityLimitResponse(
        many=True, source="checkpoint_state.limits", help_text="Empty without a capacity."
    )
    devices_silent = serializers.IntegerField(
        source="checkpoint_state.silent_device_count",
        min_value=0,
        help_text="Devices at this checkpoint that have not reported for two minutes.",
    )
    uncertain_entries = serializers.IntegerField(
        source="checkpoint_state.uncertain_entries",
        min_value=0,
        help_text="How many unsent entries they may hold, by their earlier pace: so many more may be inside.",
    )
    uncertain_exits = serializers.IntegerField(
        source="checkpoint_state.uncertain_exits",
        min_value=0,
        help_text="How many unsent exits they may hold, likewise: so many fewer may be inside.",
    )
