"""Say what a conflict was: one row more, the scans stay as they are."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record
from registrations.models import Registration

from .ledger import of_person, passes_of, write_presences
from .models import Checkpoint, Resolution, Scan
from .presence import Pass, conflicts, project

if TYPE_CHECKING:
    from convention.club.models import Person


@transaction.atomic
def resolve(*, registration: Registration, door: Checkpoint, kind: str, person: "Person | None") -> int:
    """Resolve what is open for this badge at this door; returns how many scans that was."""
    Registration.objects.select_for_update(no_key=True).get(pk=registration.pk)
    pair = (registration.pk, door.pk)
    story = passes_of([pair])[pair]
    scans = scans_of(conflicts(story), registration)
    Resolution.objects.bulk_create(Resolution(scan=scan, kind=kind, person=person) for scan in scans)
    state = project(passes_of([pair])[pair])
    write_presences(door.event_id, {pair: state}, at=timezone.now())
    if scans:
        record("conflict.resolve", registration, event=door.event, fields=["kind"], reason=kind)
    return len(scans)


def scans_of(passes: list[Pass], registration: Registration) -> list[Scan]:
    """The stored scans behind these passes."""
    wanted = {(one.device, one.uid) for one in passes}
    found = Scan.objects.filter(of_person(registration), uid__in=[one.uid for one in passes])
    return [scan for scan in found if (scan.device_id, scan.uid) in wanted]
