"""Create, change and remove the checkpoints of an event; devices notice by the event's sequence."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from badges.attendance.models import Checkpoint, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.sequence import advance_sequence
from schedule.models import ProgrammeAudience

if TYPE_CHECKING:
    from convention.events.models import Event

MAX_NAME_LENGTH = 200
# Behind all checkpoints made by hand, whose positions count from 0.
SESSION_CHECKPOINT_POSITION = 1000


class CheckpointInUse(ConventionError):
    """The checkpoint has scans or devices, so it cannot be removed."""

    kind = "in-use"
    status = 409


@transaction.atomic
def save_checkpoint(*, checkpoint: Checkpoint, changed_fields: list[str]) -> Checkpoint:
    """Save a checkpoint; rebuild the event's presences if its scans now count at another checkpoint."""
    is_new = checkpoint.pk is None
    checkpoint.save()
    if "counts_as" in changed_fields and not is_new:
        rebuild_presence(event=checkpoint.event)
    verb = "checkpoint.create" if is_new else "checkpoint.change"
    record_action(verb, checkpoint, event=checkpoint.event, fields=changed_fields)
    # Makes devices fetch a snapshot. Last, since it locks the event's row until commit.
    advance_sequence(checkpoint.event_id)
    return checkpoint


@transaction.atomic
def remove_checkpoint(*, checkpoint: Checkpoint) -> None:
    """Remove a checkpoint that was never used. Raise CheckpointInUse."""
    # Deleting would cascade to the devices, and the log of scans must stay complete.
    if Scan.objects.filter(checkpoint=checkpoint).exists() or checkpoint.devices.exists():
        raise CheckpointInUse(
            _("“%(name)s” has scans or devices and cannot be removed. Set its closing time instead.")
            % {"name": checkpoint}
        )
    record_action("checkpoint.remove", checkpoint, event=checkpoint.event)
    checkpoint.delete()
    advance_sequence(checkpoint.event_id)


@transaction.atomic
def create_session_checkpoints(*, event: "Event") -> int:
    """Create a checkpoint for each scheduled session that has none; return how many were created."""
    taken_names = set(event.checkpoints.values_list("name", flat=True))
    having = event.checkpoints.filter(session__isnull=False).values("session")
    created = []
    sessions = (
        event.sessions.published(audience=ProgrammeAudience.MEMBERS)
        .filter(cancelled_at__isnull=True)
        .exclude(pk__in=having)
    )
    for session in sessions.order_by("starts_at", "pk"):
        name = find_free_name(session.title, taken_names)
        taken_names.add(name)
        created.append(
            Checkpoint(
                event=event,
                session=session,
                name=name,
                kind=Checkpoint.Kind.SESSION,
                position=SESSION_CHECKPOINT_POSITION,
            )
        )
    Checkpoint.objects.bulk_create(created)
    if created:
        record_action("checkpoint.create", event, event=event, fields=["session"])
        advance_sequence(event.pk)
    return len(created)


def find_free_name(title: str, taken_names: set[str]) -> str:
    """Return the title, with a number behind it where another checkpoint has that name."""
    name = title.strip()[:MAX_NAME_LENGTH] or "–"
    number = 2
    while name in taken_names:
        # Six characters for " (999)".
        name = f"{title.strip()[: MAX_NAME_LENGTH - 6]} ({number})"
        number += 1
    return name
