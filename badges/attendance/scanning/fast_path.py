"""Record a single scan in two SQL statements (three on SQLite): the usual case.

One SELECT reads all that `load_batch_state` would. One write inserts the scan and updates
the presence, if nobody changed it meanwhile: it waits for the lock on the registration's row (on SQLite for
the database lock), compares the presence with what was read, and writes nothing if they differ. For every
unusual case (a replay, an undo, an override, a typed short code, a scan out of order, a checkpoint with a
capacity, limited to tickets or of a session with bookings, another checkpoint than the device's own, another
device's scan, two scans of one badge at once) `record_single_scan` returns None, and `record_scans` decides
by the same rules under locks.

It takes 1.2 ms of processor time instead of 4.7. To remove this module, remove its call in api.py:
`record_scans` records scans of the usual kind too.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from badges.attendance.models import Checkpoint, Device, Presence, Scan
from convention.db.compiled_query import make_stored_instance
from convention.db.raw_sql import execute_statement, find_conversions
from convention.db.wait_budget import is_wait_timeout
from convention.errors import ServiceUnavailable
from convention.events.models import EventKey
from registrations.models import Registration, Ticket

from .batch import ScanBatch, ScanResult, make_counted_scan
from .batch_state import HOLDER_COLUMNS, HOLDER_TICKET_COLUMNS, BatchState, make_holder
from .device_state.heartbeat import update_last_seen
from .inputs.received_scan import ReceivedScan
from .inputs.scan_devices import check_scan_device
from .inputs.scan_time import UNKNOWN_CLOCK, SendingClock, raise_to_predecessor, resolve_scan_time
from .lookup.short_codes import is_short_code
from .presence import NEVER_SCANNED, PresenceState
from .presence_store import make_presence_row
from .scan_input import InvalidScan, ScanInput
from .signatures import EventPublicKey, check_code, get_key_number, parse_code
from .sql import PRESENCE_COLUMNS, PRESENCE_UPDATES, SCAN_COLUMNS, STATE_COLUMN_NAMES

SCAN_VALUES = ", ".join(f"%({name})s::{kind}" for name, kind in SCAN_COLUMNS.items())


def qualify_columns(alias: str, names: list[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


READ_SQL = f"""
SELECT main_checkpoint.capacity, event_key.event_id, event_key.public_key,
    {qualify_columns("registration", HOLDER_COLUMNS)}, {qualify_columns("ticket", HOLDER_TICKET_COLUMNS)},
    {qualify_columns("presence", STATE_COLUMN_NAMES)}, presence.changed_at, gate.name,
    stored_undo.id IS NULL AND checkpoint.addon_id IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM attendance_checkpoint_tickets rule WHERE rule.checkpoint_id = checkpoint.id
        )
        AND NOT EXISTS (
            SELECT 1 FROM schedule_session session
            WHERE session.id = checkpoint.session_id AND session.is_bookable
        ),
    (SELECT predecessor.effective_at FROM attendance_scan predecessor
     WHERE predecessor.device_id = %(device)s AND predecessor.device_sequence < %(sequence)s::bigint
     ORDER BY predecessor.device_sequence DESC LIMIT 1)
FROM attendance_checkpoint checkpoint
JOIN attendance_checkpoint main_checkpoint
    ON main_checkpoint.id = COALESCE(checkpoint.counts_as_id, checkpoint.id)
LEFT JOIN events_eventkey event_key ON event_key.number = %(key)s
LEFT JOIN registrations_registration registration
    ON registration.reference = %(reference)s AND registration.event_id = checkpoint.event_id
LEFT JOIN registrations_ticket ticket ON ticket.id = registration.ticket_id
LEFT JOIN attendance_presence presence
    ON presence.checkpoint_id = main_checkpoint.id AND presence.registration_id = registration.id
LEFT JOIN attendance_checkpoint gate ON gate.id = presence.last_checkpoint_id
LEFT JOIN attendance_scan stored_undo
    ON stored_undo.event_id = checkpoint.event_id AND stored_undo.undoes = %(uid)s
