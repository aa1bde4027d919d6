"""Database triggers that refuse changes to issued documents and recorded money.

SQLite drops a table's triggers when a migration rebuilds the table, so such a migration must end with
`install_triggers`; a test compares the installed triggers with this list.
"""

from typing import Any

# Tables whose rows can neither be updated nor deleted.
FROZEN_TABLES = (
    "invoices_invoice",
    "invoices_invoiceline",
    "invoices_invoicepdf",
    "invoices_entryrow",
    "invoices_closedvatamount",
)
# Tables whose rows cannot be deleted.
UNDELETABLE_TABLES = (
    "invoices_charge",
    "invoices_payment",
    "invoices_refund",
    "invoices_payout",
    "invoices_reminder",
)
# Columns that cannot be updated; other columns of these tables can.
FROZEN_COLUMNS = {
    # Not the description: an erasure strikes names out of it, and an issued line has its own copy.
    "invoices_charge": "receivable_id key quantity unit_price vat_rate exemption amount",
    # Fee and payout are filled in later, when the processor reports them.
    "invoices_payment": "receivable_id method amount currency received_on booked_on",
    "invoices_refund": "receivable_id payment_id amount",
}
CHANGE_REFUSAL = "What was issued or paid is never changed or removed: issue a credit note."
INSERT_REFUSAL = "An issued invoice takes no further line."


def list_trigger_names() -> list[str]:
    return [name for name, _table, _when, _condition in list_triggers()]


def list_triggers() -> list[tuple[str, str, str, str]]:
    """Return (name, table, operation, condition) of each trigger; it fires if the condition holds."""
    triggers = [(f"{table}_stays", table, "DELETE", "") for table in (*FROZEN_TABLES, *UNDELETABLE_TABLES)]
    triggers += [(f"{table}_is_frozen", table, "UPDATE", "") for table in FROZEN_TABLES]
    triggers += [
        (f"{table}_is_steady", table, "UPDATE", build_change_condition(columns))
        for table, columns in FROZEN_COLUMNS.items()
    ]
    # Positions end at `line_count`, which was stored with the invoice.
    range_condition = (
        "NEW.position NOT BETWEEN 1 AND (SELECT line_count FROM invoices_invoice WHERE id = NEW.invoice_id)"
    )
    return [*triggers, ("invoices_invoiceline_is_last", "invoices_invoiceline", "INSERT", range_condition)]


def build_change_condition(columns: str) -> str:
    """Return an SQL condition: one of the columns gets another value."""
    # `IS DISTINCT FROM` and not `<>`, which is unknown for NULL, so that the trigger would not fire.
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns.split())


def install_triggers(apps: Any, schema_editor: Any) -> None:
    """Create all triggers; for `RunPython` in a migration."""
    build_statements = (
        build_postgresql_statements
        if schema_editor.connection.vendor == "postgresql"
        else build_sqlite_statements
    )
    for trigger in list_triggers():
        for statement in build_statements(*trigger):
            schema_editor.execute(statement)


def drop_triggers(apps: Any, schema_editor: Any) -> None:
    """Drop all triggers; the reverse of `install_triggers`."""
    for name, _table, _when, _condition in list_triggers():
        if schema_editor.connection.vendor == "postgresql":
            # CASCADE drops the trigger with its function.
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")


def build_sqlite_statements(name: str, table: str, operation: str, condition: str) -> list[str]:
    clause = f"WHEN {condition}" if condition and operation != "INSERT" else ""
    guard = f"WHERE {condition}" if operation == "INSERT" else ""
    body = f"SELECT RAISE(ABORT, '{get_refusal_message(operation)}') {guard}"
    return [f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW {clause} BEGIN {body}; END"]


def build_postgresql_statements(name: str, table: str, operation: str, condition: str) -> list[str]:
    """Return the statements that create the trigger function and the trigger."""
    refusal = f"RAISE EXCEPTION '{get_refusal_message(operation)}' USING ERRCODE = 'restrict_violation';"
    body = f"IF {condition} THEN {refusal} END IF;" if condition else refusal
    returned_row = "OLD" if operation == "DELETE" else "NEW"
    body += f" RETURN {returned_row};"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE TRIGGER {name} BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def get_refusal_message(operation: str) -> str:
    return INSERT_REFUSAL if operation == "INSERT" else CHANGE_REFUSAL
