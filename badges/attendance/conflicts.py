"""Resolve scan conflicts, and reopen them: rows beside the scans, which are never changed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record_action
from registrations.models import Registration

from .models import ConflictResolution, Device, Scan
from .scanning.presence import CountedScan, compute_presence, find_conflicts
from .scanning.presence_store import (
    PresenceKey,
    filter_by_checkpoint,
    filter_by_registration,
    load_scan_histories,
    save_presences,
)

if TYPE_CHECKING:
    from convention.club.models import Person
    from convention.events.models import Event


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """The person who resolves conflicts: an organizer, or the user of a phone at the door."""

    person: "Person | None" = None
    device: Device | None = None
    operator: str = ""


@transaction.atomic
def resolve_badge_conflicts(
    *, event: "Event", keys: Iterable[PresenceKey], kind: str, resolver: Resolver
) -> dict[PresenceKey, int]:
    """Resolve the open conflicts of these badges of one event; return the number of scans resolved for each.

    Badges without an open conflict are left out. Each key is a registration with the checkpoint at which its
    scans count.
    """
    keys = sorted(set(keys))
    registrations = _lock_registrations(event, keys)
    histories = load_scan_histories(keys)
    # Searched under the locks and not sent by the page, which may show scans that were resolved since.
    conflicts = {key: find_conflicts(history) for key, history in histories.items()}
    scans = load_conflicting_scans([scan for found in conflicts.values() for scan in found], registrations)
    now = timezone.now()
    ConflictResolution.objects.bulk_create(
        ConflictResolution(
            scan=scan,
            kind=kind,
            resolved_by=resolver.person,
            device=resolver.device,
            operator=resolver.operator,
            resolved_at=now,
        )
        for scan in scans
    )
    changed = {key: len(found) for key, found in conflicts.items() if found}
    _recompute_presences(event, changed)
    # A second click finds nothing to resolve and must not leave a second entry in the audit log.
    for registration, _checkpoint in changed:
        label = f"registrations.registration:{registration}"
        record_action("conflict.resolve", label, event=event, fields=["kind"], reason=kind)
    return changed


@transaction.atomic
def reopen_conflict(*, resolution: ConflictResolution) -> int:
    """Undo a resolution, and those made with it for the same badge and checkpoint; return how many."""
    scan = resolution.scan
    checkpoint = scan.checkpoint.presence_checkpoint_id
    assert scan.registration is not None, "only a scan of a known badge raises a conflict"
    survivor = scan.registration.merged_into_id or scan.registration.pk
    key = (survivor, checkpoint)
    [registration] = _lock_registrations(scan.event, [key])
    scans = Scan.objects.filter(filter_by_checkpoint(checkpoint), filter_by_registration([registration]))
    rows = ConflictResolution.objects.filter(scan__in=scans, resolved_at=resolution.resolved_at)
    count, _by_model = rows.delete()
    _recompute_presences(scan.event, [key])
    if count:
        record_action("conflict.reopen", registration, event=scan.event, fields=["kind"])
    return count


def _lock_registrations(event: "Event", keys: Iterable[PresenceKey]) -> list[Registration]:
    """Lock and return the registrations, so that no scan and no other organizer changes them meanwhile."""
    ids = {registration for registration, _checkpoint in keys}
    rows = Registration.objects.filter(event=event, pk__in=ids).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def _recompute_presences(event: "Event", keys: Iterable[PresenceKey]) -> None:
    # Loaded again: the histories must now contain the resolutions that were just written or deleted.
    histories = load_scan_histories(keys)
    states = {key: compute_presence(history) for key, history in histories.items()}
    save_presences(event.pk, states, at=timezone.now())


def load_conflicting_scans(
    counted_scans: list[CountedScan], registrations: Collection[Registration]
) -> list[Scan]:
    """Return the stored scans that these counted scans of the registrations were made from."""
    wanted = {(scan.device_id, scan.uid) for scan in counted_scans}
    rows = Scan.objects.filter(
        filter_by_registration(registrations), uid__in=[scan.uid for scan in counted_scans]
    )
    return [scan for scan in rows if (scan.device_id, scan.uid) in wanted]
