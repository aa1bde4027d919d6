"""One scan in two statements, three on SQLite: the usual case.

A single read gathers all that `load` would, a single write adds the scan and moves the presence on, if
nobody else has meanwhile: it waits at the registration's row for whoever works on the same badge (on
SQLite for whoever writes), and then finds the presence as it was read, or writes nothing. Whatever is not
the usual case (a replay, an override, a late scan, a door with a limit, another door than the device's own,
two at the same moment) is answered by None and taken in by `scan`, which decides by the same rules under
locks.
"""

import datetime
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Model
from django.db.utils import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import Unavailable
from convention.events.models import Event, EventKey
from convention.wait_budget import is_wait_timeout
from registrations.models import Registration, Ticket
from registrations.statements import conversions

from .batch import Batch, Result, pass_of
from .clock import effective
from .columns import MOVED, PRESENCE, SCAN, STATE_FIELDS
from .dialect import run
from .doors import hash_token
from .ledger import Ledger, holder_of
from .models import PAIRING_ROLES, Checkpoint, Device, Presence
from .presence import NOBODY, State
from .reading import InvalidReading, Reading, read
from .scan import touch
from .signatures import Key, judge, key_number, parsed

ROLES = ", ".join(f"'{role}'" for role in PAIRING_ROLES)


def ordered(model: type[Model], *names: str) -> list[str]:
    """Those columns in the model's own order, as `from_db` wants them."""
    return [field.attname for field in model._meta.concrete_fields if field.attname in names]


DEVICE = ordered(Device, "id", "event_id", "checkpoint_id", "name", "seen_at", "may_override")
EVENT = ordered(Event, "id", "sequence", "timezone")
DOOR = ordered(Checkpoint, "id", "event_id", "name", "opens_at", "closes_at", "capacity", "counted_at_id")
HELD = ordered(
    Registration, "id", "reference", "generation", "first_name", "last_name", "company", "held_until",
    "confirmed_at", "cancelled_at", "merged_into_id", "order_id",
)  # fmt: skip
TICKET = ordered(Ticket, "id", "name", "name_en")
SCAN_VALUES = ", ".join(f"%({name})s::{kind}" for name, kind in SCAN.items())


def columns(alias: str, names: list[str]) -> str:
    """The columns of one table."""
    return ", ".join(f"{alias}.{name}" for name in names)


READ = f"""
SELECT {columns("d", DEVICE)}, {columns("e", EVENT)}, {columns("c", DOOR)},
    m.capacity, k.event_id, k.public_key,
    {columns("r", HELD)}, {columns("t", TICKET)}, {columns("p", STATE_FIELDS)}, p.changed_at, g.name, s.id,
    b.id IS NOT NULL, u.id IS NOT NULL
FROM attendance_device d
JOIN events_event e ON e.id = d.event_id
JOIN attendance_checkpoint c ON c.id = d.checkpoint_id
JOIN attendance_checkpoint m ON m.id = COALESCE(c.counted_at_id, c.id)
LEFT JOIN events_eventkey k ON k.number = %(key)s
LEFT JOIN registrations_registration r ON r.reference = %(reference)s AND r.event_id = d.event_id
LEFT JOIN registrations_ticket t ON t.id = r.ticket_id
LEFT JOIN attendance_presence p
    ON p.checkpoint_id = m.id AND p.registration_id = r.id
LEFT JOIN attendance_device l ON l.id = p.last_device_id
LEFT JOIN attendance_checkpoint g ON g.id = l.checkpoint_id
LEFT JOIN attendance_scan s ON s.device_id = d.id AND s.uid = %(uid)s
LEFT JOIN schedule_session b ON b.id = c.session_id AND b.is_bookable
LEFT JOIN registrations_sessionseat u
    ON u.session_id = b.id AND u.registration_id = r.id AND u.cancelled_at IS NULL
WHERE d.token_hash = %(token)s AND d.revoked_at IS NULL AND d.expires_at > %(now)s AND NOT d.is_desk
    AND (d.paired_by_id IS NULL OR EXISTS (
        SELECT 1 FROM events_eventrole w JOIN club_person o ON o.id = w.person_id AND o.is_active
        WHERE w.event_id = d.event_id AND w.person_id = d.paired_by_id AND w.role IN ({ROLES})
            AND w.starts_on <= %(today)s AND (w.ends_on IS NULL OR w.ends_on >= %(today)s)
            AND (w.delegation_id IS NULL OR EXISTS (
                SELECT 1 FROM events_delegation f
                JOIN club_companyrole y ON y.company_id = f.company_id AND y.role = 'organizer'
                    AND y.starts_on <= %(today)s AND (y.ends_on IS NULL OR y.ends_on >= %(today)s)
                JOIN club_employment j ON j.company_id = f.company_id AND j.person_id = w.person_id
                    AND j.starts_on <= %(today)s AND (j.ends_on IS NULL OR j.ends_on >= %(today)s)
                WHERE f.id = w.delegation_id AND f.starts_on <= %(today)s AND f.ends_on >= %(today)s
            ))
    ))
"""  # noqa: S608 (our own column names)

