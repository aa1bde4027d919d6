"""Restore a backup into an empty database of either kind, all of it or nothing.

All sessions and mailed sign-in links are gone afterwards: a backup holds none. Links to registrations and the
like are derived from SECRET_KEY and stay valid under the same key.
"""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from convention.errors import ConventionError, UnreadableFile

from .archive import BackupArchive, copy_file, open_backup
from .manifest import BackupManifest
from .private_files import restrict_local_data, use_private_umask
from .rules import get_backup_rule
from .table_rows import (
    REPLACEABLE_TABLES,
    BackupRowReader,
    build_insert_sql,
    get_max_key,
    has_no_tables,
    list_columns,
    list_own_migrations,
    list_tables,
    set_next_key,
)

# Rows made after the backup are lost, but their keys are in sent e-mails,
# Message-IDs and links, so they must not be assigned again.
SKIPPED_KEY_COUNT = 100_000
# Errors of a row that does not fit.
ROW_ERRORS = (TypeError, ValueError, ArithmeticError, ValidationError, DatabaseError)


class DatabaseNotEmpty(ConventionError):
    """The database has data that a restore would mix with."""

    kind = "not-empty"
    status = 409


@dataclass(frozen=True)
class RestoreResult:
    """The restored manifest, and how many undecryptable values of each kind were replaced by new ones."""

    manifest: BackupManifest
    replaced_counts: Counter[str]


def restore_backup(*, path: Path) -> RestoreResult:
    """Check the whole file, then load it. Raise ConventionError or OSError, without any change made."""
    with use_private_umask(), open_backup(path) as backup:
        # All checks that need no transaction come first: they cost nothing if they fail.
        check_same_program(backup.manifest)
        check_folder_is_empty(settings.MEDIA_ROOT)
        if has_no_tables():
            call_command("migrate", verbosity=0)
        # Files are moved just before the commit, and moved back if it fails.
        with unpack_files(backup, settings.MEDIA_ROOT) as files, transaction.atomic(durable=True):
            check_database_is_empty()
            replaced = load_tables(backup)
            files.put_in_place()
        restrict_local_data()
    return RestoreResult(backup.manifest, replaced)


def check_same_program(manifest: BackupManifest) -> None:
    """Raise ConventionError unless the backup has the migrations of this program."""
    saved, own = manifest.migrations, list_own_migrations()
    differing = [app for app in sorted({*saved, *own}) if saved.get(app) != own.get(app)]
    if differing:
        app = differing[0]
        raise ConventionError(
            _(
                "This backup was made by another version of the program (%(app)s: %(saved)s there, "
                "%(here)s here): restore it with that version, then update."
            )
            % {"app": app, "saved": saved.get(app) or _("nothing"), "here": own.get(app) or _("nothing")}
        )
    own_columns = {table: list_columns(model) for table, model in list_tables().items()}
    # Columns too: a table may have been changed by hand, or by an app that is not installed here.
    saved_columns = {table: entry.columns for table, entry in manifest.tables.items()}
    differing_tables = [
        table
        for table in sorted({*own_columns, *saved_columns})
        if own_columns.get(table) != saved_columns.get(table)
    ]
    if differing_tables:
        sentence = _("The tables of this backup are not those of this program (%(table)s).")
        raise ConventionError(sentence % {"table": differing_tables[0]})


def check_database_is_empty() -> None:
    """Raise DatabaseNotEmpty if a table has rows other than those of `migrate`, sessions and idle workers."""
    for table, model in list_tables().items():
        may_have_rows = table in REPLACEABLE_TABLES or get_backup_rule(model).excludes_all_rows
        if not may_have_rows and models.QuerySet(model).exists():
            raise DatabaseNotEmpty(
                _(
                    "The database is not empty (%(table)s has rows): restore into a new one (DATABASE_URL). "
                    "Nothing was changed."
                )
                % {"table": table}
            )


def check_folder_is_empty(folder: Path) -> None:
    """Raise DatabaseNotEmpty if there are uploaded files."""
    if folder.exists() and any(folder.iterdir()):
        sentence = _("%(folder)s already contains files. Move them elsewhere first. Nothing was changed.")
        raise DatabaseNotEmpty(sentence % {"folder": folder})


