"""Serializer fields that several endpoints share."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from convention.text.normalize import normalize_whitespace
from convention.text.validators import find_length_error


class LocalTimeField(serializers.DateTimeField):
    """A time in RFC 3339, rendered in the current time zone (`timezone.override(event.zone)`).

    Always with a numeric offset, where DRF would write “Z” for UTC.
    """

    def __init__(self, *, timespec: str = "seconds", **options: Any) -> None:
        super().__init__(**options)
        self.timespec = timespec

    def to_representation(self, value: datetime.datetime) -> str:
        return timezone.localtime(value).isoformat(timespec=self.timespec)


class StrictField(serializers.Field[Any, Any, Any, Any]):
    """A field that takes only values of `json_type`, where DRF would read “yes” as true and 5 as a text."""

    json_type: type = str

    def to_internal_value(self, data: Any) -> Any:
        # In Python, True is an int.
        if not isinstance(data, self.json_type) or (isinstance(data, bool) and self.json_type is not bool):
            raise ValidationError(self.describe_type())
        return super().to_internal_value(data)

    def describe_type(self) -> str:
        """Return the sentence for a value of another type."""
        return _("This must be a string.")


class StrictTextField(StrictField, serializers.CharField):
    """A text of at most `max_length` characters as sent, where DRF would not count surrounding blanks."""

    def run_validation(self, data: Any = empty) -> Any:
        text = data if isinstance(data, str) else ""
        if self.max_length is not None and (sentence := find_length_error(text, self.max_length)):
            raise ValidationError(sentence)
        return super().run_validation(data)


class StrictUuidField(StrictField, serializers.UUIDField):
    """A UUID as text."""


class StrictChoiceField(StrictField, serializers.ChoiceField):
    """One of several texts."""

    # Without the value, where DRF would repeat it: a lone surrogate cannot be sent back.
    default_error_messages = {"invalid_choice": gettext_lazy("This is not one of the possible values.")}


class StrictBooleanField(StrictField, serializers.BooleanField):
    """True or false."""

    json_type = bool

    def describe_type(self) -> str:
        return _("This must be true or false.")


class StrictIntegerField(StrictField, serializers.IntegerField):
    """A whole number."""

    json_type = int

    def describe_type(self) -> str:
        return _("This must be a whole number.")


class StrictTimeField(StrictField, LocalTimeField):
    """A time in RFC 3339; one without offset is refused, since it would be ambiguous."""

    def enforce_timezone(self, value: datetime.datetime) -> datetime.datetime:
        if timezone.is_naive(value):
            raise ValidationError(
                _("Include the offset from UTC, as in %(example)s.")
                % {"example": "2027-06-16T09:00:00+02:00"}
            )
        return super().enforce_timezone(value)


class ObjectRequest(serializers.Serializer[Any]):
    """A body, or a part of one, that is a JSON object."""

    default_error_messages = {
        "invalid": gettext_lazy("This must be an object."),
        "null": gettext_lazy("This must be an object."),
    }


class LenientField(serializers.Field[Any, Any, Any, Any]):
    """A field that reads a missing or null value as `empty_value`, and requires `json_type` otherwise.

    Validates in one step, where DRF would first look for defaults and then run validators one by one. Content
    is checked by the action, which pages call too; options such as `pattern` only document those checks.
    """

    json_type: type | tuple[type, ...] = str
    empty_value: Any = ""

    def run_validation(self, data: Any = empty) -> Any:
        if data is None or data is empty:
            return self.empty_value
        if not isinstance(data, self.json_type):
            raise ValidationError(self.describe_type())
        return data

    def describe_type(self) -> str:
        """Return the sentence for a value of another type."""
        return _("This must be a string.")


class LenientStringField(LenientField):
    """A text of at most `max_length` characters, surrounding blanks aside."""

    def run_validation(self, data: Any = empty) -> str:
        text: str = super().run_validation(data)
        max_length: int | None = getattr(self, "max_length", None)
        if max_length is not None and len(text) > max_length:
            sentence = find_length_error(normalize_whitespace(text), max_length)
            if sentence:
                raise ValidationError(sentence)
        return text


class LenientTextField(LenientStringField, serializers.CharField):
    """A text."""


class LenientEmailField(LenientStringField, serializers.EmailField):
    """An e-mail address."""


class LenientSlugField(LenientStringField, serializers.SlugField):
    """A slug."""


class LenientRegexField(LenientStringField, serializers.RegexField):
    """A text that matches a pattern."""


class LenientChoiceField(LenientField, serializers.ChoiceField):
    """One of several texts."""


class LenientBooleanField(LenientField, serializers.BooleanField):
    """True or false."""

    json_type = bool
    empty_value = False

    def describe_type(self) -> str:
        return _("This must be true or false.")


class LenientIntegerField(LenientField, serializers.IntegerField):
    """A whole number between both bounds."""

    json_type = int
    empty_value = None

    def run_validation(self, data: Any = empty) -> int | None:
        number = super().run_validation(data)
        # In Python, True is an int.
        if number is not None and (isinstance(number, bool) or not self.is_within_bounds(number)):
            raise ValidationError(self.describe_type())
        return number

    def is_within_bounds(self, number: int) -> bool:
        is_above = self.min_value is None or number >= self.min_value
        return is_above and (self.max_value is None or number <= self.max_value)

    def describe_type(self) -> str:
        return _("This must be a whole number.")


class LenientDictField(LenientField, serializers.DictField):
    """An object with any members."""

    json_type = Mapping
    empty_value = None

    def run_validation(self, data: Any = empty) -> Mapping[str, Any]:
        return super().run_validation(data) or {}

    def describe_type(self) -> str:
        return _("This must be an object.")


class LenientSlugListField(LenientField, serializers.ListField):
    """A list of at most `max_length` slugs, as a tuple."""

    json_type = list
    empty_value: tuple[str, ...] = ()

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(child=serializers.SlugField(), max_length=max_length, **options)
        self.limit = max_length

    def run_validation(self, data: Any = empty) -> tuple[str, ...]:
        slugs = super().run_validation(data)
        if len(slugs) > self.limit or not all(isinstance(slug, str) for slug in slugs):
            raise ValidationError(self.describe_type())
        return tuple(slugs)

    def describe_type(self) -> str:
        return _("This must be a list of at most %(most)d strings.") % {"most": self.limit}
