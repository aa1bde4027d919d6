"""Columns of the tables that scans are written to by hand-written SQL."""

# Names and types as in the migrations; a new column of Scan must be added here by hand.
SCAN_COLUMNS = {
    "uid": "uuid", "device_id": "bigint", "delivered_by_id": "bigint", "event_id": "bigint",
    "checkpoint_id": "bigint", "registration_id": "bigint", "code_hash": "text", "payload_hash": "text",
    "direction": "text",
    "scanned_at": "timestamptz", "received_at": "timestamptz", "effective_at": "timestamptz",
    "is_time_uncertain": "boolean", "is_offline": "boolean", "clock_offset_ms": "integer",
    "device_sequence": "bigint", "snapshot": "bigint", "local_verdict": "text", "operator": "text",
    "override_reason": "text", "verdict": "text", "reason": "text", "let_in": "boolean", "undoes": "uuid",
}  # fmt: skip


STATE_COLUMNS = {
    "is_inside": "boolean", "first_entered_at": "timestamptz",
    "last_entered_at": "timestamptz", "last_left_at": "timestamptz",
    "last_device_id": "bigint", "last_checkpoint_id": "bigint",
    "seconds_inside": "integer", "entries": "integer",
    "has_conflict": "boolean", "last_scan_at": "timestamptz", "version": "integer",
}  # fmt: skip


# In the order of PresenceState's fields, which are filled by position (see load_presence_states).
STATE_COLUMN_NAMES = list(STATE_COLUMNS)


PRESENCE_COLUMNS = {
    "event_id": "bigint", "checkpoint_id": "bigint", "registration_id": "bigint", "changed_at": "timestamptz",
} | STATE_COLUMNS  # fmt: skip


# `sequence` is cleared, so that the next reader numbers the change (see numbering.py).
PRESENCE_UPDATES = ", ".join(
    [*(f"{name} = EXCLUDED.{name}" for name in [*STATE_COLUMNS, "changed_at"]), "sequence = NULL"]
)
