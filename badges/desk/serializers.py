"""Validate what the desk's scripts send."""

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from badges.attendance.scanning.inputs.scan_time import (
    MAX_CLOCK_SKEW,
    ScanTime,
    SendingClock,
    resolve_scan_time,
)
from badges.attendance.scanning.scan_input import MAX_ELAPSED_MS, MAX_PAGE_LENGTH, MAX_REASON_LENGTH
from convention.api.fields import StrictTextField, StrictTimeField
from convention.text.languages import LANGUAGE_CHOICES
from registrations.notes.models import MAX_NOTE_LENGTH

from .models import BadgePrint
from .offline_entries import APPLY_BY_KIND, OfflineEntry
from .payments import DESK_METHODS

MAX_ENTRIES = 100
# An entry that looks older comes from a device without a clock, which begins in 1970 or later.
MAX_ENTRY_AGE = datetime.timedelta(days=366)
# Ten million, which no order at a desk comes near.
MAX_PAYMENT_CENTS = 10**9
MAX_PAYMENT_NOTE_LENGTH = 200
MAX_NAME_LENGTH = 300
MAX_EMAIL_LENGTH = 254


@dataclass(frozen=True)
class EntryReading:
    """The clocks of a desk device when an entry was made: see DeviceReading."""

    scanned_at: datetime.datetime
    clock_offset_ms: int | None
    page: str
    elapsed_ms: int | None


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
    """A walk-in; entries of pages that do not ask for the language have none."""

    ticket = serializers.SlugField(max_length=50)
    language = serializers.ChoiceField(choices=LANGUAGE_CHOICES, required=False)


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


class PaymentValuesRequest(serializers.Serializer[Any]):
    """An amount in cents that the guest paid, and how."""

    amount = serializers.IntegerField(min_value=1, max_value=MAX_PAYMENT_CENTS)
    method = serializers.ChoiceField(choices=[method.value for method in DESK_METHODS])
    note = TextField(MAX_PAYMENT_NOTE_LENGTH)


class InvoiceValuesRequest(serializers.Serializer[Any]):
    """Nothing: the order is invoiced as it is."""


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
    "payment": PaymentValuesRequest,
    "invoice": InvoiceValuesRequest,
    "resolve": ResolutionValuesRequest,
}
assert VALUES_BY_KIND.keys() == APPLY_BY_KIND.keys(), "each kind of entry is validated"


class MonotonicClockRequest(serializers.Serializer[Any]):
    """The page load, and the milliseconds since by its monotonic clock, which nobody can set."""

    page = TextField(MAX_PAGE_LENGTH, default="")
    elapsed_ms = serializers.IntegerField(min_value=0, max_value=MAX_ELAPSED_MS, default=None)


class OfflineEntryRequest(MonotonicClockRequest):
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


class DeskContactRequest(serializers.Serializer[Any]):
    """The device of a browser that works online and has sent all its entries."""

    device = serializers.UUIDField()


class DeskSyncRequest(MonotonicClockRequest):
    """The entries to apply, the version and digests of the device's data, and its clocks.

    `sent_at` is its wall clock now, `clock_offset_ms` the offset that was measured before.
    """

    device = serializers.UUIDField()
    version = StrictTextField(max_length=200, allow_blank=True)
    # The digest of each part that the device has (`build_data_update`).
    digests = serializers.DictField(child=StrictTextField(max_length=20))
    clock_offset_ms = serializers.IntegerField(min_value=-(2**53), max_value=2**53)
    sent_at = StrictTimeField(default=None)
    entries = serializers.ListField(child=OfflineEntryRequest(), max_length=MAX_ENTRIES)

    def build_entries(self, *, at: datetime.datetime) -> list[OfflineEntry]:
        """Return the entries with their times by the server's clock, none after `at`."""
        data = self.validated_data
        clock = SendingClock(data["page"], data["elapsed_ms"], data["sent_at"])
        times = [
            date_entry(
                EntryReading(entry["at"], data["clock_offset_ms"], entry["page"], entry["elapsed_ms"]),
                at,
                clock,
            )
            for entry in data["entries"]
        ]
        return [
            OfflineEntry(
                uid=entry["id"],
                kind=entry["kind"],
                made_at=time.effective_at,
                is_time_uncertain=time.is_uncertain,
                reference=entry["reference"],
                values=entry["values"],
            )
            for entry, time in zip(data["entries"], order_times(times), strict=True)
        ]


def date_entry(reading: EntryReading, received_at: datetime.datetime, clock: SendingClock) -> ScanTime:
    """Return when an entry was made; its delivery, and uncertain, if the device's clock is plainly wrong."""
    at_delivery = ScanTime(received_at, is_uncertain=True, received_at=received_at)
    try:
        time = resolve_scan_time(reading, received_at=received_at, clock=clock)
        return time if received_at - MAX_ENTRY_AGE < time.effective_at else at_delivery
    except OverflowError:
        return at_delivery


def order_times(times: list[ScanTime]) -> list[ScanTime]:
    """Return the times of entries in the order in which they were made, which is reliable, unlike clocks."""
    latest: datetime.datetime | None = None
    bounded = []
    for time in reversed(times):
        effective_at = min(time.effective_at, latest or time.effective_at)
        if time.is_uncertain:
            bounded.append(dataclasses.replace(time, effective_at=effective_at))
        else:
            bounded.append(time)
            latest = effective_at
    ordered: list[ScanTime] = []
    for time in reversed(bounded):
        earliest = max(time.effective_at, ordered[-1].effective_at) if ordered else time.effective_at
        # Two tabs may store entries of one moment in either order.
        is_uncertain = time.is_uncertain or earliest - time.effective_at > MAX_CLOCK_SKEW
        ordered.append(dataclasses.replace(time, effective_at=earliest, is_uncertain=is_uncertain))
    return ordered


class DeskDeviceRequest(serializers.Serializer[Any]):
    name = TextField(100)


class DeskEntryResponse(serializers.Serializer[Any]):
    """The outcome of one entry."""

    id = serializers.UUIDField(source="uid")
    state = serializers.CharField()
    sentence = serializers.CharField()
