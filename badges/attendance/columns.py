"""The columns of scans and presences as PostgreSQL knows them, for rows written in sets."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

SCAN = {
    "uid": "uuid", "device_id": "bigint", "event_id": "bigint", "checkpoint_id": "bigint",
    "registration_id": "bigint", "code_hash": "text", "payload_hash": "text", "direction": "text",
    "scanned_at": "timestamptz", "received_at": "timestamptz", "effective_at": "timestamptz",
    "is_uncertain": "boolean", "is_offline": "boolean", "clock_offset_ms": "integer",
    "device_sequence": "bigint", "snapshot": "bigint", "local_verdict": "text", "operator": "text",
    "override_reason": "text", "verdict": "text", "reason": "text",
}  # fmt: skip

STATE = {
    "is_inside": "boolean", "first_in": "timestamptz", "last_in": "timestamptz", "last_out": "timestamptz",
    "last_device_id": "bigint", "seconds_inside": "integer", "entries": "integer",
    "has_conflict": "boolean", "latest_at": "timestamptz", "version": "integer",
}  # fmt: skip
STATE_FIELDS = list(STATE)

PRESENCE = {
    "event_id": "bigint", "checkpoint_id": "bigint", "registration_id": "bigint", "changed_at": "timestamptz",
} | STATE  # fmt: skip

MOVED = ", ".join(f"{name} = EXCLUDED.{name}" for name in [*STATE, "changed_at"])


def add_rows(table: str, kinds: dict[str, str], rows: Sequence[dict[str, Any]], *, ending: str = "") -> None:
    """Insert rows on PostgreSQL in one statement, a column at a time: a third of the usual cost."""
    if not rows:
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds.values())
    names = ", ".join(kinds)
    statement = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {ending}"  # noqa: S608 (our names)
    with connection.cursor() as cursor:
        cursor.execute(statement, [column(rows, name) for name in kinds])


def column(rows: Iterable[dict[str, Any]], name: str) -> list[Any]:
    """The values of one column."""
    return [row[name] for row in rows]
