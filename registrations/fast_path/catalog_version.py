"""The catalog version: a random value that database triggers replace when anything for sale changes.

Each transaction that changes an event, a ticket or anything else that decides about an order sets a new
`CatalogVersion`; since triggers do it, no action can forget to. Counters raised by selling do not count.
PostgreSQL's triggers are deferred to the commit, so that a transaction that changes two events does not wait
for others while it holds rows.

The triggers are installed after `migrate` and dropped before it alters tables. While any is missing there is
no version, and nothing is cached (`sale_cache.py`). Each is created and dropped by itself: locking two tables
at once could deadlock with orders.
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps as installed
from django.db import connections

TRIGGER_PREFIX = "catalog_changed_"
# Models that `catalog_query.py` reads, and their columns that change by selling.
TRACKED_MODELS = {
    "events.Event": {"sequence"},
    "registrations.Ticket": {"reserved"},
    "registrations.Quota": {"reserved"},
    "registrations.PriceStep": set[str](),
    "registrations.Question": set[str](),
    "registrations.Question_tickets": set[str](),
    "registrations.QuestionOption": {"reserved"},
    "registrations.Voucher": {"reserved"},
    "registrations.Voucher_tickets": set[str](),
}
# The search path is fixed, because `pg_restore --data-only` loads rows without one.
TRIGGER_FUNCTION_SQL = """
    CREATE OR REPLACE FUNCTION touch_catalog_version() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$ BEGIN
        IF current_setting('convention.catalog_touched', true)
            IS DISTINCT FROM pg_current_xact_id()::text THEN
            PERFORM set_config('convention.catalog_touched', pg_current_xact_id()::text, true);
            UPDATE registrations_catalogversion SET version = gen_random_uuid();
        END IF;
        RETURN NULL;
    END $$
"""
POSTGRESQL_TRIGGER_SQL = """
    CREATE CONSTRAINT TRIGGER {name} AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch_catalog_version()
"""
SQLITE_TRIGGER_SQL = """
    CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN
        UPDATE registrations_catalogversion SET version = lower(hex(randomblob(16)));
    END
"""
LIST_TRIGGERS_SQL = {
    "postgresql": """
        SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE starts_with(tgname, 'catalog_changed_') AND relnamespace = current_schema()::regnamespace
    """,
    "sqlite": """
        SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'catalog_changed_*'
    """,
}


def install_triggers(*, using: str, apps: Any = installed, **_kwargs: Any) -> None:
    """Create missing triggers, drop outdated ones, and set a new version if anything changed."""
    connection = connections[using]
    if "registrations_catalogversion" not in connection.introspection.table_names():
        return
    versions = apps.get_model("registrations", "CatalogVersion").objects.using(using)
    defined = dict(_define_triggers(apps, connection.vendor))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(TRIGGER_FUNCTION_SQL)
        existing = list_triggers(cursor)
        if existing.keys() == defined.keys() and versions.exists():
            return
        # Without a version nothing is cached while triggers are missing.
        versions.all().delete()
        drop_triggers(cursor, {name: existing[name] for name in existing.keys() - defined.keys()})
        for name in defined.keys() - existing.keys():
            cursor.execute(defined[name])
    versions.create(id=1, version=uuid.uuid4().hex)


def drop_all_triggers(*, using: str, plan: Any = (), **_kwargs: Any) -> None:
    """Delete the version, then the triggers, before `migrate` alters tables."""
    connection = connections[using]
    if not plan or "registrations_catalogversion" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registrations_catalogversion")
        drop_triggers(cursor, list_triggers(cursor))


def _define_triggers(apps: Any, vendor: str) -> Iterator[tuple[str, str]]:
    """Yield name and SQL of each trigger; the name is a digest of the definition."""
    for label, counters in TRACKED_MODELS.items():
        model = apps.get_model(label)
        fields = [field.column for field in model._meta.concrete_fields if field.column not in counters]
        names = {"table": model._meta.db_table, "columns": ", ".join(fields)}
        events = ("",) if vendor == "postgresql" else ("INSERT", "DELETE", f"UPDATE OF {names['columns']}")
        for event in events:
            template = POSTGRESQL_TRIGGER_SQL if vendor == "postgresql" else SQLITE_TRIGGER_SQL
            digest = hashlib.sha256(template.format(name="", when=event, **names).encode()).hexdigest()
            name = f"{TRIGGER_PREFIX}{digest[:16]}"
            yield name, template.format(name=name, when=event, **names)


def list_triggers(cursor: Any) -> dict[str, str]:
    """Return the existing triggers, by name, with their tables."""
    cursor.execute(LIST_TRIGGERS_SQL[cursor.db.vendor])
    return dict(cursor.fetchall())


def drop_triggers(cursor: Any, triggers: dict[str, str]) -> None:
    for name, table in triggers.items():
        where = f" ON {table}" if cursor.db.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{where}")