ADD = f"""
INSERT INTO attendance_scan ({", ".join(SCAN)}) VALUES ({SCAN_VALUES})
"""  # noqa: S608 (our own column names)

MOVE = f"""
    INSERT INTO attendance_presence AS known ({", ".join(PRESENCE)})
    SELECT {", ".join(f"%(p_{name})s::{kind}" for name, kind in PRESENCE.items())}
    FROM registrations_registration WHERE id = %(registration_id)s AND merged_into_id IS NULL
    ON CONFLICT (checkpoint_id, registration_id) DO UPDATE
    SET {MOVED}
    WHERE known.version = EXCLUDED.version - 1 AND known.changed_at = %(known_at)s::timestamptz
"""  # noqa: S608 (our own column names)

MOVE_ON = f"""
WITH held AS (
    SELECT id, merged_into_id FROM registrations_registration WHERE id = %(registration_id)s FOR NO KEY UPDATE
), moved AS (
{MOVE.replace("registrations_registration", "held")} RETURNING 1
)
INSERT INTO attendance_scan ({", ".join(SCAN)}) SELECT {SCAN_VALUES} FROM moved
"""  # noqa: S608 (our own column names)


class Known(NamedTuple):
    """What the one read found."""

    device: Device
    door: Checkpoint
    key: Key | None
    registration: Registration | None
    state: State
    changed_at: datetime.datetime | None
    takes_bookings: bool
    has_seat: bool


def scan_one(*, token: str, items: list[Any], now: datetime.datetime) -> tuple[Device, Result] | None:
    """Take in one scan of the usual kind; None for all others, which nothing has been done about.

    Raises Unavailable where others hold the rows for too long.
    """
    if connection.in_atomic_block or len(items) != 1:
        return None
    try:
        reading = read(items[0])
        known = None if reading.checkpoint is not None else look(token, reading, now)
        return decide_one(known, reading, now) if known else None
    except InvalidReading:
        return None
    except (OperationalError, InterfaceError) as error:
        if is_wait_timeout(error):
            raise Unavailable(_("The server cannot take this scan now. It stays on the device.")) from error
        connection.close()  # it is broken; the whole way opens another, and knows a scan that was written
        return None


def look(token: str, reading: Reading, now: datetime.datetime) -> Known | None:
    """Read all that one scan needs; None where it is not of the usual kind."""
    signed = parsed(reading.code) if reading.code else None
    values = {
        "token": hash_token(token),
        "now": now,
        "today": timezone.localdate(now),
        "key": signed.claim.key if signed else None,
        "reference": signed.claim.registration if signed else reading.registration,
        "uid": reading.uid,
    }
    row = run(READ, values).fetchone()
    if row is None:
        return None
    known, is_usual = unpack(row)
    is_usual = is_usual and not reading.override_reason
    latest = known.state.latest_at
    if known.registration and known.registration.merged_into_id:
        return None
    return known if is_usual and (latest is None or latest < effective(reading, now)) else None


