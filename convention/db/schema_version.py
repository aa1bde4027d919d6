"""Compare the migrations of the database with those of this program."""

from functools import cache

from django.core.management import CommandError
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def has_pending_migrations() -> bool:
    """Return whether migrations of this program are not applied yet."""
    return not load_own_migrations() <= set(MigrationRecorder(connection).applied_migrations())


@cache
def load_own_migrations() -> frozenset[tuple[str, str]]:
    """Return all migrations of this program; cached, since they do not change while it runs."""
    loader = MigrationLoader(None)
    return frozenset(key for key in loader.disk_migrations if key[0] in loader.migrated_apps)


def refuse_earlier_database(*, using: str, **_kwargs: object) -> None:
    """Stop `migrate` on a database that has migrations this program does not have.

    Before 0.1.0 migrations were replaced by one per app: such tables cannot be brought up to date.
    """
    apps = {app for app, _name in load_own_migrations()}
    applied = {key for key in MigrationRecorder(connections[using]).applied_migrations() if key[0] in apps}
    if unknown := sorted(applied - load_own_migrations()):
        app, name = unknown[0]
        raise CommandError(
            f"This database was made by another version of the program ({app} has the migration {name}). "
            "Start anew with an empty database; in development, remove the folder var/.",
            returncode=2,
        )
