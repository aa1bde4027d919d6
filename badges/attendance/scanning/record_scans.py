"""Record the scans of a device: each item is stored once and each gets a result."""

import datetime
import logging
from typing import Any

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Checkpoint, Device
from convention.audit.record import record_action
from convention.db.wait_budget import is_wait_timeout
from convention.disk_space import is_out_of_space
from convention.errors import ServiceUnavailable, StorageFull

from .batch import ScanBatch, ScanResult, make_counted_scan
from .batch_state import BadgeWasMerged, BatchState, check_codes, load_batch_state, save_batch
from .scan_input import InvalidScan, ScanInput
from .serializers import parse_scan
from .verdict import REFUSED

logger = logging.getLogger(__name__)

# Each try resolves one cause: a merge met on the way, or a concurrent batch that stored the same scans, which
# the next try finds stored.
MAX_TRIES = 5
# All requests of a device would otherwise queue for its row.
SEEN_INTERVAL = datetime.timedelta(seconds=30)


def record_scans(
    *, device: Device, items: list[Any], at: datetime.datetime | None = None
) -> list[ScanResult]:
    """Validate items as the endpoint does, and record them as `record_validated_scans` does."""
    return record_validated_scans(device=device, scans=[parse_scan(item) for item in items], at=at)


def record_validated_scans(
    *, device: Device, scans: list[ScanInput | InvalidScan], at: datetime.datetime | None = None
) -> list[ScanResult]:
    """Record a batch that arrived at `at` (default: now); return one result for each item, in order.

    Safe to call again with the same items. Raise ServiceUnavailable if the database is too busy, StorageFull
    if its disk is full.
    """
    now = at or timezone.now()
    recorded = iter(record_scan_inputs(device, [scan for scan in scans if isinstance(scan, ScanInput)], now))
    results = [
        next(recorded)
        if isinstance(scan, ScanInput)
        else ScanResult(scan.sent_id, REFUSED, "invalid", detail=scan.detail)
        for scan in scans
    ]
    update_last_seen(device, now)
    return results


def record_scan_inputs(
    device: Device, scan_inputs: list[ScanInput], now: datetime.datetime
) -> list[ScanResult]:
    """Record all in one transaction; if the database refuses one of them, record each separately."""
    survivor_ids = frozenset[int]()
    for _try in range(MAX_TRIES):
        try:
            # Checking signatures takes the longest, so it is done before anything is locked.
            batch_state = BatchState(device, check_codes(device, scan_inputs))
            with transaction.atomic():
                return decide_and_save(batch_state, scan_inputs, now, survivor_ids)
        except BadgeWasMerged as merged:
            # Start over and lock the survivors too, in the order of ids (see lock_holders).
            survivor_ids |= merged.survivor_ids
        except (IntegrityError, OperationalError) as error:
            check_database_is_available(error)
            logger.info("Scans met others at the same moment; trying again.")
        except DataError:
            # The same values would fail again: try the items one by one instead.
            break
    # One bad item must not keep the others from being stored.
    if len(scan_inputs) > 1:
        return [record_scan_inputs(device, [scan_input], now)[0] for scan_input in scan_inputs]
    raise ServiceUnavailable(_("The server is too busy to save this scan now. It stays on the device."))


def check_database_is_available(error: Exception) -> None:
    """Raise ServiceUnavailable or StorageFull where another try would only make the phone wait."""
    if is_out_of_space(error):
        raise StorageFull(
            _("The server’s disk is full, so it cannot save this scan now. It stays on the device.")
        ) from error
    waited = is_wait_timeout(error)
    # SQLite has one writer: its lock timeout means that others are writing.
    waited |= connection.vendor == "sqlite" and isinstance(error, OperationalError)
    try:
        # After a restart of the database a new connection may work at once; then the scan is tried again.
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        waited = True
    if waited:
        raise ServiceUnavailable(
            _("The server cannot save this scan now. It stays on the device.")
        ) from error


def decide_and_save(
    batch_state: BatchState,
    scan_inputs: list[ScanInput],
    now: datetime.datetime,
    survivor_ids: frozenset[int] = frozenset(),
) -> list[ScanResult]:
    """Decide in order of effective time, store new scans, and return results in the order sent."""
    if not scan_inputs:
        return []
    checkpoints = find_checkpoints(batch_state.device, scan_inputs)
    scans_here = [scan_input for scan_input in scan_inputs if scan_input.checkpoint in checkpoints]
    load_batch_state(
        batch_state,
        {scan_input: checkpoints[scan_input.checkpoint] for scan_input in scans_here},
        survivor_ids,
    )
    batch = ScanBatch(batch_state, now)
    first: dict[Any, ScanInput] = {}
    for scan_input in scans_here:
        first.setdefault(scan_input.uid, scan_input)
    # Offline devices send a scan again until they get an answer: each id is decided and stored only once.
    new_inputs = [
        scan_input for scan_input in first.values() if scan_input.uid not in batch_state.stored_scans
    ]
    batch.load_late_histories(new_inputs, checkpoints)
    counted_scans = [
        (make_counted_scan(batch_state, scan_input, checkpoints[scan_input.checkpoint], now), scan_input)
        for scan_input in new_inputs
    ]
    decided = {
        scan_input.uid: batch.decide_scan(scan_input, checkpoints[scan_input.checkpoint], counted_scan)
        # A batch from an offline phone arrives in any order, but each verdict depends on the scans before it.
        for counted_scan, scan_input in sorted(counted_scans, key=lambda pair: pair[0].sort_key)
    }
    save_batch(batch_state, batch.scan_rows, batch.changed_presences, at=now)
    for holder, scan_input in batch.override_scans:
        label = f"registrations.registration:{holder}"
        record_action(
            "scan.override", label, event=batch_state.device.event, reason=scan_input.override_reason
        )
    return [batch.build_result(scan_input, first.get(scan_input.uid), decided) for scan_input in scan_inputs]


def find_checkpoints(device: Device, scan_inputs: list[ScanInput]) -> dict[int | str | None, Checkpoint]:
    """Return the checkpoints that the scans name, by id and by name; the key None is the device's own."""
    checkpoints: dict[int | str | None, Checkpoint] = {None: device.checkpoint}
    if any(scan_input.checkpoint not in (None, device.checkpoint_id) for scan_input in scan_inputs):
        # Restricted to the device's event: a token must not record scans at other events.
        found = list(Checkpoint.objects.filter(event=device.event_id))
        # Some clients send the id as text; a checkpoint may also have a name of digits, which goes first.
        checkpoints |= {
            key: checkpoint for checkpoint in found for key in (checkpoint.pk, str(checkpoint.pk))
        }
        checkpoints |= {checkpoint.name: checkpoint for checkpoint in found}
    # Last, so that the instance loaded with the device serves both keys and costs no query.
    return checkpoints | {device.checkpoint_id: device.checkpoint}


def update_last_seen(device: Device, now: datetime.datetime) -> None:
    """Update the device's `seen_at`, at most every 30 seconds so that requests do not wait for each other."""
    if device.seen_at is None or now - device.seen_at > SEEN_INTERVAL:
        Device.objects.filter(pk=device.pk).update(seen_at=now)
