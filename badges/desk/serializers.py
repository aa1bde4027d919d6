"""Validate what the desk's scripts send."""

import datetime
from typing import Any

from rest_framework import serializers

from badges.attendance.scanning.scan_input import MAX_REASON_LENGTH
from convention.api.fields import StrictTextField, StrictTimeField
from registrations.notes.models import MAX_NOTE_LENGTH

from .models import BadgePrint
from .offline_entries import APPLY_BY_KIND, OfflineEntry

MAX_ENTRIES = 100
# An entry that looks older comes from a device without a clock, which begins in 1970 or later.
MAX_ENTRY_AGE = datetime.timedelta(days=366)
MAX_NAME_LENGTH = 300
MAX_EMAIL_LENGTH = 254


class TextField(StrictTextField):
    """A text which may be empty, required unless an option says otherwise."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(max_length=max_length, allow_blank=True, **options)


class GuestFieldsRequest(serializers.Serializer[Any]):
    """An attendee's texts."""

    first_name = TextField(MAX_NAME_LENGTH)
    last_name = TextField(MAX_NAME_LENGTH)
    email = TextField(MAX_EMAIL_LENGTH)
    company = TextField(MAX_NAME_LENGTH)


class DirectionValuesRequest(serializers.Serializer[Any]):
    direction = serializers.ChoiceField(choices=["in", "out"])


class CheckInValuesRequest(DirectionValuesRequest):
    """The direction, and the reason why a guest was let in against the rules."""

    reason = TextField(MAX_REASON_LENGTH, required=False)


class UndoValuesRequest(DirectionValuesRequest):
    """The direction and the id of the check-in that is taken back."""

    undoes = serializers.UUIDField()


class WalkInValuesRequest(GuestFieldsRequest):
    ticket = serializers.SlugField(max_length=50)


class CorrectionValuesRequest(GuestFieldsRequest):
    """The new texts, and those that the desk saw."""

    before = GuestFieldsRequest()


class NoteRequest(serializers.Serializer[Any]):
    note = TextField(MAX_NOTE_LENGTH)


class NoteValuesRequest(NoteRequest):
    """The new note, and the one that the desk saw."""

    before = NoteRequest()


class PrintValuesRequest(serializers.Serializer[Any]):
    """The reason of a reprint, and the badge version that was printed."""

    reason = serializers.ChoiceField(choices=BadgePrint.Reason.choices, allow_blank=True)
    badge_version = serializers.IntegerField(min_value=1)


class ResolutionValuesRequest(serializers.Serializer[Any]):
    """The id of the entry that the staff has resolved."""

    entry = serializers.UUIDField()


VALUES_BY_KIND: dict[str, type[serializers.Serializer[Any]]] = {
    "check_in": CheckInValuesRequest,
    "undo": UndoValuesRequest,
    "walk_in": WalkInValuesRequest,
    "note": NoteValuesRequest,
    "correct": CorrectionValuesRequest,
    "substitute": CorrectionValuesRequest,
    "print": PrintValuesRequest,
    "resolve": ResolutionValuesRequest,
}
assert VALUES_BY_KIND.keys() == APPLY_BY_KIND.keys(), "each kind of entry is validated"


class OfflineEntryRequest(serializers.Serializer[Any]):
    """One entry; `at` is by the clock of the device."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=sorted(APPLY_BY_KIND))
    at = StrictTimeField()
    reference = serializers.RegexField(r"^[A-Z2-7]{13}$")
    values = serializers.DictField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Validate the values by the kind."""
        values_serializer = VALUES_BY_KIND[attrs["kind"]](data=attrs["values"])
        values_serializer.is_valid(raise_exception=True)
        return {**attrs, "values": values_serializer.validated_data}


class DeskSyncRequest(serializers.Serializer[Any]):
    """The entries to apply, the version and digests of the device's data, and the offset of its clock."""

    device = serializers.UUIDField()
    version = StrictTextField(max_length=200, allow_blank=True)
    # The digest of each part that the device has (`build_data_update`).
    digests = serializers.DictField(child=StrictTextField(max_length=20))
    clock_offset_ms = serializers.IntegerField(min_value=-(2**53), max_value=2**53)
    entries = serializers.ListField(child=OfflineEntryRequest(), max_length=MAX_ENTRIES)

    def build_entries(self, *, at: datetime.datetime) -> list[OfflineEntry]:
        """Return the entries with their times by the server's clock, none after `at`."""
        offset = datetime.timedelta(milliseconds=self.validated_data["clock_offset_ms"])
        return [
            OfflineEntry(
                uid=entry["id"],
                kind=entry["kind"],
                made_at=limit_time(shift_time(entry["at"], offset), at),
                reference=entry["reference"],
                values=entry["values"],
            )
            for entry in self.validated_data["entries"]
        ]


def shift_time(at: datetime.datetime, offset: datetime.timedelta) -> datetime.datetime:
    """Return `at` plus the offset, or `at` itself where no such time exists."""
    try:
        return at + offset
    except OverflowError:
        return at


def limit_time(made_at: datetime.datetime, delivered_at: datetime.datetime) -> datetime.datetime:
    """Return the time of an entry, or that of its delivery if the device's clock is plainly wrong."""
    is_plausible = delivered_at - MAX_ENTRY_AGE < made_at < delivered_at
    return made_at if is_plausible else delivered_at


class DeskDeviceRequest(serializers.Serializer[Any]):
    name = TextField(100)


class DeskEntryResponse(serializers.Serializer[Any]):
    """The outcome of one entry."""

    id = serializers.UUIDField(source="uid")
    state = serializers.CharField()
    sentence = serializers.CharField()
