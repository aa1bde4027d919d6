"""Change or delete drafts of events.

A published event is cancelled instead of deleted, so that its records stay.
"""

import datetime

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotOpenNow
from convention.events.guards import check_event_change, lock_event
from convention.events.models import Event, Venue

from .copy_event import shift_moment
from .draft_mails import queue_change_mails

DRAFT_FIELDS = ("name", "name_en", "starts_at", "ends_at", "venue")
CHANGED_MEANWHILE_REASON = gettext_lazy("Someone else has changed the draft meanwhile. Open this page again.")
DEADLINE_FIELDS = ("registration_opens_at", "registration_closes_at", "substitutions_close_at")


@transaction.atomic
def change_meeting_draft(
    *,
    event: Event,
    actor: Person,
    name: str,
    name_en: str,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    venue: Venue | None,
) -> int:
    """Save title, times and venue, and return how many leads are e-mailed; 0 if nothing changed.

    A new venue is saved first. The deadlines of registration move by as many days as the start. Raise
    NotOpenNow if the meeting has been published or changed since `event` was read, and InvalidFields if an
    app forbids the change.
    """
    stored = lock_event(event.pk)
    if stored.visibility != Event.Visibility.DRAFT:
        raise NotOpenNow(_("The meeting has been published. Ask the group’s leads to change it."))
    # Only the lock makes sure: a lead may have saved after the page compared what its form had shown.
    if any(getattr(stored, name) != getattr(event, name) for name in DRAFT_FIELDS):
        raise NotOpenNow(CHANGED_MEANWHILE_REASON)
    values = {"name": name, "name_en": name_en, "starts_at": starts_at, "ends_at": ends_at, "venue": venue}
    values |= _shift_deadlines(stored, starts_at, ends_at)
    changed = sorted(field for field, value in values.items() if getattr(stored, field) != value)
    if not changed:
        return 0
    if venue and venue.pk is None:
        venue.save()
    for field in changed:
        setattr(stored, field, values[field])
    former = check_event_change(stored, actor)
    stored.save(update_fields=changed)
    record_action("event.change", stored, event=stored, fields=changed)
    for follow_change in hooks.event_change_listeners.providers():
        follow_change(former, stored)
    return queue_change_mails(stored)


def _shift_deadlines(
    event: Event, starts_at: datetime.datetime, ends_at: datetime.datetime
) -> dict[str, datetime.datetime | None]:
    days = (starts_at.astimezone(event.zone).date() - event.starts_at.astimezone(event.zone).date()).days
    moments = {name: shift_moment(getattr(event, name), days, event.zone) for name in DEADLINE_FIELDS}
    if closes_at := moments["registration_closes_at"]:
        # Registration never outlasts the event, which may end earlier on that day.
        moments["registration_closes_at"] = min(closes_at, ends_at)
    return moments


def list_deletion_obstacles(event: Event) -> list[str]:
    """Return sentences on why the event cannot be deleted; none for a draft that nobody has used."""
    if event.visibility != Event.Visibility.DRAFT:
        return [_("The event is published: only a draft can be deleted.")]
    return [
        sentence for provider in hooks.event_deletion_obstacles.providers() for sentence in provider(event)
    ]


@transaction.atomic
def delete_draft(*, event: Event) -> None:
    """Delete a draft with its settings and programme. Raise NotOpenNow with the reasons why not."""
    # Not `no_key`: nobody may be registered until the draft is gone.
    stored = Event.objects.select_for_update(of=("self",)).get(pk=event.pk)
    if obstacles := list_deletion_obstacles(stored):
        raise NotOpenNow(" ".join(obstacles))
    record_action("event.delete", stored, event=stored)
    try:
        stored.delete()
    except (ProtectedError, RestrictedError) as error:
        raise NotOpenNow(_("Other records refer to this event, so it cannot be deleted.")) from error
