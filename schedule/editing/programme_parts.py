"""Save, move, remove and copy the items of a programme: tracks, speakers and settings."""

from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Model, ProtectedError, RestrictedError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.db.ordering import move_row
from convention.errors import ConventionError, InvalidFields, NotFound
from convention.events.models import Event
from convention.events.publishing.copy_event import EventCopy
from schedule.models import ConflictLevel, DayHours, Schedule, Session, Slot, Speaker, Track, WalkingTime
from schedule.programme.days import get_programme_day

from .draft_slots import lock_current_draft
from .revision import raise_revision

ITEM_NOT_FOUND_MESSAGES: Final[Mapping[type[Model], Promise]] = {
    Track: _("This track was not found; it may have been deleted."),
    Speaker: _("This speaker was not found; they may have been deleted."),
}


class ProgrammeItemInUse(ConventionError):
    """Other rows need the item, so it cannot be removed."""

    kind = "still-needed"
    status = 409


def list_sessions_using(item: Track | Speaker) -> list[Session]:
    """Return the sessions that lose the track or speaker with its removal, published ones first."""
    sessions = item.sessions.order_by(F("starts_at").asc(nulls_last=True), "number")
    return list(sessions)


def remove_programme_item(*, event: Event, item: Session | Track | Speaker) -> None:
    """Delete an item; sessions lose their track or speaker. Raise ProgrammeItemInUse."""
    if isinstance(item, Session) and item.reserved:
        raise ProgrammeItemInUse(
            _("People have booked this session. Cancel it instead, so that they are informed.")
        )
    try:
        with transaction.atomic():
            # Actions that add references to the item hold this lock.
            lock_current_draft(event, author=None)
            # Recorded first: a deleted row has no key.
            record_action(f"{item._meta.model_name}.remove", item, event=event)
            item.delete()
            raise_revision(event=event)
    except (ProtectedError, RestrictedError):
        raise ProgrammeItemInUse(
            _("This session cannot be removed because it has scans or bookings. Cancel or rename it instead.")
        ) from None


def move_sessions_to_new_days(schedule: Schedule) -> None:
    """Give sessions the programme day that follows from an unsaved new start of days.

    A day that does not follow from the saved start was set by an imported file, and stays.
    """
    saved = Schedule.objects.filter(pk=schedule.pk).first() or Schedule()
    zone, moved = schedule.event.zone, []
    for session in schedule.event.sessions.filter(starts_at__isnull=False):
        assert session.starts_at
        if session.day == get_programme_day(session.starts_at, zone, saved.day_starts_at):
            session.day = get_programme_day(session.starts_at, zone, schedule.day_starts_at)
            moved.append(session)
    Session.objects.bulk_update(moved, ["day"], batch_size=200)
    # Slots in drafts: an empty day follows the settings.
    Slot.objects.filter(draft__event=schedule.event, session__in=[session.pk for session in moved]).update(
        day=None
    )


@transaction.atomic
def move_track(*, event: Event, track: Track, steps: int) -> None:
    """Move a track up (negative steps) or down; at either end it stays there."""
    # Locked, since all positions are renumbered: two moves at once would assign one of them twice.
    Event.objects.select_for_update().get(pk=event.pk)
    rows = [*event.tracks.all()]
    move_row(rows, track, steps=steps)
    Track.objects.bulk_update(rows, ["position"])
    record_action("track.move", track, event=event, fields=["position"])
    raise_revision(event=event)


@transaction.atomic
def save_programme_item(*, event: Event, item: Track | Speaker | Schedule, changed_fields: list[str]) -> None:
    """Save the item, record which fields changed, and raise the revision.

    Raise NotFound if it was removed, and InvalidFields for a name that another track has.
    """
    verb = "revise" if item.pk else "add"
    item.event = event
    if isinstance(item, Schedule) and "day_starts_at" in changed_fields:
        move_sessions_to_new_days(item)
    try:
        # In a savepoint, since PostgreSQL refuses all further queries after an error. With `force_update`,
        # since otherwise a row that was removed since it was loaded would be inserted again.
        with transaction.atomic():
            item.save(force_update=bool(item.pk))
    except IntegrityError:
        if not isinstance(item, Track):
            raise
        # The form found no such name, but the same track was added at the same moment.
        sentence = _("A track with this name already exists.")
        raise InvalidFields(sentence, {"name": [str(sentence)]}) from None
    except (Track.NotUpdated, Speaker.NotUpdated):
        raise NotFound(ITEM_NOT_FOUND_MESSAGES[type(item)]) from None
    record_action(f"{item._meta.model_name}.{verb}", item, event=event, fields=sorted(changed_fields))
    raise_revision(event=event)


def copy_programme_settings(event_copy: EventCopy) -> None:
    """Copy tracks, walking times, levels of conflicts, and the settings of the programme."""
    event = event_copy.source
    schedules = Schedule.objects.filter(event=event)
    # These name the programme that was imported: its version, and the address it came from.
    event_copy.copy_rows(schedules, revision=0, version="", acronym="", base_url="")
    for model in (Track, WalkingTime, ConflictLevel, DayHours):
        event_copy.copy_rows(model.objects.filter(event=event))
