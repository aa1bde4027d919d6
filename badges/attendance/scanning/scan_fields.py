"""The fields of one scan: strict, without a database, each with a sentence for the device's developer.

Each overrides `run_validation` as a whole, since DRF would look up defaults and run validators one by one:
too slow for a batch of 200 items with eighteen fields each.
"""

import dataclasses
import datetime
import uuid
from itertools import chain
from typing import Any, NamedTuple, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from badges.attendance.models import MAX_CHECKPOINT_NAME_LENGTH
from convention.api.bodies import flatten_errors
from convention.errors import ConventionError

from .inputs.device_signatures import write_signed_item
from .scan_input import ALLOWED_VERDICTS, MAX_SCANS_PER_REQUEST, InvalidScan, ScanInput

OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


class TooManyScans(ConventionError):
    """The request has more scans than are allowed."""

    kind = "too-many"
    status = 413


class ScanId(NamedTuple):
    """The id of a scan, and its spelling in the request."""

    uid: uuid.UUID
    sent_text: str


class ScanIdField(serializers.UUIDField):
    """A UUID in any spelling."""

    def run_validation(self, data: Any = empty) -> ScanId:
        try:
            return ScanId(uuid.UUID(data), data)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValidationError(_("“%(name)s” is not a UUID.") % {"name": self.field_name}) from error


class UndoneScanField(serializers.UUIDField):
    """The id of another scan; missing is None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> uuid.UUID | None:
        if data is None or data is empty or data == "":
            return None
        try:
            return uuid.UUID(data)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValidationError(_("“%(name)s” is not a UUID.") % {"name": self.field_name}) from error


class LetInField(serializers.BooleanField):
    """True or false; missing is None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> bool | None:
        if data is None or data is empty:
            return None
        if not isinstance(data, bool):
            raise ValidationError(_("“%(name)s” must be true or false.") % {"name": self.field_name})
        return data


class ScanTextField(serializers.CharField):
    """A text that a database can store; missing is ""."""

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(max_length=max_length, allow_blank=True, **{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> str:
        if data is None or data is empty:
            return ""
        name = {"name": self.field_name}
        if not isinstance(data, str) or "\0" in data or not is_storable(data):
            raise ValidationError(_("“%(name)s” must be text.") % name)
        if len(data) > (self.max_length or 0):
            sentence = _("“%(name)s” is longer than %(most)d characters.")
            raise ValidationError(sentence % {**name, "most": self.max_length})
        return data.strip()


class ScanCodeField(ScanTextField):
    """A code or a reference, which are upper case by design: hand scanners may send lower case."""

    def run_validation(self, data: Any = empty) -> str:
        return super().run_validation(data).upper()


def is_storable(value: str) -> bool:
    """Return whether the text is valid Unicode, without lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class DirectionField(serializers.ChoiceField):
    def __init__(self) -> None:
        super().__init__(("in", "out"))

    def run_validation(self, data: Any = empty) -> str:
        if data not in ("in", "out"):
            raise ValidationError(_("“direction” must be “in” or “out”."))
        return data


@extend_schema_field({"type": "string", "enum": list(ALLOWED_VERDICTS)})
class LocalVerdictField(serializers.CharField):
    """The verdict that the operator saw; missing is ""."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, **{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> str:
        if data is None or data is empty:
            return ""
        if data not in ALLOWED_VERDICTS:
            raise ValidationError(_("“local_verdict” is not a verdict."))
        return data


class ScanTimeField(serializers.DateTimeField):
    """A time in RFC 3339 with an offset, in UTC once validated."""

    def run_validation(self, data: Any = empty) -> datetime.datetime:
        try:
            at = datetime.datetime.fromisoformat(data)
            # Naive times are refused, since the device's time zone is unknown. The bounds leave room for
            # arithmetic: near the years 1 and 9999 an offset or time zone makes it overflow.
            if at.tzinfo is not None and 1970 < at.year < 9000:
                return at.astimezone(datetime.UTC)
        except (ValueError, TypeError, OverflowError) as error:
            sentence = _("“%(name)s” is not a date and time in RFC 3339 format.")
            raise ValidationError(sentence % {"name": self.field_name}) from error
        sentence = _("“%(name)s” needs an offset, such as 2026-06-17T08:31:02+02:00.")
        raise ValidationError(sentence % {"name": self.field_name})


class OptionalTimeField(ScanTimeField):
    """A time in RFC 3339; missing is None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> datetime.datetime | None:  # type: ignore[override]  # may be missing
        return None if data is None or data is empty else super().run_validation(data)


class ScanNumberField(serializers.IntegerField):
    """A whole number of at most `limit`, also below zero; missing is None."""

    def __init__(self, *, limit: int, **options: Any) -> None:
        super().__init__(min_value=-limit, max_value=limit, **{**OPTIONAL, **options})
        self.limit = limit

    def run_validation(self, data: Any = empty) -> int | None:
        if data is None or data is empty:
            return None
        # JavaScript has only one number type, and some serializers write 1.0.
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        # In Python a bool is an int, in JSON it is not.
        if isinstance(data, bool) or not isinstance(data, int) or abs(data) > self.limit:
            raise ValidationError(_("“%(name)s” must be a whole number.") % {"name": self.field_name})
        return data


@extend_schema_field(
    {
        "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": MAX_CHECKPOINT_NAME_LENGTH}],
        "nullable": True,
    }
)
class CheckpointField(serializers.Field[Any, Any, Any, Any]):
    """The id of a checkpoint, or a text that names one; None is the device's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**OPTIONAL, **options})

    def run_validation(self, data: Any = empty) -> int | str | None:
        if data is None or data is empty or data == "":
            return None
        is_valid = isinstance(data, int | str) and not isinstance(data, bool)
        if not is_valid or len(str(data)) > MAX_CHECKPOINT_NAME_LENGTH:
            raise ValidationError(_("“checkpoint” must be an id or a name."))
        return data


class ScanListField(serializers.ListField):
    """The scans of one request. An invalid item is validated data too, since it gets its own result."""

    def __init__(self, *, child: serializers.Serializer[ScanInput]) -> None:
        super().__init__(child=child, max_length=MAX_SCANS_PER_REQUEST)

    def run_validation(self, data: Any = empty) -> list[ScanInput | InvalidScan]:
        if not isinstance(data, list):
            raise ValidationError(_("Send a list."))
        if len(data) > MAX_SCANS_PER_REQUEST:
            raise TooManyScans(_("Send at most %(most)s scans at once.") % {"most": MAX_SCANS_PER_REQUEST})
        return [validate_scan(cast("serializers.Serializer[ScanInput]", self.child), item) for item in data]


def validate_scan(serializer: serializers.Serializer[ScanInput], item: Any) -> ScanInput | InvalidScan:
    """Return the item as a ScanInput, or an InvalidScan that says what is wrong."""
    try:
        scan_input = serializer.run_validation(item)
    except ValidationError as error:
        sent_id = item.get("id") if isinstance(item, dict) else None
        sentences = chain.from_iterable(flatten_errors(error.detail).values())
        return InvalidScan(sent_id, " ".join(sentences))
    # From the item as sent: the fields are normalized, and the signature covers what the device wrote.
    if scan_input.signature:
        return dataclasses.replace(scan_input, signed_item=write_signed_item(item))
    return scan_input
