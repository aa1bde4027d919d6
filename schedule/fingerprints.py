"""Know whether a value changed since someone read it: a short print of each field, sent with the form."""

import datetime
import hashlib
from collections.abc import Mapping

from django.db import models


def fingerprint(value: object) -> str:
    """The same for values that a form cannot tell apart: line ends, seconds, outer spaces."""
    return hashlib.sha256(plain(value).encode()).hexdigest()[:10]


def fingerprints(values: Mapping[str, object]) -> dict[str, str]:
    """One for each field."""
    return {name: fingerprint(value) for name, value in values.items()}


def plain(value: object) -> str:
    """A value as text: rows by their key, moments by the minute."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, list | tuple):
        return "\n".join(plain(item) for item in value)
    return "\n".join(line.rstrip() for line in str(value).splitlines()).strip()
