"""Files that commands read and write: whole or not at all, and a sentence for each reason why not."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import ConventionError, Unreadable

LARGEST = 64 * 1024 * 1024


def read_file(path: Path) -> bytes:
    """What is in the file. Raises Unreadable: no file, a folder, not ours to read, too large."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": reason_of(error)}
        ) from error
    if len(content) > LARGEST:
        raise Unreadable(
            _("%(path)s is larger than %(most)d MB.") % {"path": path, "most": LARGEST // 1024**2}
        )
    return content


@contextmanager
def whole_file(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Write beside the file and put it in place at the end: nothing is ever half written.

    A new file gets the permissions of `mode` (0644 where none is given); one that is replaced keeps its own,
    but never has more than `mode`.

    Raises ConventionError where nothing can be written there; then what was there is untouched.
    """
    try:
        _require_place(path)
        with _place(path, mode) as file:
            yield file
    except OSError as error:
        raise ConventionError(
            _("%(path)s cannot be written: %(reason)s.") % {"path": path, "reason": reason_of(error)}
        ) from error


def _require_place(path: Path) -> None:
    if path.is_dir():
        raise ConventionError(_("%(path)s is a folder; name a file to write.") % {"path": path})
    if not path.parent.is_dir():
        raise ConventionError(
            _("%(path)s cannot be written: there is no folder %(folder)s.")
            % {"path": path, "folder": path.parent}
        )


def _place(path: Path, mode: int | None) -> AbstractContextManager[BinaryIO]:
    return _straight(path) if path.exists() and not path.is_file() else _beside(path.resolve(), mode)


@contextmanager
def _straight(path: Path) -> Iterator[BinaryIO]:
    """A device or a pipe takes what comes; it is never replaced."""
    with path.open("wb") as file:
        yield file


@contextmanager
def _beside(path: Path, mode: int | None) -> Iterator[BinaryIO]:
    """A draft in the same folder, then renamed."""
    handle, name = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(_permissions(path, mode))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _permissions(path: Path, mode: int | None) -> int:
    if not path.exists():
        return 0o644 if mode is None else mode
    return path.stat().st_mode & (0o777 if mode is None else mode)


REASONS = {
    errno.ENOENT: gettext_lazy("there is no such file"),
    errno.EISDIR: gettext_lazy("it is a folder"),
    errno.ENOTDIR: gettext_lazy("a part of the path is no folder"),
    errno.EACCES: gettext_lazy("permission is missing"),
    errno.EPERM: gettext_lazy("permission is missing"),
    errno.EROFS: gettext_lazy("it stands where nothing can be written"),
    errno.ENOSPC: gettext_lazy("no space is left"),
    errno.ENAMETOOLONG: gettext_lazy("the name is too long"),
    errno.EPIPE: gettext_lazy("nobody reads it"),
}


def reason_of(error: OSError) -> str:
    """Why, in our words for what is usual, else in the system's."""
    usual = REASONS.get(error.errno or 0)
    return str(usual) if usual else error.strerror or str(error)