def load_tables(backup: BackupArchive) -> Counter[str]:
    """Insert the rows of all tables; return how many values were replaced, by name of the table."""
    replaced = Counter[str]()
    for table, model in list_tables().items():
        rows = BackupRowReader(model)
        load_table(backup, table, model, rows)
        replaced[str(model._meta.verbose_name_plural)] += rows.replaced_counts.total()
    # After all tables: they are loaded by name, not in the order of their references.
    check_references()
    for table, model in list_tables().items():
        if number := backup.manifest.tables[table].next:
            continue_numbering(model, number + SKIPPED_KEY_COUNT)
    return +replaced


def load_table(backup: BackupArchive, table: str, model: type[models.Model], rows: BackupRowReader) -> None:
    """Insert one table's rows in place of what `migrate` put there."""
    statement, count = build_insert_sql(model), 0
    with connection.cursor() as cursor:
        # Content types and permissions that `migrate` has just made, under other keys.
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own name)
        for batch in backup.read_batches(table):
            try:
                cursor.executemany(statement, [rows.read(row) for row in batch])
            except ROW_ERRORS as error:
                raise UnreadableFile(
                    _(
                        "Rows %(first)d to %(last)d of %(table)s do not fit this database (%(reason)s). "
                        "Nothing was changed."
                    )
                    % {
                        "first": count + 1,
                        "last": count + len(batch),
                        "table": table,
                        "reason": describe_row_error(error),
                    }
                ) from error
            count += len(batch)
    expected = backup.manifest.tables[table].rows
    if count != expected:
        sentence = _("%(table)s, rows expected: %(expected)d, found: %(count)d. Nothing was changed.")
        raise UnreadableFile(sentence % {"table": table, "expected": expected, "count": count})


def describe_row_error(error: Exception) -> str:
    """Return the first line of an error, which names columns, not values."""
    # PostgreSQL's further lines quote the row.
    lines = str(error).splitlines() if isinstance(error, DatabaseError) else []
    return lines[0] if lines else _("a wrong value")


def check_references() -> None:
    """Raise UnreadableFile if a foreign key points to a missing row."""
    try:
        connection.check_constraints()
    except DatabaseError as error:
        raise UnreadableFile(
            _("The backup refers to rows that it does not contain (%(reason)s). Nothing was changed.")
            % {"reason": describe_row_error(error)}
        ) from error


def continue_numbering(model: type[models.Model], number: int) -> None:
    """Set the next primary key of a table. Raise UnreadableFile if few would be left."""
    # A forged manifest could otherwise use up all keys.
    if number > get_max_key(model) // 2:
        sentence = _("%(table)s cannot continue numbering at %(number)d. Nothing was changed.")
        raise UnreadableFile(sentence % {"table": model._meta.db_table, "number": number})
    set_next_key(model, number)


class UnpackedFiles:
    """The uploaded files of a backup, unpacked beside the folder where they belong."""

    def __init__(self, unpacked_folder: Path, target_folder: Path) -> None:
        self.unpacked_folder, self.target_folder = unpacked_folder, target_folder
        self.is_in_place = self.had_folder = False

    def put_in_place(self) -> None:
        """Replace the folder of uploaded files in one step."""
        if not self.unpacked_folder.exists():
            return
        self.had_folder = self.target_folder.exists()
        if self.had_folder:
            # `rename` replaces no folder; this one is empty, or `rmdir` fails.
            self.target_folder.rmdir()
        self.unpacked_folder.rename(self.target_folder)
        self.is_in_place = True

    def undo_placement(self) -> None:
        """Undo `put_in_place`, since the rows were not stored."""
        if not self.is_in_place:
            return
        self.target_folder.rename(self.unpacked_folder)
        if self.had_folder:
            self.target_folder.mkdir()


@contextlib.contextmanager
def unpack_files(backup: BackupArchive, folder: Path) -> Iterator[UnpackedFiles]:
    """Unpack the uploaded files; remove them at the end unless they were put in place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: a rename across file systems is not atomic.
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder.parent) as scratch:
        files = UnpackedFiles(Path(scratch) / "media", folder)
        for name in backup.manifest.files:
            target = files.unpacked_folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # "x": two names of the archive must not become one file, as on a file system that ignores case.
            with backup.open_media_file(name) as source, target.open("xb") as file:
                copy_file(source, file)
        try:
            yield files
        # Also Ctrl-C between the move and the commit.
        except BaseException:
            files.undo_placement()
            raise
