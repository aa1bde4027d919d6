"""Create, change and remove the checkpoints of an event; devices notice by the event's sequence."""

import datetime
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from badges.attendance.models import MAX_CHECKPOINT_NAME_LENGTH, Checkpoint, Device, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from convention.audit.record import record_action
from convention.errors import ConventionError, NotFound
from convention.events.sequence import advance_sequence
from registrations.models import Addon, Ticket
from schedule.models import ProgrammeAudience, Session

if TYPE_CHECKING:
    from convention.events.models import Event

# Behind all checkpoints made by hand, whose positions count from 0.
SESSION_CHECKPOINT_POSITION = 1000
# Local hours at which a meal's checkpoint opens and closes, unless the organizer says otherwise.
MEAL_HOURS = (datetime.time(12), datetime.time(14, 30))
CHECKPOINT_NOT_FOUND = gettext_lazy("This checkpoint was not found; it may have been removed.")


class CheckpointInUse(ConventionError):
    """The checkpoint has scans or devices, so it cannot be removed."""

    kind = "in-use"
    status = 409


class CheckpointFixed(ConventionError):
    """The organizer did not allow this device to change its checkpoint."""

    kind = "checkpoint-fixed"
    status = 403


def get_checkpoint(event: "Event", pk: int) -> Checkpoint:
    """Return the event's checkpoint with this key. Raise NotFound."""
    checkpoint = event.checkpoints.filter(pk=pk).first()
    if checkpoint is None:
        raise NotFound(CHECKPOINT_NOT_FOUND)
    checkpoint.event = event
    return checkpoint


@transaction.atomic
def save_checkpoint(
    *, checkpoint: Checkpoint, changed_fields: list[str], tickets: Collection[Ticket] | None = None
) -> Checkpoint:
    """Save a checkpoint, and which tickets may enter unless that is None.

    Rebuild the event's presences if its scans now count at another checkpoint. Raise NotFound if it was
    removed.
    """
    is_new = checkpoint.pk is None
    try:
        # Otherwise a checkpoint that was removed since the page was opened would be inserted again.
        checkpoint.save(force_update=not is_new)
    except Checkpoint.NotUpdated:
        raise NotFound(CHECKPOINT_NOT_FOUND) from None
    if tickets is not None:
        checkpoint.tickets.set(tickets)
    if "counts_as" in changed_fields and not is_new:
        rebuild_presence(event=checkpoint.event)
    verb = "checkpoint.create" if is_new else "checkpoint.change"
    record_action(verb, checkpoint, event=checkpoint.event, fields=changed_fields)
    # Makes devices fetch a snapshot. Last, since it locks the event's row until commit.
    advance_sequence(checkpoint.event_id)
    return checkpoint


@transaction.atomic
def move_device(*, device: Device, checkpoint: Checkpoint) -> Device:
    """Move a device to another checkpoint of its event. Raise CheckpointFixed."""
    if not device.is_mobile:
        raise CheckpointFixed(
            _("This phone can only be used at its own checkpoint. Ask an organizer to pair it again.")
        )
    if device.checkpoint_id != checkpoint.pk:
        device.checkpoint = checkpoint
        device.save(update_fields=["checkpoint"])
        record_action("device.move", device, event=device.event, fields=["checkpoint"])
    return device


def is_checkpoint_used(checkpoint: Checkpoint) -> bool:
    """Return whether the checkpoint has scans or devices, so that it cannot be removed."""
    # Deleting would cascade to the devices, and the log of scans must stay complete.
    return Scan.objects.filter(checkpoint=checkpoint).exists() or checkpoint.devices.exists()


def describe_checkpoint_use(checkpoint: Checkpoint) -> str:
    """Return why the checkpoint cannot be removed, and what to do instead."""
    sentence = _("“%(name)s” has scans or devices and cannot be removed. Set its closing time instead.")
    return sentence % {"name": checkpoint.name}


@transaction.atomic
def remove_checkpoint(*, checkpoint: Checkpoint) -> None:
    """Remove a checkpoint that was never used. Raise CheckpointInUse."""
    if is_checkpoint_used(checkpoint):
        raise CheckpointInUse(describe_checkpoint_use(checkpoint))
    record_action("checkpoint.remove", checkpoint, event=checkpoint.event)
    checkpoint.delete()
    advance_sequence(checkpoint.event_id)


def list_sessions_without_checkpoint(event: "Event") -> QuerySet[Session]:
    """Return the scheduled sessions at which no badge can be scanned, in order of time."""
    sessions = event.sessions.published(audience=ProgrammeAudience.MEMBERS).filter(cancelled_at__isnull=True)
    sessions_with_checkpoint = event.checkpoints.filter(session__isnull=False).values("session")
    without_checkpoint = sessions.exclude(pk__in=sessions_with_checkpoint)
    return without_checkpoint.select_related("room").order_by("starts_at", "pk")


@transaction.atomic
def create_session_checkpoints(*, event: "Event", sessions: Iterable[Session]) -> int:
    """Create a checkpoint for each of the event's sessions, which have none; return how many were created.

    Its capacity is that of the session's room, so that organizers are warned before the room's limit.
    """
    taken_names = set(event.checkpoints.values_list("name", flat=True))
    created = []
    for session in sessions:
        name = find_free_name(session.title, taken_names)
        taken_names.add(name)
        created.append(
            Checkpoint(
                event=event,
                session=session,
                name=name,
                kind=Checkpoint.Kind.SESSION,
                position=SESSION_CHECKPOINT_POSITION,
                # No places in a room mean that its limit is unknown; the checkpoint would be full at once.
                capacity=(session.room.capacity or None) if session.room else None,
            )
        )
    Checkpoint.objects.bulk_create(created)
    if created:
        record_action("checkpoint.create", event, event=event, fields=["session"])
        advance_sequence(event.pk)
    return len(created)


def find_free_name(title: str, taken_names: set[str], *, max_length: int = MAX_CHECKPOINT_NAME_LENGTH) -> str:
    """Return the title, with a number behind it if the name is taken."""
    name = title.strip()[:max_length] or "–"
    number = 2
    while name in taken_names:
        # Six characters for " (999)".
        name = f"{title.strip()[: max_length - 6]} ({number})"
        number += 1
    return name


def suggest_checkpoint(event: "Event", kind: str) -> dict[str, Any]:
    """Return initial values of the form for a new checkpoint of that kind; times are local, without zone."""
    kinds = Checkpoint.Kind
    values: dict[str, Any] = {"kind": kind}
    if kind == kinds.MEAL:
        day = event.starts_at.astimezone(event.zone).date()
        opens, closes = (datetime.datetime.combine(day, hour) for hour in MEAL_HOURS)
        meal = event.addons.filter(kind=Addon.Kind.MEAL).first()
        return values | {
            "addon": meal,
            "name": meal.title if meal else "",
            "opens_at": opens,
            "closes_at": closes,
        }
    if kind == kinds.ASSEMBLY:
        members = event.tickets.filter(audience=Ticket.Audience.MEMBER)
        # Voting rights depend on who entered here, so nobody is admitted without asking the server.
        return values | {"name": kinds.ASSEMBLY.label, "tickets": list(members), "is_strict": True}
    if kind == kinds.EXIT:
        entrance = event.checkpoints.filter(kind=kinds.ENTRANCE, counts_as__isnull=True).first()
        return values | {"name": kinds.EXIT.label, "counts_as": entrance}
    return values
