"""Read who did something last."""

from django.db import models

from .models import Entry


def last_entry(verb: str, subject: models.Model, *, event: str) -> Entry | None:
    """The latest line of that kind about an object of the event, with who it was."""
    label = f"{subject._meta.label_lower}:{subject.pk}"
    return Entry.objects.filter(event=event, subject=label, verb=verb).select_related("actor").first()