WHERE checkpoint.id = %(checkpoint)s
"""  # noqa: S608 (our own column names)

INSERT_SCAN_SQL = f"""
INSERT INTO attendance_scan ({", ".join(SCAN_COLUMNS)}) VALUES ({SCAN_VALUES})
"""  # noqa: S608 (our own column names)

IS_UNCHANGED_SQL = (
    "stored_presence.version = EXCLUDED.version - 1 "
    "AND stored_presence.changed_at = %(presence_changed_at)s::timestamptz"
)
SAVE_PRESENCE_SQL = f"""
    INSERT INTO attendance_presence AS stored_presence ({", ".join(PRESENCE_COLUMNS)})
    SELECT {", ".join(f"%(p_{name})s::{kind}" for name, kind in PRESENCE_COLUMNS.items())}
    FROM registrations_registration WHERE id = %(registration_id)s AND merged_into_id IS NULL
        AND (transferred_at IS NULL OR transferred_at <= %(p_last_scan_at)s::timestamptz)
    ON CONFLICT (checkpoint_id, registration_id) DO UPDATE
    SET {PRESENCE_UPDATES}
    WHERE {IS_UNCHANGED_SQL}
"""  # noqa: S608 (our own column names)

SAVE_PRESENCE_AND_SCAN_SQL = f"""
WITH locked AS (
    SELECT id, merged_into_id, transferred_at FROM registrations_registration
    WHERE id = %(registration_id)s FOR NO KEY UPDATE
), saved AS (
{SAVE_PRESENCE_SQL.replace("registrations_registration", "locked")} RETURNING 1
)
INSERT INTO attendance_scan ({", ".join(SCAN_COLUMNS)}) SELECT {SCAN_VALUES} FROM saved
"""  # noqa: S608 (our own column names)


class ScanContext(NamedTuple):
    """The row of READ_SQL as objects."""

    device: Device
    checkpoint: Checkpoint
    public_key: EventPublicKey | None
    registration: Registration | None
    presence_state: PresenceState
    changed_at: datetime.datetime | None
    predecessor_at: datetime.datetime | None


def record_single_scan(
    *,
    device: Device,
    scans: Sequence[ScanInput | InvalidScan],
    at: datetime.datetime,
    clock: SendingClock = UNKNOWN_CLOCK,
) -> ScanResult | None:
    """Record one scan of the usual kind; return None for any other, without having written anything.

    It arrived at `at`. Raise ServiceUnavailable if others hold the rows for too long.
    """
    # Inside a transaction an IntegrityError would break it, and the caller could not fall back.
    if connection.in_atomic_block or len(scans) != 1:
        return None
    [scan] = scans
    if isinstance(scan, InvalidScan) or not is_usual_scan(scan, device):
        return None
    try:
        context = load_scan_context(device, scan)
        if context is None:
            return None
        time = resolve_scan_time(scan, received_at=at, clock=clock)
        time = raise_to_predecessor(time, context.predecessor_at)
        return decide_single_scan(context, ReceivedScan(scan, device, context.checkpoint, time))
    except (OperationalError, InterfaceError) as error:
        if is_wait_timeout(error):
            raise ServiceUnavailable(
                _("The server cannot save this scan at the moment. It stays on the device.")
            ) from error
        connection.close()  # broken: the full path opens another, and recognizes a scan that was written
        return None


def is_usual_scan(scan_input: ScanInput, device: Device) -> bool:
    """Return whether it is a badge read by this device at its own checkpoint, without override or undo."""
    is_at_own_checkpoint = scan_input.checkpoint in (None, device.checkpoint_id)
    is_own = check_scan_device(scan_input, device, {device.pk: device}) is scan_input
    is_plain_read = not (scan_input.override_reason or scan_input.undoes or is_short_code(scan_input.code))
    return is_at_own_checkpoint and is_own and is_plain_read


def load_scan_context(device: Device, scan_input: ScanInput) -> ScanContext | None:
    """Read all that one scan needs; return None if it is not of the usual kind."""
    signed = parse_code(scan_input.code) if scan_input.code else None
    values = {
        "device": device.pk,
        "checkpoint": device.checkpoint_id,
        "key": signed.claim.key_number if signed else None,
        "reference": signed.claim.registration_reference if signed else scan_input.registration_reference,
        "uid": scan_input.uid,
        # NULL is below nothing, so a scan without a number has no predecessor.
        "sequence": scan_input.device_sequence,
    }
    row = execute_statement(READ_SQL, values).fetchone()
    if row is None:
        return None
    context, is_usual = unpack_row(device, row)
    if context.registration and context.registration.merged_into_id:
        return None
    return context if is_usual else None


def unpack_row(device: Device, row: tuple[Any, ...]) -> tuple[ScanContext, bool]:
    """Return the row as objects, and whether the scan was not undone and its checkpoint has no limits."""
    cells = convert_cells(row)
    capacity, key_event, public_key = islice(cells, 3)
    registration = make_instance(Registration, HOLDER_COLUMNS, cells)
    ticket = make_instance(Ticket, HOLDER_TICKET_COLUMNS, cells)
    *state, changed_at, gate, is_usual, predecessor_at = cells
    if registration.pk is not None:
        registration.ticket = ticket
    key = None if key_event is None else EventPublicKey(key_event, bytes(public_key))
    presence_state = PresenceState(*state, gate or "") if state[-1] is not None else NEVER_SCANNED  # type: ignore[call-arg]  # mypy cannot count *state
    holder = None if registration.pk is None else registration
    context = ScanContext(device, device.checkpoint, key, holder, presence_state, changed_at, predecessor_at)
    return context, capacity is None and bool(is_usual)


def convert_cells(row: tuple[Any, ...]) -> Iterator[Any]:
    """Convert the cells to the models' Python types."""
    cells = list(row)
    for index, convert in list_conversions():
        cells[index] = convert(cells[index])
    return iter(cells)


