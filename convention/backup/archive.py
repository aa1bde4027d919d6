"""The file of a backup: a zip with `manifest.json`, a file of JSON lines for each table, and uploaded files.

It may come from anywhere: before anything of it is used, every part is compared with the manifest, and what
this program never writes (encrypted or repeated parts, links, other compressions, a little that unpacks to
very much) is refused.
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

from convention.errors import Unreadable

from .manifest import (
    FileEntry,
    ForeignManifest,
    InvalidManifest,
    Manifest,
    NewerManifest,
    OlderManifest,
    read_manifest,
)

MANIFEST = "manifest.json"
CHUNK_BYTES = 1024 * 1024
BATCH_ROWS = 1000
BATCH_BYTES = 16 * 1024 * 1024
MAX_ROW_BYTES = 256 * 1024 * 1024
"""A file of the largest size that is taken, in base64, with room to spare."""
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
MAX_EXPANSION = 200
"""How many times its own size an archive may unpack to, beyond what any archive may; rows of a table shrink
to a twentieth."""
ALWAYS_ALLOWED_BYTES = 256 * 1024 * 1024
COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED_FLAG = 0x1
ARCHIVE_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, KeyError, ValueError, OverflowError,
)  # fmt: skip
"""What reading a broken archive ends in: the library promises less."""
type Row = list[Any]

NOT_OURS = gettext_lazy("“%(path)s” is no backup that this program made.")
DAMAGED = gettext_lazy("“%(path)s” is damaged (%(where)s): nothing of it can be trusted. Use another copy.")
NEWER = gettext_lazy("“%(path)s” was made by a newer program: update this one, then restore.")
OLDER = gettext_lazy(
    "“%(path)s” was made by an older program: restore it with that version, update, and make a new backup."
)
ALTERED = gettext_lazy("“%(path)s” was not made by this program: %(reason)s. Nothing was changed.")


def table_file(table: str) -> str:
    """Return where a table's rows stand in the archive."""
    return f"tables/{table}.jsonl"


def media_file(path: str) -> str:
    """Return where an uploaded file stands in the archive."""
    return f"media/{path}"


class Backup:
    """An archive that is open for reading, and whose every part is what its manifest says."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self.archive = archive
        self.manifest = _checked(path, archive)

    def open_file(self, path: str) -> IO[bytes]:
        """Open one of the uploaded files."""
        return self.archive.open(media_file(path))

    def batches(self, table: str) -> Iterator[list[Row]]:
        """Yield the rows of a table, as many at once as memory surely holds. Raises Unreadable."""
        batch, size, number = list[Row](), 0, 0
        with io.BufferedReader(self.archive.open(table_file(table)), CHUNK_BYTES) as file:  # type: ignore[type-var] # it reads
            while line := file.readline(MAX_ROW_BYTES + 1):
                number += 1
                batch.append(_row(line, table, number))
                size += len(line)
                if len(batch) == BATCH_ROWS or size > BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch


@contextlib.contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup and check all of it. Raises Unreadable with a sentence, OSError for no file."""
    with path.open("rb") as file:
        with _sentences(path):
            archive = zipfile.ZipFile(file)
        with archive:
            yield Backup(path, archive)


@contextlib.contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Turn whatever a broken archive ends in into Unreadable."""
    try:
        yield
    except ARCHIVE_ERRORS as error:
        raise _unreadable(path, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the file, say
            raise
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Unreadable:
    with path.open("rb") as file:
        was_archive = file.read(2) == b"PK"
    where = str(error) or type(error).__name__
    return Unreadable((DAMAGED if was_archive else NOT_OURS) % {"path": path, "where": printable(where)})


def printable(text: str) -> str:
    """Return a text from a file so that a terminal shows it on one line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:200])


def _checked(path: Path, archive: zipfile.ZipFile) -> Manifest:
    with _sentences(path):
        _require_plain_parts(path, archive)
        manifest = _manifest(path, archive)
        expected = dict(_parts(manifest))
        _require_parts(path, {one.filename for one in archive.infolist()} - {MANIFEST}, set(expected))
        for name, entry in expected.items():
            if _differs(archive, name, entry):
                raise Unreadable(DAMAGED % {"path": path, "where": name})
    return manifest


def _require_plain_parts(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse what this program never writes, before anything is unpacked."""
    parts = archive.infolist()
    for part in parts:
        kind = stat.S_IFMT(part.external_attr >> 16)
        if part.compress_type not in COMPRESSIONS or part.flag_bits & ENCRYPTED_FLAG:
            raise _altered(path, _("“%(name)s” is packed in another way") % named(part.filename))
        if kind not in {0, stat.S_IFREG}:
            raise _altered(path, _("“%(name)s” is not a plain file") % named(part.filename))
    repeated = [name for name, times in Counter(one.filename for one in parts).items() if times > 1]
    if repeated:
        raise _altered(path, _("“%(name)s” is in it twice") % named(repeated[0]))
    unpacked, packed = sum(one.file_size for one in parts), path.stat().st_size
    if unpacked > ALWAYS_ALLOWED_BYTES and unpacked > MAX_EXPANSION * packed:
        size = number_format(unpacked // 1024**2)
        raise _altered(path, _("it would unpack to %(size)s MB") % {"size": size})


def _require_parts(path: Path, found: set[str], expected: set[str]) -> None:
    if unknown := sorted(found - expected):
        raise _altered(path, _("its manifest does not name “%(name)s”") % named(unknown[0]))
    if missing := sorted(expected - found):
        raise Unreadable(DAMAGED % {"path": path, "where": missing[0]})


def _altered(path: Path, reason: str) -> Unreadable:
    return Unreadable(ALTERED % {"path": path, "reason": reason})


def named(name: str) -> dict[str, str]:
    """Return the name of a part for a sentence."""
    return {"name": printable(name)}


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    """Return the manifest, if this program understands it."""
    if MANIFEST not in archive.namelist():
        raise Unreadable(NOT_OURS % {"path": path})
    if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
        raise Unreadable(DAMAGED % {"path": path, "where": MANIFEST})
    try:
        return read_manifest(archive.read(MANIFEST))
    except ForeignManifest as error:
        raise Unreadable(NOT_OURS % {"path": path}) from error
    except NewerManifest as error:
        raise Unreadable(NEWER % {"path": path}) from error
    except OlderManifest as error:
        raise Unreadable(OLDER % {"path": path}) from error
    except InvalidManifest as error:
        raise Unreadable(DAMAGED % {"path": path, "where": MANIFEST}) from error


def _parts(manifest: Manifest) -> Iterator[tuple[str, FileEntry]]:
    """Yield the name of everything beside the manifest, and what the manifest says of it."""
    for table, entry in manifest.tables.items():
        yield table_file(table), entry
    for path, file in manifest.files.items():
        yield media_file(path), file


def _differs(archive: zipfile.ZipFile, name: str, entry: FileEntry) -> bool:
    if archive.getinfo(name).file_size != entry.bytes:
        return True
    with archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256  # type: ignore[arg-type]  # it reads


def _row(line: bytes, table: str, number: int) -> Row:
    """Return a line as a row. Raises Unreadable."""
    with contextlib.suppress(ValueError, RecursionError):
        row = json.loads(line) if len(line) <= MAX_ROW_BYTES else None
        if isinstance(row, list):
            return row
    sentence = _("Line %(number)d of %(table)s is not a row. Nothing was changed.")
    raise Unreadable(sentence % {"number": number, "table": table})


def say_contents(manifest: Manifest) -> str:
    """Return how much a backup holds, in words."""
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
