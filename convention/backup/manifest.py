"""The manifest of a backup: its site, time and migrations, and size and checksum of each part."""

import datetime
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from convention.codes.secret_keys import list_secret_keys

MANIFEST_FORMAT = "convention-backup"
# Increase it when older programs could no longer read the file.
MANIFEST_VERSION = 2
# Keys are 64-bit integers in both databases.
MAX_NUMBER = 2**63 - 1
SHA256_LENGTH = 64


class InvalidManifest(Exception):
    """The text is not a backup manifest, or has missing or invalid values."""


class ForeignManifest(InvalidManifest):
    """The text is not a backup manifest at all."""


class OlderManifest(InvalidManifest):
    """An earlier version of the program wrote it."""


class NewerManifest(InvalidManifest):
    """A later version of the program wrote it."""


@dataclass(frozen=True)
class FileEntry:
    """The size of a file and the SHA-256 of its content, as hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class TableEntry(FileEntry):
    """Size and SHA-256 of a table's rows; `next` is the next primary key, None if keys are not counted."""

    columns: list[str]
    rows: int
    next: int | None


@dataclass(frozen=True)
class BackupManifest:
    """The contents of a backup; `made_at` is in UTC, `migrations` has the last one of each app."""

    made_at: str
    site: str
    key_fingerprint: str
    migrations: dict[str, str]
    tables: dict[str, TableEntry]
    files: dict[str, FileEntry]

    @property
    def has_known_key(self) -> bool:
        """Return whether this site's SECRET_KEY or a fallback is the one of the site that was saved."""
        return self.key_fingerprint in map(fingerprint_key, list_secret_keys())

    def to_json(self) -> bytes:
        """Return the text of `manifest.json`."""
        return json.dumps(
            {"format": MANIFEST_FORMAT, "version": MANIFEST_VERSION, **asdict(self)}, indent=1
        ).encode()


def fingerprint_key(key: str) -> str:
    """Return a hash that shows only whether two sites have the same SECRET_KEY."""
    # Keyed by the secret itself, so that the hash reveals nothing else about it.
    return salted_hmac(MANIFEST_FORMAT, "key", secret=key, algorithm="sha256").hexdigest()[:32]


def own_fingerprint() -> str:
    """Return the fingerprint of this site's SECRET_KEY."""
    return fingerprint_key(settings.SECRET_KEY)


def read_manifest(content: bytes) -> BackupManifest:
    """Parse a manifest and check the type of every value. Raise InvalidManifest or a subclass."""
    try:
        values = json.loads(content)
        version = values["version"] if values["format"] == MANIFEST_FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ForeignManifest from error
    # Not `isinstance`: True would be version 1.
    if type(version) is not int:
        raise ForeignManifest
    if version != MANIFEST_VERSION:
        raise NewerManifest if version > MANIFEST_VERSION else OlderManifest
    try:
        return _parse_manifest(values)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidManifest from error


def _parse_manifest(values: dict[str, Any]) -> BackupManifest:
    return BackupManifest(
        made_at=_parse_time(values["made_at"]),
        site=_parse_text(values["site"]),
        key_fingerprint=_parse_text(values["key_fingerprint"]),
        migrations=_parse_mapping(values["migrations"], _parse_text, _parse_text),
        tables=_parse_mapping(values["tables"], _parse_text, _parse_table),
        files=_parse_mapping(values["files"], _parse_path, _parse_file),
    )


def _parse_table(value: Any) -> TableEntry:
    number = value["next"]
    return TableEntry(
        columns=[_parse_text(name) for name in _require_type(value["columns"], list)],
        rows=_parse_count(value["rows"]),
        bytes=_parse_count(value["bytes"]),
        next=None if number is None else _parse_count(number),
        sha256=_parse_digest(value["sha256"]),
    )


def _parse_file(value: Any) -> FileEntry:
    return FileEntry(bytes=_parse_count(value["bytes"]), sha256=_parse_digest(value["sha256"]))


def _parse_mapping[Value](
    value: Any, parse_key: Callable[[Any], str], parse_value: Callable[[Any], Value]
) -> dict[str, Value]:
    return {parse_key(key): parse_value(item) for key, item in _require_type(value, dict).items()}


def _require_type[Kind](value: Any, kind: type[Kind]) -> Kind:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


def _parse_text(value: Any) -> str:
    """Return a short printable text, without characters that control a terminal."""
    text = _require_type(value, str)
    if not text.isprintable() or len(text) > 1000:
        raise ValueError("no such text")
    return text


def _parse_count(value: Any) -> int:
    number = _require_type(value, int)
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError("no such number")
    return number


def _parse_digest(value: Any) -> str:
    text = _require_type(value, str)
    if len(text) != SHA256_LENGTH or set(text) - set("0123456789abcdef"):
        raise ValueError("no SHA-256")
    return text


def _parse_time(value: Any) -> str:
    moment = datetime.datetime.fromisoformat(_parse_text(value))
    return moment.astimezone(datetime.UTC).isoformat()


def _parse_path(value: Any) -> str:
    """Return a relative path below the folder of uploaded files, in normal form."""
    text = _parse_text(value)
    path = PurePosixPath(text)
    # A crafted path could write anywhere (zip slip); only the normal
    # form is accepted, so that no two names are one file.
    if path.is_absolute() or ".." in path.parts or path.as_posix() != text or text == ".":
        raise ValueError("no such path")
    return text
