"""The file of a backup: a zip with `manifest.json`, a file of JSON lines for each table, and uploaded files.

The file may come from anywhere. Before anything of it is used, every part is compared with the manifest, and
whatever this program never writes (encrypted or repeated parts, links, other compressions, zip bombs) is
refused.
"""

import contextlib
import errno
import hashlib
import io
import json
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.errors import UnreadableFile

from .manifest import (
    BackupManifest,
    FileEntry,
    ForeignManifest,
    InvalidManifest,
    NewerManifest,
    OlderManifest,
    read_manifest,
)

MANIFEST_FILE = "manifest.json"
CHUNK_BYTES = 1024 * 1024
MAX_BATCH_ROWS = 1000
MAX_BATCH_BYTES = 16 * 1024 * 1024
# More than an uploaded file of the largest allowed size in base64.
MAX_ROW_BYTES = 256 * 1024 * 1024
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
# Limits how much an archive may unpack to, relative to its size. Rows of a table shrink to a twentieth.
MAX_EXPANSION_RATIO = 200
ALWAYS_ALLOWED_BYTES = 256 * 1024 * 1024
ALLOWED_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Bit 0 of the general purpose flags (APPNOTE.TXT, 4.4.4).
ENCRYPTED_FLAG = 0x1
# Errors that zipfile raises for broken archives; it documents fewer.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, KeyError, ValueError, OverflowError,
)  # fmt: skip
type ArchiveRow = list[Any]

FOREIGN_FILE_ERROR = gettext_lazy("“%(path)s” is not a backup made by this program.")
DAMAGED_FILE_ERROR = gettext_lazy(
    "“%(path)s” is damaged (%(where)s) and cannot be trusted. Use another copy."
)
NEWER_FILE_ERROR = gettext_lazy("“%(path)s” was made by a newer version. Update this program, then restore.")
OLDER_FILE_ERROR = gettext_lazy(
    "“%(path)s” was made by an older version. Restore it with that version, update, and make a new backup."
)
ALTERED_FILE_ERROR = gettext_lazy("“%(path)s” was not made by this program: %(reason)s. Nothing was changed.")


def make_table_path(table: str) -> str:
    """Return the path of a table's rows in the archive."""
    return f"tables/{table}.jsonl"


def make_media_path(path: str) -> str:
    """Return the path of an uploaded file in the archive."""
    return f"media/{path}"


class BackupArchive:
    """An open archive whose every part was checked against its manifest."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self.archive = archive
        # All parts are checked before any is used.
        self.manifest = _check_archive(path, archive)

    def open_media_file(self, path: str) -> IO[bytes]:
        """Open one of the uploaded files."""
        return self.archive.open(make_media_path(path))

    def read_batches(self, table: str) -> Iterator[list[ArchiveRow]]:
        """Yield a table's rows in batches that fit into memory. Raise UnreadableFile."""
        batch, size, number = list[ArchiveRow](), 0, 0
        with io.BufferedReader(self.archive.open(make_table_path(table)), CHUNK_BYTES) as file:  # type: ignore[type-var] # it reads
            # Limited, so that a crafted line without end does not fill the memory.
            while line := file.readline(MAX_ROW_BYTES + 1):
                number += 1
                batch.append(_parse_row(line, table, number))
                size += len(line)
                if len(batch) == MAX_BATCH_ROWS or size > MAX_BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch


@contextlib.contextmanager
def open_backup(path: Path) -> Iterator[BackupArchive]:
    """Open a backup and check all of it. Raise UnreadableFile; OSError if there is no file."""
    with path.open("rb") as file:
        with _translate_archive_errors(path):
            archive = zipfile.ZipFile(file)
        with archive:
            yield BackupArchive(path, archive)


