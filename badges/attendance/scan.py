"""Take in what a device scanned: each item once, each stored, each answered."""

import datetime
import logging
from typing import Any

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.disk_space import is_out_of_space
from convention.errors import StorageFull, Unavailable
from convention.wait_budget import is_wait_timeout

from .batch import Batch, Result, pass_of
from .ledger import Followed, Ledger, judge_codes, load, store
from .models import Checkpoint, Device
from .reading import InvalidReading, Reading, read
from .verdict import REFUSED

logger = logging.getLogger(__name__)

TRIES = 5
SEEN_EVERY = datetime.timedelta(seconds=30)


def scan(*, device: Device, items: list[Any], at: datetime.datetime | None = None) -> list[Result]:
    """Take in a batch that arrived now; one result for each item, in order.

    Safe to call again with the same items. Raises Unavailable when the database is too busy.
    """
    now = at or timezone.now()
    results: list[Result | None] = []
    readings: list[tuple[int, Reading]] = []
    for item in items:
        try:
            readings.append((len(results), read(item)))
            results.append(None)
        except InvalidReading as error:
            given = item.get("id") if isinstance(item, dict) else None
            results.append(Result(given, REFUSED, "invalid", detail=str(error)))
    taken = take(device, [reading for _place, reading in readings], now)
    for (place, _reading), result in zip(readings, taken, strict=True):
        results[place] = result
    touch(device, now)
    return [result for result in results if result is not None]


def take(device: Device, readings: list[Reading], now: datetime.datetime) -> list[Result]:
    """Take in all, or, where one of them troubles the database, each for itself."""
    also = frozenset[int]()
    for _try in range(TRIES):
        try:
            # Signatures take the longest: they are judged before anything is locked.
            ledger = Ledger(device, judge_codes(device, readings))
            with transaction.atomic():
                return decide_all(ledger, readings, now, also)
        except Followed as merged:
            also |= merged.into
        except (IntegrityError, OperationalError) as error:
            refuse_without_database(error)
            logger.info("Scans met others at the same moment; trying again.")
        except DataError:
            break
    if len(readings) > 1:
        return [take(device, [reading], now)[0] for reading in readings]
    raise Unavailable(_("The server is too busy to take this scan now. It stays on the device."))


def refuse_without_database(error: Exception) -> None:
    """Raise Unavailable or StorageFull where trying again would only keep the phone waiting."""
    if is_out_of_space(error):
        raise StorageFull(
            _("The server’s disk is full, so it cannot save this scan now. It stays on the device.")
        ) from error
    waited = is_wait_timeout(error)
    waited |= connection.vendor == "sqlite" and isinstance(error, OperationalError)
    try:
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        waited = True
    if waited:
        raise Unavailable(_("The server cannot take this scan now. It stays on the device.")) from error


def decide_all(
    ledger: Ledger, readings: list[Reading], now: datetime.datetime, also: frozenset[int] = frozenset()
) -> list[Result]:
    """Decide in the order of effective time, store what is new, answer in the order sent."""
    if not readings:
        return []
    doors = find_doors(ledger.device, readings)
    placed = [reading for reading in readings if reading.checkpoint in doors]
    load(ledger, {reading: doors[reading.checkpoint] for reading in placed}, also)
    batch = Batch(ledger, now)
    first: dict[Any, Reading] = {}
    for reading in placed:
        first.setdefault(reading.uid, reading)
    fresh = [reading for reading in first.values() if reading.uid not in ledger.stored]
    batch.load_late(fresh, doors)
    passes = [(pass_of(ledger, one, doors[one.checkpoint], now), one) for one in fresh]
    decided = {
        reading.uid: batch.decide(reading, doors[reading.checkpoint], one)
        for one, reading in sorted(passes, key=lambda pair: pair[0].order)
    }
    store(ledger, batch.scans, batch.changed, at=now)
    for holder, reading in batch.overridden:
        label = f"registrations.registration:{holder}"
        record("scan.override", label, event=ledger.device.event, reason=reading.override_reason)
    return [batch.answer(reading, first.get(reading.uid), decided) for reading in readings]


def find_doors(device: Device, readings: list[Reading]) -> dict[int | str | None, Checkpoint]:
    """The checkpoints that the scans name, by id or name; the device's own where none is named."""
    found: dict[int | str | None, Checkpoint] = {None: device.checkpoint}
    if any(reading.checkpoint not in (None, device.checkpoint_id) for reading in readings):
        for door in Checkpoint.objects.filter(event=device.event_id):
            found |= {door.pk: door, door.name: door}
    return found | {device.checkpoint_id: device.checkpoint}


def touch(device: Device, now: datetime.datetime) -> None:
    """Remember that the device was heard of; to half a minute, so that scans need not wait for each other."""
    if device.seen_at is None or now - device.seen_at > SEEN_EVERY:
        Device.objects.filter(pk=device.pk).update(seen_at=now)
