"""Bring a backup back into an empty database of either kind, all of it or nothing.

All sessions have ended then, and so have mailed sign-in links: a backup holds none. Links to registrations
and the like are derived from SECRET_KEY and stay good under the same one.
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

from convention.errors import ConventionError, Unreadable

from .archive import Backup, copy_file, open_backup
from .manifest import Manifest
from .private_files import narrow_local_data, only_for_owner
from .rules import rule_of
from .tables import (
    REMADE,
    RowReader,
    columns,
    has_no_tables,
    highest_number,
    insertion,
    migrations_of_program,
    number_from,
    tables,
)

SKIPPED_NUMBERS = 100_000
"""Rows made after the backup are lost, but their numbers stand in e-mails that were sent, in Message-IDs and
links: they are not given again."""
ROW_ERRORS = (TypeError, ValueError, ArithmeticError, ValidationError, DatabaseError)
"""What a row that does not fit ends in."""


class NotEmpty(ConventionError):
    """There is something already that a restore would mix with."""

    kind = "not-empty"
    status = 409


@dataclass(frozen=True)
class Restored:
    """What was restored, and how many encrypted values of which kind were replaced by new ones."""

    manifest: Manifest
    replaced: Counter[str]


def restore(*, path: Path) -> Restored:
    """Check the whole file, then load it. A refusal (ConventionError, OSError) changes nothing."""
    with only_for_owner(), open_backup(path) as backup:
        require_same_program(backup.manifest)
        require_no_files(settings.MEDIA_ROOT)
        if has_no_tables():
            call_command("migrate", verbosity=0)
        with unpacked_files(backup, settings.MEDIA_ROOT) as files, transaction.atomic(durable=True):
            require_empty()
            replaced = load_tables(backup)
            files.put_in_place()
        narrow_local_data()
    return Restored(backup.manifest, replaced)


def require_same_program(manifest: Manifest) -> None:
    """The tables must be those of this program."""
    saved, here = manifest.migrations, migrations_of_program()
    differing = [app for app in sorted({*saved, *here}) if saved.get(app) != here.get(app)]
    if differing:
        app = differing[0]
        raise ConventionError(
            _(
                "This backup was made by another version of the program (%(app)s: %(saved)s there, "
                "%(here)s here): restore it with that version, then update."
            )
            % {"app": app, "saved": saved.get(app) or _("nothing"), "here": here.get(app) or _("nothing")}
        )
    shapes = {table: columns(model) for table, model in tables().items()}
    found = {table: entry.columns for table, entry in manifest.tables.items()}
    odd = [table for table in sorted({*shapes, *found}) if shapes.get(table) != found.get(table)]
    if odd:
        sentence = _("The tables of this backup are not those of this program (%(table)s).")
        raise ConventionError(sentence % {"table": odd[0]})


def require_empty() -> None:
    """Refuse to mix: only what `migrate` and a waiting worker leave, and sessions, may be there."""
    for table, model in tables().items():
        may_hold = table in REMADE or rule_of(model).is_empty
        if not may_hold and models.QuerySet(model).exists():
            raise NotEmpty(
                _(
                    "The database is not empty (%(table)s has rows): restore into a new one (DATABASE_URL). "
                    "Nothing was changed."
                )
                % {"table": table}
            )


def require_no_files(folder: Path) -> None:
    """The same for uploaded files."""
    if folder.exists() and any(folder.iterdir()):
        sentence = _("%(folder)s holds files already: move them away first. Nothing was changed.")
        raise NotEmpty(sentence % {"folder": folder})


def load_tables(backup: Backup) -> Counter[str]:
    """Write the rows of all tables; return how many values were replaced, by what the tables are called."""
    replaced = Counter[str]()
    for table, model in tables().items():
        rows = RowReader(model)
        load_table(backup, table, model, rows)
        replaced[str(model._meta.verbose_name_plural)] += rows.replaced.total()
    require_valid_references()
    for table, model in tables().items():
        if number := backup.manifest.tables[table].next:
            go_on_numbering(model, number + SKIPPED_NUMBERS)
    return +replaced


def load_table(backup: Backup, table: str, model: type[models.Model], rows: RowReader) -> None:
    """Write one table's rows, replacing what `migrate` put there."""
    statement, count = insertion(model), 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own name)
        for batch in backup.batches(table):
            try:
                cursor.executemany(statement, [rows.read(row) for row in batch])
            except ROW_ERRORS as error:
                raise Unreadable(
                    _(
                        "Rows %(first)d to %(last)d of %(table)s do not fit this database (%(reason)s). "
                        "Nothing was changed."
                    )
                    % {
                        "first": count + 1,
                        "last": count + len(batch),
                        "table": table,
                        "reason": reason_of(error),
                    }
                ) from error
            count += len(batch)
    expected = backup.manifest.tables[table].rows
    if count != expected:
        sentence = _("%(table)s, rows expected: %(expected)d, found: %(count)d. Nothing was changed.")
        raise Unreadable(sentence % {"table": table, "expected": expected, "count": count})


def reason_of(error: Exception) -> str:
    """Return the first line of what is wrong, which names columns, not values."""
    lines = str(error).splitlines() if isinstance(error, DatabaseError) else []
    return lines[0] if lines else _("a wrong value")


def require_valid_references() -> None:
    """Every reference must lead to a row. Raises Unreadable."""
    try:
        connection.check_constraints()
    except DatabaseError as error:
        raise Unreadable(
            _("The backup refers to rows that it does not have (%(reason)s). Nothing was changed.")
            % {"reason": reason_of(error)}
        ) from error


def go_on_numbering(model: type[models.Model], number: int) -> None:
    """Give the next row this number, or one after the highest. Raises Unreadable where few would be left."""
    if number > highest_number(model) // 2:
        sentence = _("%(table)s cannot go on at number %(number)d. Nothing was changed.")
        raise Unreadable(sentence % {"table": model._meta.db_table, "number": number})
    number_from(model, number)


class UnpackedFiles:
    """The uploaded files of a backup, beside the folder where they belong."""

    def __init__(self, fresh: Path, folder: Path) -> None:
        self.fresh, self.folder = fresh, folder
        self.is_in_place = self.had_folder = False

    def put_in_place(self) -> None:
        """Make them the folder of uploaded files, all at once."""
        if not self.fresh.exists():
            return
        self.had_folder = self.folder.exists()
        if self.had_folder:
            self.folder.rmdir()
        self.fresh.rename(self.folder)
        self.is_in_place = True

    def take_back(self) -> None:
        """Undo that, since the rows they belong to were not stored."""
        if not self.is_in_place:
            return
        self.folder.rename(self.fresh)
        if self.had_folder:
            self.folder.mkdir()


@contextlib.contextmanager
def unpacked_files(backup: Backup, folder: Path) -> Iterator[UnpackedFiles]:
    """Unpack the uploaded files; what is not in place at the end, or fails, is removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder.parent) as scratch:
        files = UnpackedFiles(Path(scratch) / "media", folder)
        for name in backup.manifest.files:
            target = files.fresh / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with backup.open_file(name) as source, target.open("xb") as file:
                copy_file(source, file)
        try:
            yield files
        except BaseException:
            files.take_back()
            raise
