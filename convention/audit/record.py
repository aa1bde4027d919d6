"""Record actions in the audit trail."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.utils import timezone

from convention.actor import current_actor

from .models import AuditEntry

INSERT_BATCH_SIZE = 500
# Within this time, those who ask others again are warned first.
MIN_TIME_BETWEEN_REQUESTS: Final = datetime.timedelta(hours=24)


@dataclass(frozen=True)
class RecordedRequest:
    """An e-mail that asks other people to do something, as the audit trail recorded it."""

    entry: AuditEntry

    @property
    def is_recent(self) -> bool:
        return timezone.now() - self.entry.created_at < MIN_TIME_BETWEEN_REQUESTS


def record_action(
    verb: str,
    subject: models.Model | str,
    *,
    event: Any = None,
    fields: list[str] | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry in the caller's transaction.

    `verb` is dotted, such as `registration.cancel`; `fields` are names, never values. `details` are values
    that the history shows, none of them personal. Person, channel and request id come from the current
    actor.
    """
    entry = build_audit_entry(verb, subject, event=event, fields=fields, reason=reason, details=details)
    entry.save()
    return entry


def record_actions(entries: Iterable[AuditEntry]) -> None:
    """Add entries made by `build_audit_entry`, with few queries, in the caller's transaction."""
    AuditEntry.objects.bulk_create(entries, INSERT_BATCH_SIZE)


def build_audit_entry(
    verb: str,
    subject: models.Model | str,
    *,
    event: Any = None,
    fields: list[str] | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Return an unsaved entry, with the arguments of `record_action`."""
    actor = current_actor.get()
    label = subject if isinstance(subject, str) else make_subject_label(subject)
    return AuditEntry(
        actor_id=actor.person_id,
        channel=actor.channel,
        request_id=actor.request_id,
        verb=verb,
        # By attribute: this package cannot import the model of events, which is a layer above.
        event=getattr(event, "slug", "") or "",
        subject=label,
        fields=fields or [],
        reason=reason,
        details=details or {},
    )


def make_subject_label(row: models.Model) -> str:
    """Return the text by which entries name their subject, such as `registrations.order:12`."""
    return f"{row._meta.label_lower}:{row.pk}"


def find_last_entry(verb: str, subject: models.Model, *, event: str) -> AuditEntry | None:
    """Return the latest entry with this verb and subject, with its actor; None if there is none."""
    label = make_subject_label(subject)
    return AuditEntry.objects.filter(event=event, subject=label, verb=verb).select_related("actor").first()
