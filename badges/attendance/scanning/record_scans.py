"""Record the scans of a device: each item is stored once and each gets a result."""

import dataclasses
import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Checkpoint, Device
from convention.audit.record import record_action
from convention.db.wait_budget import is_wait_timeout
from convention.disk_space import is_out_of_space
from convention.errors import ServiceUnavailable, StorageFull
from registrations.models import Registration

from .batch import ScanBatch, ScanResult
from .batch_state import BadgeWasMerged, BatchState, check_codes, load_batch_state, save_batch
from .device_state.heartbeat import update_last_seen
from .inputs.received_scan import ReceivedScan, raise_times_to_predecessors
from .inputs.scan_devices import check_scan_device, find_scan_devices
from .inputs.scan_time import UNKNOWN_CLOCK, SendingClock, resolve_scan_time
from .lookup.attendees import describe_attendees
from .lookup.short_codes import is_short_code
from .scan_input import InvalidScan, ScanInput
from .serializers import parse_scan
from .signatures import CheckedCode
from .verdict import REFUSED

logger = logging.getLogger(__name__)

# Each try resolves one cause: a badge that was merged meanwhile, or a concurrent batch that stored the same
# scans, which the next try finds stored.
MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request: the delivering device, all devices whose scans it has, the time of arrival, its clocks."""

    device: Device
    devices: dict[int, Device]
    at: datetime.datetime
    clock: SendingClock


def record_scan_items(
    *,
    device: Device,
    items: list[Any],
    at: datetime.datetime | None = None,
    clock: SendingClock = UNKNOWN_CLOCK,
) -> list[ScanResult]:
    """Validate items as the endpoint does, and record them as `record_scans` does."""
    return record_scans(device=device, scans=[parse_scan(item) for item in items], at=at, clock=clock)


def record_scans(
    *,
    device: Device,
    scans: list[ScanInput | InvalidScan],
    at: datetime.datetime | None = None,
    clock: SendingClock = UNKNOWN_CLOCK,
) -> list[ScanResult]:
    """Record a batch that `device` delivered at `at` (default: now); return one result for each, in order.

    Safe to call again with the same items. Raise ServiceUnavailable if the database is too busy, StorageFull
    if its disk is full.
    """
    now = at or timezone.now()
    devices = find_scan_devices(device, [scan for scan in scans if isinstance(scan, ScanInput)])
    checked_scans = [
        check_scan_device(scan, device, devices) if isinstance(scan, ScanInput) else scan for scan in scans
    ]
    delivery = Delivery(device, devices, now, clock)
    valid_scans = [scan for scan in checked_scans if isinstance(scan, ScanInput)]
    recorded_results = iter(_record_with_retries(delivery, valid_scans))
    results = [
        next(recorded_results)
        if isinstance(scan, ScanInput)
        else ScanResult(scan.sent_id, REFUSED, "invalid", detail=scan.detail)
        for scan in checked_scans
    ]
    update_last_seen(device, now)
    return results


def _record_with_retries(
    delivery: Delivery, scan_inputs: list[ScanInput], checked_codes: dict[str, CheckedCode] | None = None
) -> list[ScanResult]:
    """Record all in one transaction; if the database refuses one of them, record each separately."""
    survivor_ids = frozenset[int]()
    for _try in range(MAX_TRIES):
        try:
            # Checking signatures takes the longest, so it is done before anything is locked; once, since each
            # new short code counts as a try.
            if checked_codes is None:
                checked_codes = check_codes(delivery.device, scan_inputs)
            batch_state = BatchState(delivery.device, checked_codes)
            with transaction.atomic():
                return decide_and_save(batch_state, delivery, scan_inputs, survivor_ids)
        except BadgeWasMerged as merged:
            # Start over and lock the survivors too, in the order of ids (see lock_holders).
            survivor_ids |= merged.survivor_ids
        except (IntegrityError, OperationalError) as error:
            check_database_is_available(error)
            logger.info("Scans collided with a concurrent batch; trying again.")
        except DataError:
            # The same values would fail again: try the items one by one instead.
            break
    # One bad item must not keep the others from being stored.
    if len(scan_inputs) > 1:
        return [_record_with_retries(delivery, [scan_input], checked_codes)[0] for scan_input in scan_inputs]
    raise ServiceUnavailable(_("The server is too busy to save this scan now. It stays on the device."))


def check_database_is_available(error: Exception) -> None:
    """Raise ServiceUnavailable or StorageFull where another try would only make the phone wait."""
    if is_out_of_space(error):
        raise StorageFull(
            _(
                "The server’s disk is full, so this scan cannot be saved at the moment. It stays "
                "on the device."
            )
        ) from error
    is_unavailable = is_wait_timeout(error)
    # SQLite has one writer: its lock timeout means that others are writing.
    is_unavailable |= connection.vendor == "sqlite" and isinstance(error, OperationalError)
    try:
        # After a restart of the database a new connection may work at once; then the scan is tried again.
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        is_unavailable = True
    if is_unavailable:
        raise ServiceUnavailable(
            _("The server cannot save this scan at the moment. It stays on the device.")
        ) from error


def decide_and_save(
    batch_state: BatchState,
    delivery: Delivery,
    scan_inputs: list[ScanInput],
    survivor_ids: frozenset[int] = frozenset(),
) -> list[ScanResult]:
    """Decide in order of effective time, store new scans, and return results in the order sent."""
    if not scan_inputs:
        return []
    received_scans = receive_scans(delivery, scan_inputs)
    load_batch_state(batch_state, received_scans, at=delivery.at, survivor_ids=survivor_ids)
    batch = ScanBatch(batch_state, delivery.at)
    first_scans: dict[Any, ReceivedScan] = {}
    for received in received_scans:
        first_scans.setdefault(received.uid, received)
    # Offline devices send a scan again until they get an answer: each id is decided and stored only once.
    stored_scans = batch_state.stored_scans
    new_scans = [received for uid, received in first_scans.items() if uid not in stored_scans]
    results = batch.decide_scans(raise_times_to_predecessors(new_scans))
    save_batch(batch_state, batch.scan_rows, batch.changed_presences, at=delivery.at)
    for holder, scan_input in batch.override_scans:
        label = f"registrations.registration:{holder}"
        record_action(
            "scan.override", label, event=batch_state.device.event, reason=scan_input.override_reason
        )
    first_inputs = {uid: received.scan_input for uid, received in first_scans.items()}
    return [
        batch.build_result(scan_input, first_inputs.get(scan_input.uid), results)
        for scan_input in scan_inputs
    ]


def receive_scans(delivery: Delivery, scan_inputs: list[ScanInput]) -> list[ReceivedScan]:
    """Return the scans with device, checkpoint and time, without those at checkpoints of other events."""
    checkpoints = find_checkpoints(delivery.device, scan_inputs)
    received_scans = []
    for scan_input in scan_inputs:
        scan_device = delivery.devices[scan_input.device_id or delivery.device.pk]
        checkpoint = (
            scan_device.checkpoint
            if scan_input.checkpoint is None
            else checkpoints.get(scan_input.checkpoint)
        )
        if checkpoint is not None:
            time = resolve_scan_time(scan_input, received_at=delivery.at, clock=delivery.clock)
            received_scans.append(ReceivedScan(scan_input, scan_device, checkpoint, time))
    return received_scans


def find_checkpoints(device: Device, scan_inputs: list[ScanInput]) -> dict[int | str, Checkpoint]:
    """Return the checkpoints that the scans name, by id and by name."""
    checkpoints: dict[int | str, Checkpoint] = {}
    if any(scan_input.checkpoint not in (None, device.checkpoint_id) for scan_input in scan_inputs):
        # Restricted to the device's event: a token must not record scans at other events.
        found = list(Checkpoint.objects.filter(event=device.event_id))
        # Some clients send the id as text; a checkpoint whose name is that number takes precedence.
        checkpoints = {key: checkpoint for checkpoint in found for key in (checkpoint.pk, str(checkpoint.pk))}
        checkpoints |= {checkpoint.name: checkpoint for checkpoint in found}
    # Last, so that the instance loaded with the device serves its id too and costs no query.
    return checkpoints | {device.checkpoint_id: device.checkpoint}


def add_typed_attendees(
    scans: Sequence[ScanInput | InvalidScan], results: Sequence[ScanResult]
) -> list[ScanResult]:
    """Add the attendee to the results of typed short codes, whose records the device cannot decrypt."""
    references = [_get_typed_reference(scan, result) for scan, result in zip(scans, results, strict=True)]
    if not any(references):
        return list(results)
    rows = Registration.objects.filter(reference__in=filter(None, references))
    attendees = {attendee.registration: attendee for attendee in describe_attendees(rows)}
    return [
        dataclasses.replace(result, attendee=attendees.get(reference))
        for reference, result in zip(references, results, strict=True)
    ]


def _get_typed_reference(scan: ScanInput | InvalidScan, result: ScanResult) -> str:
    """Return the reference of the attendee whose short code was typed; "" for any other scan."""
    is_typed = isinstance(scan, ScanInput) and is_short_code(scan.code)
    return result.holder.reference if is_typed and result.holder else ""
