"""Save everything in one file, as it stood at one moment, while the site goes on running."""

import contextlib
import hashlib
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from convention.files import whole_file

from .archive import MANIFEST, copy_file, media_file, table_file
from .manifest import FileEntry, Manifest, TableEntry, own_fingerprint
from .rules import rule_of
from .tables import chunk_rows, columns, encode_row, migrations_of_program, next_number, saved_rows, tables


def save(*, output: Path) -> Manifest:
    """Write the backup to `output`, for its owner only, whole or not at all; return its manifest."""
    with whole_file(output, mode=0o600) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        return _fill(archive)


def _fill(archive: zipfile.ZipFile) -> Manifest:
    """Put everything into the archive, the manifest last."""
    made_at = timezone.now().isoformat()
    with one_moment():
        rows = {name: _save_table(archive, name, model) for name, model in tables().items()}
    manifest = Manifest(
        made_at=made_at,
        site=settings.SITE_URL,
        key_fingerprint=own_fingerprint(),
        migrations=migrations_of_program(),
        tables=rows,
        files=dict(_save_files(archive, settings.MEDIA_ROOT)),
    )
    archive.writestr(MANIFEST, manifest.to_json())
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


def _save_table(archive: zipfile.ZipFile, table: str, model: type[models.Model]) -> TableEntry:
    """Write one table's rows; return what the manifest says of it."""
    digest, count, size = hashlib.sha256(), 0, 0
    with archive.open(table_file(table), "w", force_zip64=True) as file:
        for batch in itertools.batched(saved_rows(model), chunk_rows(model), strict=False):
            content = b"".join(encode_row(row) for row in batch)
            file.write(content)
            digest.update(content)
            count += len(batch)
            size += len(content)
    return TableEntry(
        columns=columns(model),
        rows=count,
        bytes=size,
        next=next_number(model),
        sha256=digest.hexdigest(),
    )


def _save_files(archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[str, FileEntry]]:
    """Write the uploaded files; yield the path of each and what the manifest says of it."""
    left_out = tuple(_folders_left_out())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(left_out):
            with (
                path.open("rb") as source,
                archive.open(media_file(name), "w", force_zip64=True) as target,
            ):
                yield name, copy_file(source, target)


def _folders_left_out() -> Iterator[str]:
    """Yield where the files of models without rows in a backup lie."""
    for model in tables().values():
        if rule_of(model).is_empty:
            for field in model._meta.concrete_fields:
                if isinstance(field, models.FileField):
                    yield str(field.upload_to)