@contextlib.contextmanager
def _translate_archive_errors(path: Path) -> Iterator[None]:
    """Turn the many errors of a broken archive into UnreadableFile."""
    try:
        yield
    except ARCHIVE_ERRORS as error:
        raise _make_unreadable_error(path, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # such as an offset before the beginning of the file
            raise
        raise _make_unreadable_error(path, error) from error


def _make_unreadable_error(path: Path, error: Exception) -> UnreadableFile:
    with path.open("rb") as file:
        # A damaged archive and any other file need different advice.
        was_archive = file.read(2) == b"PK"
    where = str(error) or type(error).__name__
    return UnreadableFile(
        (DAMAGED_FILE_ERROR if was_archive else FOREIGN_FILE_ERROR)
        % {"path": path, "where": make_printable(where)}
    )


def make_printable(text: str) -> str:
    """Return a text from a file in a form that a terminal shows on one line."""
    # Control characters in a crafted name could rewrite what the terminal shows.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:200])


def _check_archive(path: Path, archive: zipfile.ZipFile) -> BackupManifest:
    with _translate_archive_errors(path):
        _require_plain_parts(path, archive)
        manifest = _read_manifest_part(path, archive)
        expected = dict(_iterate_expected_parts(manifest))
        _require_parts(
            path, {member.filename for member in archive.infolist()} - {MANIFEST_FILE}, set(expected)
        )
        for name, entry in expected.items():
            if _is_part_different(archive, name, entry):
                raise UnreadableFile(DAMAGED_FILE_ERROR % {"path": path, "where": name})
    return manifest


def _require_plain_parts(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse parts that this program never writes, before anything is unpacked."""
    parts = archive.infolist()
    for part in parts:
        # The upper half has the Unix mode: a link could lead out of the folder.
        kind = stat.S_IFMT(part.external_attr >> 16)
        if part.compress_type not in ALLOWED_COMPRESSIONS or part.flag_bits & ENCRYPTED_FLAG:
            raise _make_altered_error(
                path, _("“%(name)s” is compressed with another method") % describe_part(part.filename)
            )
        if kind not in {0, stat.S_IFREG}:
            raise _make_altered_error(
                path, _("“%(name)s” is not a plain file") % describe_part(part.filename)
            )
    # Of two parts of one name zipfile would check the one and might unpack the other.
    repeated = [name for name, times in Counter(member.filename for member in parts).items() if times > 1]
    if repeated:
        raise _make_altered_error(path, _("it contains “%(name)s” twice") % describe_part(repeated[0]))
    unpacked, packed = sum(member.file_size for member in parts), path.stat().st_size
    if unpacked > ALWAYS_ALLOWED_BYTES and unpacked > MAX_EXPANSION_RATIO * packed:
        size = number_format(unpacked // 1024**2)
        raise _make_altered_error(path, _("unpacked, it would take %(size)s MB") % {"size": size})


def _require_parts(path: Path, found: set[str], expected: set[str]) -> None:
    if unknown := sorted(found - expected):
        raise _make_altered_error(
            path, _("its manifest does not list “%(name)s”") % describe_part(unknown[0])
        )
    if missing := sorted(expected - found):
        raise UnreadableFile(DAMAGED_FILE_ERROR % {"path": path, "where": missing[0]})


def _make_altered_error(path: Path, reason: str) -> UnreadableFile:
    return UnreadableFile(ALTERED_FILE_ERROR % {"path": path, "reason": reason})


def describe_part(name: str) -> dict[str, str]:
    """Return the name of a part as the parameters of a sentence."""
    return {"name": make_printable(name)}


def _read_manifest_part(path: Path, archive: zipfile.ZipFile) -> BackupManifest:
    """Return the manifest. Raise UnreadableFile if this program does not understand it."""
    if MANIFEST_FILE not in archive.namelist():
        raise UnreadableFile(FOREIGN_FILE_ERROR % {"path": path})
    if archive.getinfo(MANIFEST_FILE).file_size > MAX_MANIFEST_BYTES:
        raise UnreadableFile(DAMAGED_FILE_ERROR % {"path": path, "where": MANIFEST_FILE})
    try:
        return read_manifest(archive.read(MANIFEST_FILE))
    except ForeignManifest as error:
        raise UnreadableFile(FOREIGN_FILE_ERROR % {"path": path}) from error
    except NewerManifest as error:
        raise UnreadableFile(NEWER_FILE_ERROR % {"path": path}) from error
    except OlderManifest as error:
        raise UnreadableFile(OLDER_FILE_ERROR % {"path": path}) from error
    except InvalidManifest as error:
        raise UnreadableFile(DAMAGED_FILE_ERROR % {"path": path, "where": MANIFEST_FILE}) from error


def _iterate_expected_parts(manifest: BackupManifest) -> Iterator[tuple[str, FileEntry]]:
    """Yield the name of each part but the manifest, and its entry in the manifest."""
    for table, entry in manifest.tables.items():
        yield make_table_path(table), entry
    for path, file in manifest.files.items():
        yield make_media_path(path), file


def _is_part_different(archive: zipfile.ZipFile, name: str, entry: FileEntry) -> bool:
    # Before the digest: a wrong size needs no reading.
    if archive.getinfo(name).file_size != entry.bytes:
        return True
    with archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256  # type: ignore[arg-type]  # it reads


def _parse_row(line: bytes, table: str, number: int) -> ArchiveRow:
    """Parse a line of JSON into a row. Raise UnreadableFile."""
    with contextlib.suppress(ValueError, RecursionError):
        row = json.loads(line) if len(line) <= MAX_ROW_BYTES else None
        if isinstance(row, list):
            return row
    sentence = _("Line %(number)d of %(table)s is not a row. Nothing was changed.")
    raise UnreadableFile(sentence % {"number": number, "table": table})


def describe_contents(manifest: BackupManifest) -> str:
    """Return in words how many rows, tables and files a backup has."""
    rows = sum(entry.rows for entry in manifest.tables.values())
    tables, files = len(manifest.tables), len(manifest.files)
    return _("%(rows)s of %(tables)s and %(files)s") % {
        "rows": ngettext("%(count)s row", "%(count)s rows", rows)
        % {"count": number_format(rows, force_grouping=True)},
        "tables": ngettext("%(count)d table", "%(count)d tables", tables) % {"count": tables},
        "files": ngettext("%(count)d file", "%(count)d files", files) % {"count": files},
    }


def copy_file(source: IO[bytes], target: IO[bytes]) -> FileEntry:
    """Copy a file chunk by chunk; return its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return FileEntry(bytes=size, sha256=digest.hexdigest())
