"""The manifest of a backup: who made it when, at which migrations, and what each part of it holds."""

import datetime
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from convention.secret_keys import secret_keys

FORMAT = "convention-backup"
VERSION = 2
LARGEST_NUMBER = 2**63 - 1
SHA256_CHARACTERS = 64


class InvalidManifest(Exception):
    """The text is no manifest of a backup, or one that does not say all it must."""


class ForeignManifest(InvalidManifest):
    """The text is something else altogether."""


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
    """The same of a table's rows; `next` is the number of the next row, None where keys are not counted."""

    columns: list[str]
    rows: int
    next: int | None


@dataclass(frozen=True)
class Manifest:
    """All that a backup says of itself; `made_at` is UTC, `migrations` the last one of each app."""

    made_at: str
    site: str
    key_fingerprint: str
    migrations: dict[str, str]
    tables: dict[str, TableEntry]
    files: dict[str, FileEntry]

    @property
    def has_known_key(self) -> bool:
        """Whether this site has the SECRET_KEY of the one that was saved, as its key or as a fallback."""
        return self.key_fingerprint in map(fingerprint_of, secret_keys())

    def to_json(self) -> bytes:
        """Return it as the text that stands in the archive."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1).encode()


def fingerprint_of(key: str) -> str:
    """Return what tells whether two sites have the same SECRET_KEY, and nothing else about it."""
    return salted_hmac(FORMAT, "key", secret=key, algorithm="sha256").hexdigest()[:32]


def own_fingerprint() -> str:
    """Return the fingerprint of this site's SECRET_KEY."""
    return fingerprint_of(settings.SECRET_KEY)


def read_manifest(content: bytes) -> Manifest:
    """Return a manifest whose every value has its type. Raises InvalidManifest, or what it is instead."""
    try:
        values = json.loads(content)
        version = values["version"] if values["format"] == FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ForeignManifest from error
    if type(version) is not int:
        raise ForeignManifest
    if version != VERSION:
        raise NewerManifest if version > VERSION else OlderManifest
    try:
        return _manifest(values)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidManifest from error


def _manifest(values: dict[str, Any]) -> Manifest:
    return Manifest(
        made_at=_moment(values["made_at"]),
        site=_text(values["site"]),
        key_fingerprint=_text(values["key_fingerprint"]),
        migrations=_each(values["migrations"], _text, _text),
        tables=_each(values["tables"], _text, _table),
        files=_each(values["files"], _path, _file),
    )


def _table(value: Any) -> TableEntry:
    number = value["next"]
    return TableEntry(
        columns=[_text(name) for name in _typed(value["columns"], list)],
        rows=_count(value["rows"]),
        bytes=_count(value["bytes"]),
        next=None if number is None else _count(number),
        sha256=_digest(value["sha256"]),
    )


def _file(value: Any) -> FileEntry:
    return FileEntry(bytes=_count(value["bytes"]), sha256=_digest(value["sha256"]))


def _each[Value](value: Any, name_of: Callable[[Any], str], read: Callable[[Any], Value]) -> dict[str, Value]:
    return {name_of(name): read(one) for name, one in _typed(value, dict).items()}


def _typed[Kind](value: Any, kind: type[Kind]) -> Kind:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


def _text(value: Any) -> str:
    """A short text that may be printed: nothing in it moves a terminal's cursor."""
    text = _typed(value, str)
    if not text.isprintable() or len(text) > 1000:
        raise ValueError("no such text")
    return text


def _count(value: Any) -> int:
    number = _typed(value, int)
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError("no such number")
    return number


def _digest(value: Any) -> str:
    text = _typed(value, str)
    if len(text) != SHA256_CHARACTERS or set(text) - set("0123456789abcdef"):
        raise ValueError("no SHA-256")
    return text


def _moment(value: Any) -> str:
    moment = datetime.datetime.fromisoformat(_text(value))
    return moment.astimezone(datetime.UTC).isoformat()


def _path(value: Any) -> str:
    """A path below the folder of uploaded files, written in one way only."""
    text = _text(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or path.as_posix() != text or text == ".":
        raise ValueError("no such path")
    return text
