"""Bring a backup back into an empty database of either kind, whole or not at all."""

import itertools
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from convention.errors import ConventionError, Unreadable

from . import archive as archives
from .tables import (
    AT_ONCE,
    REMADE,
    columns,
    count_on,
    has_no_tables,
    insertion,
    migrations_of_program,
    reader,
    tables,
)

DISAGREE = (TypeError, ValueError, ValidationError, DatabaseError)
"""What a row that does not fit ends in."""


class NotEmpty(ConventionError):
    """There is something already that a restore would mix with."""

    kind = "not-empty"
    status = 409


def restore(*, path: Path) -> archives.Manifest:
    """Check the whole file, then load it; what its manifest says. A refusal changes nothing."""
    manifest = archives.check(path)
    require_same_program(manifest)
    if has_no_tables():
        call_command("migrate", verbosity=0)
    require_no_files(settings.MEDIA_ROOT)
    with zipfile.ZipFile(path) as archive, transaction.atomic(durable=True):
        require_empty()
        for table, model in tables().items():
            load(archive, table, model, manifest["tables"][table]["rows"])
        require_whole()
        for table, model in tables().items():
            if number := manifest["tables"][table]["next"]:
                count_on(model, number)
        bring_files(archive, manifest, settings.MEDIA_ROOT)
    return manifest


def require_same_program(manifest: archives.Manifest) -> None:
    """The tables must be those of this program."""
    saved, here = manifest["migrations"], migrations_of_program()
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
    if shapes != {table: facts["columns"] for table, facts in manifest["tables"].items()}:
        raise ConventionError(_("The tables of this backup are not those of this program."))


def require_empty() -> None:
    """Refuse to mix: only what `migrate` and a waiting worker leave may be there."""
    for table, model in tables().items():
        if table not in REMADE and models.QuerySet(model).exists():
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


def load(archive: zipfile.ZipFile, table: str, model: type[models.Model], expected: int) -> None:
    """Write one table's rows, replacing what `migrate` put there."""
    readers = [reader(field) for field in model._meta.concrete_fields]
    statement, count = insertion(model), 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our own name)
        for some in itertools.batched(archives.lines(archive, table), AT_ONCE, strict=False):
            try:
                cursor.executemany(statement, list(prepared(some, readers)))
            except DISAGREE as error:
                raise Unreadable(
                    _(
                        "Rows %(first)d to %(last)d of %(table)s do not fit this database (%(reason)s). "
                        "Nothing was changed."
                    )
                    % {
                        "first": count + 1,
                        "last": count + len(some),
                        "table": table,
                        "reason": kind_of(error),
                    }
                ) from error
            count += len(some)
    if count != expected:
        sentence = _("%(table)s, rows expected: %(expected)d, found: %(count)d. Nothing was changed.")
        raise Unreadable(sentence % {"table": table, "expected": expected, "count": count})


def prepared(some: tuple[list[Any], ...], readers: list[Callable[[Any], Any]]) -> Iterator[list[Any]]:
    """Rows as the database takes them."""
    for row in some:
        yield [read(value) for read, value in zip(readers, row, strict=True)]


def kind_of(error: Exception) -> str:
    """The first line of what is wrong, which names columns, not values."""
    told = isinstance(error, DatabaseError) and str(error)
    return str(error).splitlines()[0] if told else _("a wrong value")


def require_whole() -> None:
    """Every reference leads somewhere."""
    try:
        connection.check_constraints()
    except DatabaseError as error:
        raise Unreadable(
            _("The backup refers to rows that it does not have (%(reason)s). Nothing was changed.")
            % {"reason": kind_of(error)}
        ) from error


def bring_files(archive: zipfile.ZipFile, manifest: archives.Manifest, folder: Path) -> None:
    """Unpack the uploaded files beside their folder, then put them in place at once."""
    if not manifest["files"]:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder.parent) as scratch:
        fresh = Path(scratch) / "media"
        for name in manifest["files"]:
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(archives.media_file(name)) as source, target.open("wb") as file:
                archives.copy(source, file)
        if folder.exists():
            folder.rmdir()
        fresh.rename(folder)
