"""Save everything in one file, as it stood at one moment, while the site goes on running."""

import contextlib
import hashlib
import itertools
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from convention.files import whole_file

from . import archive as archives
from .tables import AT_ONCE, columns, migrations_of_program, next_number, rows, tables, written


def save(*, output: Path) -> archives.Manifest:
    """Write the backup to `output`, for its owner only, whole or not at all; what its manifest says."""
    with whole_file(output, mode=0o600) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        return fill(archive)


def fill(archive: zipfile.ZipFile) -> archives.Manifest:
    """Put everything into the archive, the manifest last."""
    manifest = {
        "format": archives.FORMAT,
        "version": archives.VERSION,
        "made_at": timezone.now().isoformat(),
        "site": settings.SITE_URL,
        "key_mark": archives.key_mark(settings.SECRET_KEY),
        "migrations": migrations_of_program(),
    }
    with one_moment():
        manifest["tables"] = {name: save_table(archive, name, model) for name, model in tables().items()}
    manifest["files"] = dict(save_files(archive, settings.MEDIA_ROOT))
    archive.writestr(archives.MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
    return manifest


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """See the database as it stands now, for as long as the reading takes; writers are not held up."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # By hand: `atomic` would take SQLite's one lock for writing.
        connection.connection.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            connection.connection.execute("ROLLBACK")
        return
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def save_table(archive: zipfile.ZipFile, table: str, model: type[models.Model]) -> dict[str, Any]:
    """Write one table's rows; what the manifest says of it."""
    digest, count = hashlib.sha256(), 0
    with archive.open(archives.table_file(table), "w", force_zip64=True) as file:
        for some in itertools.batched(rows(model), AT_ONCE, strict=False):
            content = b"".join(written(row) for row in some)
            file.write(content)
            digest.update(content)
            count += len(some)
    return {
        "columns": columns(model),
        "rows": count,
        "next": next_number(model),
        "sha256": digest.hexdigest(),
    }


def save_files(archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write the uploaded files; the path of each and what the manifest says of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            with (
                path.open("rb") as source,
                archive.open(archives.media_file(name), "w", force_zip64=True) as target,
            ):
                yield name, archives.copy(source, target)