def unpack(row: tuple[Any, ...]) -> tuple[Known, bool]:
    """The row as what it stands for, and whether the scan is new and its door without limit."""
    cells = converted(row)
    device = from_cells(Device, DEVICE, cells)
    device.event = from_cells(Event, EVENT, cells)
    door = from_cells(Checkpoint, DOOR, cells)
    capacity, key_event, public_key = islice(cells, 3)
    registration = from_cells(Registration, HELD, cells)
    ticket = from_cells(Ticket, TICKET, cells)
    *state, changed_at, gate, scan, takes_bookings, has_seat = cells
    if registration.pk is not None:
        registration.ticket = ticket
    key = None if key_event is None else Key(key_event, bytes(public_key))
    found = State(*state, gate or "") if state[-1] is not None else NOBODY  # type: ignore[call-arg]  # in order
    holder = None if registration.pk is None else registration
    known = Known(device, door, key, holder, found, changed_at, takes_bookings, has_seat)
    return known, capacity is None and scan is None


def converted(row: tuple[Any, ...]) -> Iterator[Any]:
    """The cells as the models have them."""
    cells = list(row)
    for index, convert in to_convert():
        cells[index] = convert(cells[index])
    return iter(cells)


@cache
def to_convert() -> list[tuple[int, Callable[[Any], Any]]]:
    """Which cells of that row the database gives in another form, and what makes them ours."""
    read: list[tuple[type[Model], list[str]]] = [
        (Device, DEVICE), (Event, EVENT), (Checkpoint, DOOR), (Checkpoint, ["capacity"]),
        (EventKey, ["event_id", "public_key"]), (Registration, HELD), (Ticket, TICKET),
        (Presence, [*STATE_FIELDS, "changed_at"]),
    ]  # fmt: skip
    return conversions(read)


def from_cells[Row: Model](model: type[Row], names: list[str], cells: Iterator[Any]) -> Row:
    """A row of that model with these columns alone."""
    return model.from_db(DEFAULT_DB_ALIAS, names, list(islice(cells, len(names))))


def decide_one(known: Known, reading: Reading, now: datetime.datetime) -> tuple[Device, Result] | None:
    """Decide by the same rules as a batch, and write unless another was faster."""
    ledger = Ledger(known.device)
    holder = holder_of(known.registration)
    number = key_number(reading.code)
    keys = {} if known.key is None or number is None else {number: known.key}
    if reading.code:
        ledger.codes[reading.code] = judge(reading.code, keys, known.device.event_id)
    if holder and known.registration:
        ledger.holders[known.registration.reference] = holder
        ledger.states[holder.pk, known.door.door_id] = known.state
    if known.takes_bookings:
        ledger.booked[known.door.pk] = {holder.pk} if holder and known.has_seat else set()
    batch = Batch(ledger, now)
    result = batch.decide(reading, known.door, pass_of(ledger, reading, known.door, now))
    if not write(batch, known.changed_at):
        return None
    touch(known.device, now)
    return known.device, result


def write(batch: Batch, known_at: datetime.datetime | None) -> bool:
    """Write the one scan, and its presence where it counts; false when another was faster.

    `known_at` is when the presence that was read had been written.
    """
    values = batch.scans[0] | {"known_at": known_at}
    statements = [ADD]
    for registration, door in batch.changed:
        state = batch.ledger.states[registration, door]
        statements = [MOVE_ON] if connection.vendor == "postgresql" else [MOVE, ADD]
        moved = {"event_id": values["event_id"], "checkpoint_id": door, "registration_id": registration}
        moved |= {name: getattr(state, name.removesuffix("_id")) for name in STATE_FIELDS}
        values = values | {f"p_{name}": value for name, value in moved.items()} | {"p_changed_at": batch.now}
    try:
        return write_all(statements, values)
    except IntegrityError:
        return False


def write_all(statements: list[str], values: dict[str, Any]) -> bool:
    """Run these statements, which each write one row; false, and nothing is written, where one found none."""
    if len(statements) == 1:
        return run(statements[0], values).rowcount == 1
    with transaction.atomic():
        done = all(run(statement, values).rowcount == 1 for statement in statements)
        transaction.set_rollback(not done)
    return done
