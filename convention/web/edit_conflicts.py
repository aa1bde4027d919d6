"""Detect that somebody else has changed a record while a form was open.

The form carries a fingerprint of each value that it showed. Saving writes only the fields that the editor
changed, and a field that was changed to another value in the meantime is a conflict.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import models

# Many times the fingerprints of the longest form; a browser never sends more.
MAX_SEEN_LENGTH = 20_000


@dataclass(frozen=True)
class EditComparison:
    """The fields to write with the editor's values, and the current values of those in conflict."""

    changes: dict[str, object]
    conflicting_values: dict[str, object]


def compare_edits(
    *,
    values: Mapping[str, object],
    current: Mapping[str, object],
    seen_fingerprints: Mapping[str, str],
    linked_fields: Iterable[Iterable[str]] = (),
) -> EditComparison:
    """Return what the editor changed, and what somebody else changed in the meantime.

    `seen_fingerprints` belong to the values that the editor started from. If both made the same change, there
    is nothing to write and no conflict. Fields that are valid together only are linked: a change of one by
    somebody else conflicts with a change of another.
    """
    changes = {
        name: value
        for name, value in values.items()
        if compute_fingerprint(value)
        not in (seen_fingerprints.get(name, ""), compute_fingerprint(current[name]))
    }
    changed_meanwhile = {
        name for name in values if compute_fingerprint(current[name]) != seen_fingerprints.get(name, "")
    }
    conflicting = changes.keys() & changed_meanwhile
    for names in map(set, linked_fields):
        if names & changes.keys() and names & changed_meanwhile:
            conflicting |= names & (changes.keys() | changed_meanwhile)
    return EditComparison(changes, {name: current[name] for name in values if name in conflicting})


def compute_fingerprint(value: object) -> str:
    """Return a hash that is equal for values a form cannot tell apart: line ends, seconds, outer spaces.

    Browsers send CRLF, and datetime-local has no seconds: otherwise saving a form unchanged would count as
    a change of every such field.
    """
    return hashlib.sha256(to_plain_text(value).encode()).hexdigest()[:10]


def compute_fingerprints(values: Mapping[str, object]) -> dict[str, str]:
    """Return a fingerprint for each field."""
    return {name: compute_fingerprint(value) for name, value in values.items()}


def to_plain_text(value: object) -> str:
    """Return a value as text: rows by their key, times by the minute."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, list | tuple):
        return "\n".join(to_plain_text(item) for item in value)
    return "\n".join(line.rstrip() for line in str(value).splitlines()).strip()


def parse_seen_fingerprints(text: str) -> dict[str, str]:
    """Parse the fingerprints of the hidden field.

    Unreadable ones are dropped, which makes every field count as changed: nothing is overwritten unseen.
    """
    if len(text) > MAX_SEEN_LENGTH:
        return {}
    try:
        fingerprints = json.loads(text)
    # Deeply nested brackets exhaust the stack.
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fingerprints, dict):
        return {}
    return {str(name): str(value) for name, value in fingerprints.items()}
