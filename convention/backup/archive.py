"""The file of a backup: a zip with `manifest.json`, a file of JSON lines for each table, and uploaded files.

The manifest says who made it when, at which migrations, and of each part how many rows and which SHA-256.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.errors import Unreadable

FORMAT = "convention-backup"
VERSION = 1
MANIFEST = "manifest.json"
PIECE = 1024 * 1024
type Manifest = dict[str, Any]

NOT_OURS = gettext_lazy("“%(path)s” is no backup that this program made.")
DAMAGED = gettext_lazy("“%(path)s” is damaged (%(where)s): nothing of it can be trusted. Use another copy.")


def table_file(table: str) -> str:
    """Where a table's rows stand in the archive."""
    return f"tables/{table}.jsonl"


def media_file(path: str) -> str:
    """Where an uploaded file stands in the archive."""
    return f"media/{path}"


def key_mark(key: str) -> str:
    """Tells whether two sites have the same SECRET_KEY, and nothing else about it."""
    return salted_hmac(FORMAT, "key", secret=key, algorithm="sha256").hexdigest()[:32]


def knows_key(manifest: Manifest) -> bool:
    """Whether links and sessions signed by the site that was saved are good here."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return manifest["key_mark"] in {key_mark(key) for key in keys}


def check(path: Path) -> Manifest:
    """Read the whole file and compare it with its manifest. Raises Unreadable with a sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = manifest_of(archive, path)
            for name, digest in parts(manifest):
                if digest_of(archive, name) != digest:
                    raise Unreadable(DAMAGED % {"path": path, "where": name})
    except KeyError as error:
        raise Unreadable(DAMAGED % {"path": path, "where": error}) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        sentence = DAMAGED if starts_as_zip(path) else NOT_OURS
        raise Unreadable(sentence % {"path": path, "where": error}) from error
    return manifest


def starts_as_zip(path: Path) -> bool:
    """Whether it was an archive once."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def manifest_of(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest, if this program understands it."""
    try:
        manifest: Manifest = json.loads(archive.read(MANIFEST))
        ours = manifest["format"] == FORMAT
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(NOT_OURS % {"path": path}) from error
    if not ours:
        raise Unreadable(NOT_OURS % {"path": path})
    if manifest["version"] != VERSION:
        sentence = _("“%(path)s” was made by a newer program: update this one, then restore.")
        raise Unreadable(sentence % {"path": path})
    return manifest


def contents(manifest: Manifest) -> str:
    """How much it holds, in words."""
    rows = sum(facts["rows"] for facts in manifest["tables"].values())
    tables, files = len(manifest["tables"]), len(manifest["files"])
    return _("%(rows)s of %(tables)s and %(files)s") % {
        "rows": ngettext("%(count)s row", "%(count)s rows", rows)
        % {"count": number_format(rows, force_grouping=True)},
        "tables": ngettext("%(count)d table", "%(count)d tables", tables) % {"count": tables},
        "files": ngettext("%(count)d file", "%(count)d files", files) % {"count": files},
    }


def parts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The name and the SHA-256 of everything in the archive."""
    for table, facts in manifest["tables"].items():
        yield table_file(table), facts["sha256"]
    for path, facts in manifest["files"].items():
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise Unreadable(_("The backup names a file outside its folder: “%(path)s”.") % {"path": path})
        yield media_file(path), facts["sha256"]


def digest_of(archive: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of one part."""
    with archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a reader is enough


def lines(archive: zipfile.ZipFile, table: str) -> Iterator[list[Any]]:
    """The rows of one table."""
    with archive.open(table_file(table)) as file:
        for line in file:
            yield json.loads(line)


def copy(source: IO[bytes], target: IO[bytes]) -> dict[str, Any]:
    """Copy a file piece by piece; its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        target.write(piece)
        digest.update(piece)
        size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}
