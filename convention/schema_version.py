"""Compare the migrations of the database with those of this program."""

from functools import cache

from django.core.management import CommandError
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def migrations_wait() -> bool:
    """Whether the tables are older than the program."""
    return not migrations_of_program() <= set(MigrationRecorder(connection).applied_migrations())


@cache
def migrations_of_program() -> frozenset[tuple[str, str]]:
    """Every migration that this program brings; they do not change while it runs."""
    loader = MigrationLoader(None)
    return frozenset(key for key in loader.disk_migrations if key[0] in loader.migrated_apps)


def refuse_earlier_database(*, using: str, **_kwargs: object) -> None:
    """Stop `migrate` on a database that has migrations this program does not.

    Before 0.1.0 migrations were replaced by one per app: its tables cannot be brought up to date.
    """
    ours = {app for app, _name in migrations_of_program()}
    applied = {key for key in MigrationRecorder(connections[using]).applied_migrations() if key[0] in ours}
    if unknown := sorted(applied - migrations_of_program()):
        app, name = unknown[0]
        raise CommandError(
            f"This database was made by another version of the program ({app} has the migration {name}). "
            "Start anew with an empty database; in development, remove the folder var/.",
            returncode=2,
        )
