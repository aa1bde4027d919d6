"""The columns of scans and presences, with their kinds as PostgreSQL knows them."""

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

MOVED = ", ".join([*(f"{name} = EXCLUDED.{name}" for name in [*STATE, "changed_at"]), "sequence = NULL"])
"""Writes over a presence; whoever reads it next numbers the change."""
