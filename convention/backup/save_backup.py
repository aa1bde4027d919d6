"""Save a consistent snapshot of everything in one file, while the site keeps running."""

import contextlib
import hashlib
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from convention.files import write_atomically

from .archive import MANIFEST_FILE, copy_file, make_media_path, make_table_path
from .manifest import BackupManifest, FileEntry, TableEntry, own_fingerprint
from .rules import get_backup_rule
from .table_rows import (
    encode_row,
    get_chunk_size,
    get_next_key,
    iterate_saved_rows,
    list_columns,
    list_own_migrations,
    list_tables,
)


def save_backup(*, output: Path) -> BackupManifest:
    """Write the backup to `output`, readable by its owner alone, all or nothing; return its manifest."""
    with (
        write_atomically(output, mode=0o600) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        return _fill_archive(archive)


def _fill_archive(archive: zipfile.ZipFile) -> BackupManifest:
    """Write all parts into the archive, the manifest last."""
    made_at = timezone.now().isoformat()
    with read_snapshot():
        # The files after the rows: one that is added meanwhile does no harm.
        rows = {name: _save_table(archive, name, model) for name, model in list_tables().items()}
    manifest = BackupManifest(
        made_at=made_at,
        site=settings.SITE_URL,
        key_fingerprint=own_fingerprint(),
        migrations=list_own_migrations(),
        tables=rows,
        files=dict(_save_files(archive, settings.MEDIA_ROOT)),
    )
    # Last, so that a truncated archive has no manifest.
    archive.writestr(MANIFEST_FILE, manifest.to_json())
    return manifest


@contextlib.contextmanager
def read_snapshot() -> Iterator[None]:
    """Read the database as of now within the block, without blocking writers."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # Not `atomic`, which would take SQLite's only write lock.
        connection.connection.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            connection.connection.execute("ROLLBACK")
        return
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            # At PostgreSQL's default level each statement would see a later state.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _save_table(archive: zipfile.ZipFile, table: str, model: type[models.Model]) -> TableEntry:
    """Write one table's rows; return its entry in the manifest."""
    digest, count, size = hashlib.sha256(), 0, 0
    with archive.open(make_table_path(table), "w", force_zip64=True) as file:
        for batch in itertools.batched(iterate_saved_rows(model), get_chunk_size(model), strict=False):
            content = b"".join(encode_row(row) for row in batch)
            file.write(content)
            digest.update(content)
            count += len(batch)
            size += len(content)
    return TableEntry(
        columns=list_columns(model),
        rows=count,
        bytes=size,
        next=get_next_key(model),
        sha256=digest.hexdigest(),
    )


def _save_files(archive: zipfile.ZipFile, folder: Path) -> Iterator[tuple[str, FileEntry]]:
    """Write the uploaded files; yield the path and the manifest entry of each."""
    excluded_folders = tuple(_excluded_folders())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(excluded_folders):
            with (
                path.open("rb") as source,
                archive.open(make_media_path(name), "w", force_zip64=True) as target,
            ):
                yield name, copy_file(source, target)


def _excluded_folders() -> Iterator[str]:
    """Yield the upload folders of models that a backup has no rows of."""
    for model in list_tables().values():
        if get_backup_rule(model).excludes_all_rows:
            for field in model._meta.concrete_fields:
                if isinstance(field, models.FileField):
                    yield str(field.upload_to)
