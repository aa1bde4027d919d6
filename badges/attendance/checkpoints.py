"""Make, change and remove the doors of an event; each tells the devices by the event's sequence."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.events.sequence import next_sequence

from .models import Checkpoint, Scan
from .rebuild import rebuild_presence

if TYPE_CHECKING:
    from convention.events.models import Event

NAME_LENGTH = 200
LAST = 1000


class InUse(ConventionError):
    """A door that was scanned at, or that devices hold, stays."""

    kind = "in-use"
    status = 409


@transaction.atomic
def save_checkpoint(*, checkpoint: Checkpoint, changed: list[str]) -> Checkpoint:
    """Save a door; presences are made anew where its scans count elsewhere from now on."""
    is_new = checkpoint.pk is None
    checkpoint.save()
    if "counted_at" in changed and not is_new:
        rebuild_presence(event=checkpoint.event)
    verb = "checkpoint.create" if is_new else "checkpoint.change"
    record(verb, checkpoint, event=checkpoint.event, fields=changed)
    next_sequence(checkpoint.event_id)
    return checkpoint


@transaction.atomic
def remove_checkpoint(*, checkpoint: Checkpoint) -> None:
    """Remove a door that was never used. Raises InUse."""
    if Scan.objects.filter(checkpoint=checkpoint).exists() or checkpoint.devices.exists():
        raise InUse(
            _("“%(name)s” has scans or devices: it stays. Close its window instead.") % {"name": checkpoint}
        )
    record("checkpoint.remove", checkpoint, event=checkpoint.event)
    checkpoint.delete()
    next_sequence(checkpoint.event_id)


@transaction.atomic
def make_session_checkpoints(*, event: "Event") -> int:
    """One door for each session that has a time and none yet; returns how many were made."""
    taken = set(event.checkpoints.values_list("name", flat=True))
    having = event.checkpoints.filter(session__isnull=False).values("session")
    made = []
    sessions = event.sessions.filter(starts_at__isnull=False, cancelled_at__isnull=True).exclude(
        pk__in=having
    )
    for session in sessions.order_by("starts_at", "pk"):
        name = free_name(session.title, taken)
        taken.add(name)
        made.append(
            Checkpoint(event=event, session=session, name=name, kind=Checkpoint.Kind.SESSION, position=LAST)
        )
    Checkpoint.objects.bulk_create(made)
    if made:
        record("checkpoint.create", event, event=event, fields=["session"])
        next_sequence(event.pk)
    return len(made)


def free_name(title: str, taken: set[str]) -> str:
    """The session's title, told apart from others of the same name."""
    name = title.strip()[:NAME_LENGTH] or "–"
    number = 2
    while name in taken:
        name = f"{title.strip()[: NAME_LENGTH - 6]} ({number})"
        number += 1
    return name
