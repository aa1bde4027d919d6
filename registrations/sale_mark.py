"""Whether what is on sale is still as it was read: a mark that the database itself changes with it.

Each transaction that changes an event, a ticket or whatever else an order is judged by gives `SaleMark` a new
value, by triggers: no act can forget it. What sells itself, as the places taken, changes nothing of it.
PostgreSQL's triggers wait until the transaction is to be committed, so that who changes two events waits for
nobody while holding their rows.

They are put in place after `migrate`, and away before it alters anything: while any is away there is no
mark, and nothing is kept (`kept_sale.py`). None of them makes a mark where there is none. Each is put in
place or away by itself: who locks two tables at once may wait in a ring with who orders.
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps as installed
from django.db import connections

PREFIX = "sale_changed_"
WATCHED = {
    "events.Event": {"sequence"},
    "registrations.Ticket": {"taken"},
    "registrations.Quota": {"taken"},
    "registrations.PriceStep": set[str](),
    "registrations.Question": set[str](),
    "registrations.Question_tickets": set[str](),
    "registrations.Option": {"taken"},
    "registrations.Voucher": {"taken"},
    "registrations.Voucher_tickets": set[str](),
}
"""The models that `on_sale` reads, and which of their columns change by selling."""
FUNCTION = """
    CREATE OR REPLACE FUNCTION sale_changed() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$ BEGIN
        IF current_setting('convention.sale_changed', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
            PERFORM set_config('convention.sale_changed', pg_current_xact_id()::text, true);
            UPDATE registrations_salemark SET mark = gen_random_uuid();
        END IF;
        RETURN NULL;
    END $$
"""
"""Whoever loads rows without a search path, as `pg_restore --data-only` does, still finds the table."""
ON_POSTGRESQL = """
    CREATE CONSTRAINT TRIGGER {name} AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sale_changed()
"""
ON_SQLITE = """
    CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN
        UPDATE registrations_salemark SET mark = lower(hex(randomblob(16)));
    END
"""
STANDING = {
    "postgresql": """
        SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE starts_with(tgname, 'sale_changed_') AND relnamespace = current_schema()::regnamespace
    """,
    "sqlite": """
        SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'sale_changed_*'
    """,
}


def watch(*, using: str, apps: Any = installed, **_kwargs: Any) -> None:
    """Put in place the triggers that are missing; with a new mark wherever anything was."""
    connection = connections[using]
    if "registrations_salemark" not in connection.introspection.table_names():
        return
    marks = apps.get_model("registrations", "SaleMark").objects.using(using)
    wanted = dict(_triggers(apps, connection.vendor))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
        found = standing(cursor)
        if found.keys() == wanted.keys() and marks.exists():
            return
        marks.all().delete()
        drop(cursor, {name: found[name] for name in found.keys() - wanted.keys()})
        for name in wanted.keys() - found.keys():
            cursor.execute(wanted[name])
    marks.create(id=1, mark=uuid.uuid4().hex)


def unwatch(*, using: str, plan: Any = (), **_kwargs: Any) -> None:
    """Take the mark and then the triggers away before tables are altered."""
    connection = connections[using]
    if not plan or "registrations_salemark" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registrations_salemark")
        drop(cursor, standing(cursor))


def _triggers(apps: Any, vendor: str) -> Iterator[tuple[str, str]]:
    """Each trigger by its name, which tells one definition from another, and the statement that makes it."""
    for label, sold in WATCHED.items():
        model = apps.get_model(label)
        fields = [field.column for field in model._meta.concrete_fields if field.column not in sold]
        about = {"table": model._meta.db_table, "columns": ", ".join(fields)}
        ways = ("",) if vendor == "postgresql" else ("INSERT", "DELETE", f"UPDATE OF {about['columns']}")
        for when in ways:
            written = ON_POSTGRESQL if vendor == "postgresql" else ON_SQLITE
            digest = hashlib.sha256(written.format(name="", when=when, **about).encode()).hexdigest()
            name = f"{PREFIX}{digest[:16]}"
            yield name, written.format(name=name, when=when, **about)


def standing(cursor: Any) -> dict[str, str]:
    """The triggers that stand, with their tables."""
    cursor.execute(STANDING[cursor.db.vendor])
    return dict(cursor.fetchall())


def drop(cursor: Any, triggers: dict[str, str]) -> None:
    """Take these away."""
    for name, table in triggers.items():
        where = f" ON {table}" if cursor.db.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{where}")
