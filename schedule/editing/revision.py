"""Raise the revision of a programme; every action that changes what is shown does so last."""

from django.db.models import F
from django.utils import timezone

from convention.events.models import Event
from convention.events.publishing.cancel_event import EventCancellation
from schedule.models import ProgrammeAudience, Schedule, Session


def raise_revision(*, event: Event, version_name: str | None = None) -> Schedule:
    """Raise the revision of this event's programme; call it last in the action's transaction.

    Feeds, printed agendas and caches compare the revision, so one call for each action is enough. A
    publication sets the programme's label too.
    """
    rows = Schedule.objects.filter(event=event)
    # Added in the database, so that two actions at once count as two.
    changes = {"revision": F("revision") + 1, "changed_at": timezone.now()}
    if version_name is not None:
        changes["version"] = version_name
    if not rows.update(**changes):
        Schedule.objects.get_or_create(event=event)
        rows.update(**changes)
    return rows.get()


def follow_cancellation(cancellation: EventCancellation) -> None:
    """Raise the revision of a programme whose event was cancelled."""
    raise_revision(event=cancellation.event)


def follow_restoration(event: Event) -> None:
    """Raise the revision of a programme whose event was restored, and the sequence of its sessions."""
    # Calendars have the next number with the cancellation (`exchange.load_programme`) and ignore a lower one.
    sessions = Session.objects.published(audience=ProgrammeAudience.MEMBERS).filter(event=event)
    sessions.update(sequence=F("sequence") + 2)
    raise_revision(event=event)
