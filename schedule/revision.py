"""The programme's revision: raised last by every act that changes what the programme shows."""

from django.db.models import F
from django.utils import timezone

from convention.events.models import Event

from .models import Schedule


def raise_revision(*, event: Event) -> Schedule:
    """Count one change of this event's programme; call it last in the act's transaction.

    Feeds, printed agendas and caches are known by the revision, so one call per act is enough.
    """
    schedule, _ = Schedule.objects.get_or_create(event=event)
    Schedule.objects.filter(pk=schedule.pk).update(revision=F("revision") + 1, changed_at=timezone.now())
    schedule.refresh_from_db()
    return schedule