@cache
def list_conversions() -> list[tuple[int, Callable[[Any], Any]]]:
    """Return the positions of cells that need conversion on this database, with their converters."""
    selected_columns: list[tuple[type[Model], list[str]]] = [
        (Checkpoint, ["capacity"]), (EventKey, ["event_id", "public_key"]),
        (Registration, HOLDER_COLUMNS), (Ticket, HOLDER_TICKET_COLUMNS),
        (Presence, [*STATE_COLUMN_NAMES, "changed_at"]),
        # In place of the gate's name and of whether the scan is usual, which need no conversion.
        (Checkpoint, ["name", "kind"]), (Scan, ["effective_at"]),
    ]  # fmt: skip
    return find_conversions(selected_columns)


def make_instance[Row: Model](model: type[Row], names: list[str], cells: Iterator[Any]) -> Row:
    """Build a model instance from the next cells, with only these columns loaded."""
    return make_stored_instance(model, names, islice(cells, len(names)))


def decide_single_scan(context: ScanContext, received: ReceivedScan) -> ScanResult | None:
    """Decide by the rules of `ScanBatch` and write; return None if another scan was faster or is later."""
    latest = context.presence_state.last_scan_at
    if latest is not None and latest >= received.time.effective_at:
        return None
    now = received.time.received_at
    batch = ScanBatch(make_batch_state(context, received.scan_input), now)
    result = batch.decide_scan(received, make_counted_scan(received))
    if not save_single_scan(batch, context.changed_at):
        return None
    update_last_seen(context.device, now)
    return result


def make_batch_state(context: ScanContext, scan_input: ScanInput) -> BatchState:
    """Return what `load_batch_state` would load for this scan."""
    batch_state = BatchState(context.device)
    holder = make_holder(context.registration)
    number = get_key_number(scan_input.code)
    keys = {} if context.public_key is None or number is None else {number: context.public_key}
    if scan_input.code:
        batch_state.checked_codes[scan_input.code] = check_code(
            scan_input.code, keys, context.device.event_id
        )
    if holder and context.registration:
        batch_state.holders[context.registration.reference] = holder
        batch_state.presence_states[holder.pk, context.checkpoint.presence_checkpoint_id] = (
            context.presence_state
        )
    return batch_state


def save_single_scan(batch: ScanBatch, presence_changed_at: datetime.datetime | None) -> bool:
    """Write the scan, and its presence if it counts; return False if another scan was faster.

    A scan that is stored already violates the constraint of its uid, and is left to the full path too.
    `presence_changed_at` is the `changed_at` of the presence that was read.
    """
    [scan_row] = batch.scan_rows
    if not batch.changed_presences:
        statements, values = [INSERT_SCAN_SQL], scan_row
    else:
        [key] = batch.changed_presences
        state = batch.batch_state.presence_states[key]
        presence_row = make_presence_row(scan_row["event_id"], key, state, at=batch.now)
        statements = (
            [SAVE_PRESENCE_AND_SCAN_SQL]
            if connection.vendor == "postgresql"
            else [SAVE_PRESENCE_SQL, INSERT_SCAN_SQL]
        )
        values = scan_row | {f"p_{name}": value for name, value in presence_row.items()}
        values["presence_changed_at"] = presence_changed_at
    try:
        return execute_statements(statements, values)
    except IntegrityError:
        return False


def execute_statements(statements: list[str], values: dict[str, Any]) -> bool:
    """Run statements that must each write one row; write nothing and return False if one does not."""
    # SQLite's writers wait for each other when a transaction begins (see convention/db/sqlite/base.py).
    if len(statements) == 1 and connection.vendor == "postgresql":
        return execute_statement(statements[0], values).rowcount == 1
    with transaction.atomic():
        are_all_written = all(execute_statement(statement, values).rowcount == 1 for statement in statements)
        transaction.set_rollback(not are_all_written)
    return are_all_written
