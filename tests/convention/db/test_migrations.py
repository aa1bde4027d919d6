"""Migrations make the tables that the other tests take from the models (`tests/model_tables.py`)."""

import contextlib
import sqlite3

import psycopg
import pytest

from tests.conftest import database_url

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
# Django's own migrations give this one table smaller numbers than its models do.
POSTGRESQL_SCHEMA = (
    """SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision,
        numeric_scale, is_nullable, column_default, is_identity, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public'
        AND (table_name, column_name) <> ('auth_group_permissions', 'id')""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
)


@pytest.mark.once
def test_migrations_make_tables_of_models_on_sqlite(manage, empty_database_file, tmp_path):
    migrated = tmp_path / "migrated.sqlite3"

    done = manage("migrate", DATABASE_URL=f"sqlite:///{migrated}")

    assert done.returncode == 0
    assert describe_sqlite(migrated) ^ describe_sqlite(empty_database_file) == set()


@pytest.mark.postgresql
def test_migrations_make_tables_of_models_on_postgresql(manage, new_postgresql_database):
    done = manage("migrate", DATABASE_URL=new_postgresql_database)

    assert done.returncode == 0
    assert describe_postgresql(new_postgresql_database) ^ describe_postgresql(database_url()) == set()


def describe_sqlite(path) -> set[tuple]:
    """Return the parts of the statement that makes each table, index and trigger."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        # In parts, since a migration that adds a column to a table leaves it last.
        return {(name, part) for name, sql in rows for part in sql.removesuffix(")").split(", ")}


def describe_postgresql(address: str) -> set[tuple]:
    with psycopg.connect(address) as database:
        return {row for query in POSTGRESQL_SCHEMA for row in database.execute(query)}
