"""Create the checkpoints of a visit's day at once: entrance, exit, and a coach for each ride."""

import re
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from badges.attendance.devices.checkpoints import find_free_name
from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.models import Checkpoint
from convention.audit.record import record_action
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.text.dates import format_time

if TYPE_CHECKING:
    from registrations.visits.models import Ride, Visit

CHECKPOINT_KINDS = Checkpoint.Kind


def count_missing_checkpoints(visit: "Visit") -> int:
    """Return how many checkpoints the day still needs."""
    checkpoints = visit.event.checkpoints.all()
    has_gate = any(checkpoint.kind == CHECKPOINT_KINDS.ENTRANCE for checkpoint in checkpoints)
    has_exit = any(checkpoint.kind == CHECKPOINT_KINDS.EXIT for checkpoint in checkpoints)
    coaches = {checkpoint.ride_id for checkpoint in checkpoints if checkpoint.ride_id}
    return (not has_gate) + (not has_exit) + visit.rides.exclude(pk__in=coaches).count()


@transaction.atomic
def create_visit_checkpoints(*, visit: "Visit") -> int:
    """Create the missing checkpoints of a visit and return how many there were.

    Existing checkpoints, even renamed ones, are not changed. The exit counts at the entrance, so that passing
    it ends the presence on site. Each ride gets its own coach, so that the way back is boarded separately.
    """
    # Serializes concurrent clicks, which would create everything twice.
    event = Event.objects.select_for_update().get(pk=visit.event_id)
    # Counted under the lock and before anything is created, so that the second click reports 0.
    missing_count = count_missing_checkpoints(visit)
    # First, since the exit needs it.
    gate = get_or_create_entrance(event)
    checkpoints = event.checkpoints
    used_names = set(checkpoints.values_list("name", flat=True))
    if not checkpoints.filter(kind=CHECKPOINT_KINDS.EXIT).exists():
        name = pgettext("checkpoint", "Exit")
        _create_checkpoint(event, used_names, name, kind=CHECKPOINT_KINDS.EXIT, counts_as=gate)
    for ride in visit.rides.exclude(pk__in=checkpoints.filter(ride__isnull=False).values("ride")):
        _create_checkpoint(
            event, used_names, name_coach_checkpoint(ride, event), kind=CHECKPOINT_KINDS.COACH, ride=ride
        )
    if missing_count:
        record_action("checkpoint.create", event, event=event, fields=["visit"])
        # Scanners load the new checkpoints with their next snapshot.
        advance_sequence(event.pk)
    return missing_count


def rename_coach_checkpoint(former: "Ride", ride: "Ride") -> None:
    """Rename the checkpoint of a changed ride, unless somebody gave it a name of their own.

    Call it in the transaction of the change; `former` is the ride as it was.
    """
    event = ride.visit.event
    checkpoint = event.checkpoints.filter(ride=ride).first()
    # The name is in the language of the organizer who created it.
    name = checkpoint and _find_new_name(checkpoint.name, former, ride, event)
    if checkpoint is None or not name or name == checkpoint.name:
        return
    taken_names = set(event.checkpoints.exclude(pk=checkpoint.pk).values_list("name", flat=True))
    checkpoint.name = find_free_name(name, taken_names)
    checkpoint.save(update_fields=["name"])
    record_action("checkpoint.change", checkpoint, event=event, fields=["name"])
    # After the commit: changing the event's dates locks its row before the rides.
    transaction.on_commit(partial(advance_sequence, event.pk), robust=True)


def _find_new_name(name: str, former: "Ride", ride: "Ride", event: Event) -> str:
    """Return the new name in the language of the present one; "" for a name that was given by hand."""
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            former_name = find_free_name(name_coach_checkpoint(former, event), set())
            # A number follows where two rides had the same name.
            if re.fullmatch(rf"{re.escape(former_name)}( \(\d+\))?", name):
                return name_coach_checkpoint(ride, event)
    return ""


def name_coach_checkpoint(ride: "Ride", event: Event) -> str:
    """Return the name shown on the coach's device: time and place of departure."""
    pattern = _("Coach %(time)s, %(place)s")
    return pattern % {"time": format_time(ride.leaves_at, event.zone), "place": ride.meeting_point}


def _create_checkpoint(event: Event, used_names: set[str], name: str, **fields: object) -> None:
    name = find_free_name(name, used_names)
    used_names.add(name)
    Checkpoint.objects.create(event=event, name=name, position=len(used_names), **fields)
