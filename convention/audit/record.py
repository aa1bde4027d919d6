"""Write one line of the audit trail."""

from typing import Any

from django.db import models

from convention.actor import current_actor

from .models import Entry


def record(
    verb: str,
    subject: models.Model | str,
    *,
    event: Any = None,
    fields: list[str] | None = None,
    reason: str = "",
) -> Entry:
    """Add one entry in the caller's transaction.

    `verb` is dotted, such as `registration.cancel`; `fields` are names, never values.
    """
    actor = current_actor.get()
    label = subject if isinstance(subject, str) else f"{subject._meta.label_lower}:{subject.pk}"
    return Entry.objects.create(
        actor_id=actor.person_id,
        means=actor.means,
        request_id=actor.request_id,
        verb=verb,
        event=getattr(event, "slug", "") or "",
        subject=label,
        fields=fields or [],
        reason=reason,
    )
