"""Make the doors of a visit's day in one act: the gate, its way out, and the coach of each ride."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from badges.attendance.checkpoints import free_name
from badges.attendance.models import Checkpoint
from badges.attendance.pair import entrance_of
from convention.audit.record import record
from convention.dates import say_time
from convention.events.models import Event
from convention.events.sequence import next_sequence

if TYPE_CHECKING:
    from registrations.visits.models import Leg, Visit

KINDS = Checkpoint.Kind


def missing_doors(visit: "Visit") -> int:
    """How many doors the day still needs."""
    doors = visit.event.checkpoints.all()
    has_gate = any(door.kind == KINDS.ENTRANCE for door in doors)
    has_exit = any(door.kind == KINDS.EXIT for door in doors)
    coaches = {door.leg_id for door in doors if door.leg_id}
    return (not has_gate) + (not has_exit) + visit.legs.exclude(pk__in=coaches).count()


@transaction.atomic
def make_doors(*, visit: "Visit") -> int:
    """Make what is missing; returns how many. Doors that were made or named by hand stay as they are.

    The way out counts at the gate: whoever passes it is on site no more. Each ride has a coach of its own, so
    that the way back is a boarding of its own.
    """
    event = Event.objects.select_for_update().get(pk=visit.event_id)
    number = missing_doors(visit)
    gate = entrance_of(event)
    doors = event.checkpoints
    taken = set(doors.values_list("name", flat=True))
    if not doors.filter(kind=KINDS.EXIT).exists():
        _make(event, taken, _("Way out"), kind=KINDS.EXIT, counted_at=gate)
    for leg in visit.legs.exclude(pk__in=doors.filter(leg__isnull=False).values("leg")):
        _make(event, taken, coach_name(leg, event), kind=KINDS.COACH, leg=leg)
    if number:
        record("checkpoint.create", event, event=event, fields=["visit"])
        next_sequence(event.pk)
    return number


def coach_name(leg: "Leg", event: Event) -> str:
    """What the coach's phone shows: when and where it leaves."""
    said = _("Coach %(time)s, %(place)s")
    return said % {"time": say_time(leg.leaves_at, event.zone), "place": leg.meeting_point}


def _make(event: Event, taken: set[str], name: str, **fields: object) -> None:
    name = free_name(name, taken)
    taken.add(name)
    Checkpoint.objects.create(event=event, name=name, position=len(taken), **fields)
