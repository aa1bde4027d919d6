"""Raise the revision of a programme; every action that changes what is shown does so last."""

from django.db.models import F
from django.utils import timezone

from convention.events.models import Event
from schedule.models import Schedule


def raise_revision(*, event: Event) -> Schedule:
    """Raise the revision of this event's programme; call it last in the action's transaction.

    Feeds, printed agendas and caches compare the revision, so one call for each action is enough.
    """
    schedule, _ = Schedule.objects.get_or_create(event=event)
    # Added in the database, so that two actions at once count as two.
    Schedule.objects.filter(pk=schedule.pk).update(revision=F("revision") + 1, changed_at=timezone.now())
    schedule.refresh_from_db()
    return schedule
