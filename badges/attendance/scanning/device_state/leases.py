"""Lease places of a checkpoint with a capacity to its devices, so that they know a limit while offline.

Places inside and leased never exceed the capacity together: all of it changes under the lock on the
checkpoint. A lease is renewed with each snapshot and spent by each entry that arrives. A leased place
is never withdrawn before the lease has ended on the device, and for a while longer: the device may have used
it, and the response with a smaller lease may have been lost.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import OperationalError, transaction

from badges.attendance.models import CapacityLease, Checkpoint, Device, Presence

from ..presence_store import filter_by_checkpoint, filter_still_inside

LEASE_DURATION = datetime.timedelta(minutes=10)
# How long entries of an offline device may take to arrive after its lease ended.
DELIVERY_DURATION = datetime.timedelta(minutes=10)
# A device that has been silent for longer gets no share of the free places.
ACTIVE_DURATION = datetime.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """A checkpoint's capacity, and the places that one device may give there until its lease expires."""

    door: int
    capacity: int
    inside: int
    lease: int
    lease_expires_at: datetime.datetime


@dataclass(slots=True)
class LeasedPlaces:
    """The leases of some checkpoints, by checkpoint and device; entries spend them."""

    leases: dict[tuple[int, int], CapacityLease] = field(default_factory=dict)
    spent: dict[tuple[int, int], CapacityLease] = field(default_factory=dict)

    def count_elsewhere(self, checkpoint: int, device: int) -> int:
        """Return how many places of the checkpoint are leased to other devices."""
        return sum(
            lease.places
            for (door, holder), lease in self.leases.items()
            if door == checkpoint and holder != device
        )

    def spend(self, checkpoint: int, device: int) -> None:
        """Take one place from the device's lease, if it has one."""
        lease = self.leases.get((checkpoint, device))
        if lease and lease.places:
            lease.places -= 1
            self.spent[checkpoint, device] = lease

    def save(self) -> None:
        if self.spent:
            CapacityLease.objects.bulk_update(self.spent.values(), ["places"])


def load_leased_places(checkpoints: Collection[int], *, at: datetime.datetime) -> LeasedPlaces:
    """Return the leases that are valid at `at`. Call it under the locks on the checkpoints."""
    if not checkpoints:
        return LeasedPlaces()
    rows = CapacityLease.objects.filter(checkpoint__in=checkpoints, expires_at__gt=at)
    return LeasedPlaces({(row.checkpoint_id, row.device_id): row for row in rows})


def count_inside(checkpoint: int, *, at: datetime.datetime) -> int:
    return Presence.objects.filter(filter_still_inside(at=at), checkpoint=checkpoint).count()


def renew_lease(device: Device, *, at: datetime.datetime, pending: int = 0) -> CapacityLimit | None:
    """Return the limit at the device's checkpoint, with its renewed lease; None without a capacity.

    `pending` is how many scans the device has still to send. If the database cannot be written to
    now, the lease stays as it is.
    """
    checkpoint = find_limited_checkpoint(device)
    if checkpoint is None or checkpoint.capacity is None:
        return None
    known = CapacityLease.objects.filter(checkpoint=checkpoint, device=device, expires_at__gt=at).first()
    limit = _compute_limit(checkpoint, device, known, at=at)
    # The lease has ended on the device, and its pending scans may have used it: no new one until they arrive.
    if known and pending and known.expires_at - DELIVERY_DURATION <= at:
        ends_at = known.expires_at - DELIVERY_DURATION
        return CapacityLimit(checkpoint.pk, limit.capacity, limit.inside, known.places, ends_at)
    # At most polls it is unchanged, so that neither a lock nor a write is needed.
    if known and _is_up_to_date(known, limit, at):
        return limit
    try:
        with transaction.atomic():
            Checkpoint.objects.select_for_update(no_key=True).get(pk=checkpoint.pk)
            known = CapacityLease.objects.filter(
                checkpoint=checkpoint, device=device, expires_at__gt=at
            ).first()
            limit = _compute_limit(checkpoint, device, known, at=at)
            CapacityLease.objects.update_or_create(
                checkpoint=checkpoint,
                device=device,
                defaults={"places": limit.lease, "expires_at": limit.lease_expires_at + DELIVERY_DURATION},
            )
    except OperationalError:
        places, expires_at = (known.places, known.expires_at - DELIVERY_DURATION) if known else (0, at)
        return CapacityLimit(checkpoint.pk, limit.capacity, limit.inside, places, expires_at)
    return limit


def _is_up_to_date(known: CapacityLease, limit: CapacityLimit, at: datetime.datetime) -> bool:
    """Return whether the stored lease equals the computed limit, so that nothing has to be written."""
    has_same_end = known.expires_at == limit.lease_expires_at + DELIVERY_DURATION
    return known.places == limit.lease and has_same_end


def find_limited_checkpoint(device: Device) -> Checkpoint | None:
    """Return the checkpoint at which the device's scans count, if it has a capacity."""
    checkpoint = device.checkpoint
    if checkpoint.counts_as_id is None:
        return checkpoint if checkpoint.capacity is not None else None
    return Checkpoint.objects.filter(pk=checkpoint.counts_as_id, capacity__isnull=False).first()


def _compute_limit(
    checkpoint: Checkpoint, device: Device, known: CapacityLease | None, *, at: datetime.datetime
) -> CapacityLimit:
    """Return the limit with the places that the device has and its share of the free ones."""
    capacity = checkpoint.capacity or 0
    inside = count_inside(checkpoint.pk, at=at)
    leased_elsewhere = load_leased_places([checkpoint.pk], at=at).count_elsewhere(checkpoint.pk, device.pk)
    active = Device.objects.valid(at=at).filter(
        filter_by_checkpoint(checkpoint.pk), seen_at__gt=at - ACTIVE_DURATION
    )
    device_count = active.exclude(pk=device.pk).count() + 1
    # Rounded up, so that the last place is not lost between two devices.
    share = max(0, min(-(-(capacity - inside) // device_count), capacity - inside - leased_elsewhere))
    ends_at = known.expires_at - DELIVERY_DURATION if known else at
    leased = known.places if known else 0
    # A lease above the share is not reduced before it ends, since the device may use it until then.
    is_running_out = leased > share and ends_at > at
    is_fresh = leased == share and ends_at - at > LEASE_DURATION / 2
    if is_running_out or is_fresh:
        return CapacityLimit(checkpoint.pk, capacity, inside, leased, ends_at)
    return CapacityLimit(checkpoint.pk, capacity, inside, share, at + LEASE_DURATION)
