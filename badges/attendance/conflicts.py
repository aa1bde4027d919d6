"""Resolve scan conflicts: one more row for each scan; the scans themselves are never changed."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record_action
from registrations.models import Registration

from .models import Checkpoint, ConflictResolution, Scan
from .scanning.presence import CountedScan, compute_presence, find_conflicts
from .scanning.presence_store import filter_by_registration, load_scan_histories, save_presences

if TYPE_CHECKING:
    from convention.club.models import Person


@transaction.atomic
def resolve_conflicts(
    *, registration: Registration, checkpoint: Checkpoint, kind: str, person: "Person | None"
) -> int:
    """Resolve the open conflicts of this badge at this checkpoint; return how many scans that was."""
    # Two organizers may click at once; the lock lets the second find nothing to resolve.
    Registration.objects.select_for_update(no_key=True).get(pk=registration.pk)
    key = (registration.pk, checkpoint.pk)
    history = load_scan_histories([key])[key]
    # Searched under the lock and not sent by the page, which may show scans that were resolved since.
    scans = load_conflicting_scans(find_conflicts(history), registration)
    ConflictResolution.objects.bulk_create(
        ConflictResolution(scan=scan, kind=kind, resolved_by=person) for scan in scans
    )
    # Loaded again: the history must now contain the resolutions that were just written.
    state = compute_presence(load_scan_histories([key])[key])
    save_presences(checkpoint.event_id, {key: state}, at=timezone.now())
    # A second click finds nothing to resolve and must not leave a second entry in the audit log.
    if scans:
        record_action("conflict.resolve", registration, event=checkpoint.event, fields=["kind"], reason=kind)
    return len(scans)


def load_conflicting_scans(counted_scans: list[CountedScan], registration: Registration) -> list[Scan]:
    """Return the stored scans that these counted scans were made from."""
    wanted = {(scan.device_id, scan.uid) for scan in counted_scans}
    rows = Scan.objects.filter(
        filter_by_registration(registration), uid__in=[scan.uid for scan in counted_scans]
    )
    return [scan for scan in rows if (scan.device_id, scan.uid) in wanted]
