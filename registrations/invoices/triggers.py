"""What the database itself refuses: to change or remove what was issued, or money that came in.

On SQLite a table that a migration remakes loses its triggers: such a migration ends with `protect` too
(tests/registrations/invoices/test_triggers.py looks whether they stand).
"""

from typing import Any

FROZEN = ("invoices_invoice", "invoices_line", "invoices_paper")
"""No row of these is ever changed or removed."""
KEPT = ("invoices_charge", "invoices_payment", "invoices_refund", "invoices_payout", "invoices_reminder")
"""No row of these is ever removed."""
STEADY = {
    # Not the description: an erasure strikes names out of it, and an issued line has its own copy.
    "invoices_charge": "receivable_id key quantity unit_price vat_rate exemption amount",
    "invoices_payment": "receivable_id method amount currency received_on",
    "invoices_refund": "receivable_id payment_id amount",
}
"""And of these only other columns change."""
SENTENCE = "What was issued or paid is never changed or removed: issue a credit note."
NO_MORE_LINES = "An issued invoice takes no further line."


def names() -> list[str]:
    """Every trigger by its name."""
    return [name for name, _table, _when, _condition in triggers()]


def triggers() -> list[tuple[str, str, str, str]]:
    """Name, table, when it fires, and the condition under which it refuses."""
    found = [(f"{table}_stays", table, "DELETE", "") for table in (*FROZEN, *KEPT)]
    found += [(f"{table}_is_frozen", table, "UPDATE", "") for table in FROZEN]
    found += [(f"{table}_is_steady", table, "UPDATE", differs(columns)) for table, columns in STEADY.items()]
    beyond = (
        "NEW.position NOT BETWEEN 1 AND (SELECT line_count FROM invoices_invoice WHERE id = NEW.invoice_id)"
    )
    return [*found, ("invoices_line_is_last", "invoices_line", "INSERT", beyond)]


def differs(columns: str) -> str:
    """Whether one of the columns gets another value."""
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns.split())


def protect(apps: Any, editor: Any) -> None:
    """Put every trigger in place, for `RunPython`."""
    make = on_postgresql if editor.connection.vendor == "postgresql" else on_sqlite
    for trigger in triggers():
        for statement in make(*trigger):
            editor.execute(statement)


def unprotect(apps: Any, editor: Any) -> None:
    """Take every trigger away."""
    for name, _table, _when, _condition in triggers():
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
        else:
            editor.execute(f"DROP TRIGGER IF EXISTS {name}")


def on_sqlite(name: str, table: str, when: str, condition: str) -> list[str]:
    """The statement of one trigger."""
    clause = f"WHEN {condition}" if condition and when != "INSERT" else ""
    guard = f"WHERE {condition}" if when == "INSERT" else ""
    body = f"SELECT RAISE(ABORT, '{sentence_of(when)}') {guard}"
    return [f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW {clause} BEGIN {body}; END"]


def on_postgresql(name: str, table: str, when: str, condition: str) -> list[str]:
    """The function and the trigger that calls it."""
    refusal = f"RAISE EXCEPTION '{sentence_of(when)}' USING ERRCODE = 'restrict_violation';"
    body = f"IF {condition} THEN {refusal} END IF;" if condition else refusal
    kept = "OLD" if when == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {kept}; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def sentence_of(when: str) -> str:
    """What the database says."""
    return NO_MORE_LINES if when == "INSERT" else SENTENCE
