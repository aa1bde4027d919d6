"""Delete the version of the catalog and the triggers that raised it: orders load what is for sale each time."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

LIST_TRIGGERS_SQL = {
    "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE starts_with(tgname, 'catalog_changed_')",
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'catalog_changed_*'",
}
DROP_FUNCTIONS_SQL = """
    DROP FUNCTION IF EXISTS touch_catalog_version();
    DROP FUNCTION IF EXISTS require_single_place(bigint, bigint, bigint);
"""


def drop_triggers(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(LIST_TRIGGERS_SQL[connection.vendor])
        for name, table in cursor.fetchall():
            cursor.execute(
                f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else "")
            )
        if connection.vendor == "postgresql":
            cursor.execute(DROP_FUNCTIONS_SQL)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0001_initial")]
    operations = [
        migrations.RunPython(drop_triggers, migrations.RunPython.noop),
        migrations.DeleteModel("CatalogVersion"),
    ]
