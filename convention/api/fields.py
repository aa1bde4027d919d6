"""Serializer fields that several endpoints share."""

import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers


class LocalTimeField(serializers.DateTimeField):
    """A time in RFC 3339, rendered in the current time zone (`timezone.override(event.zone)`).

    Always with a numeric offset, where DRF would write “Z” for UTC.
    """

    def __init__(self, *, timespec: str = "seconds", **options: Any) -> None:
        super().__init__(**options)
        self.timespec = timespec

    def to_representation(self, value: datetime.datetime) -> str:
        return timezone.localtime(value).isoformat(timespec=self.timespec)
