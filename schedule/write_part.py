"""Write a track, a speaker or the schedule's own settings, new or changed."""

from django.db import transaction

from convention.audit.record import record
from convention.events.models import Event

from .models import Schedule, Speaker, Track
from .revision import raise_revision


@transaction.atomic
def write_part(*, event: Event, part: Track | Speaker | Schedule, fields: list[str]) -> None:
    """Save it with the event, note the fields, count a change of the programme."""
    verb = "revise" if part.pk else "add"
    part.event = event
    part.save()
    record(f"{part._meta.model_name}.{verb}", part, event=event, fields=sorted(fields))
    raise_revision(event=event)
