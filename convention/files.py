"""Read and write files for commands: with a size limit, atomically, and with a sentence for each OS error."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import ConventionError, UnreadableFile

MAX_FILE_BYTES = 64 * 1024 * 1024


def read_input_file(path: Path) -> bytes:
    """Return the content of a file. Raise UnreadableFile, also above MAX_FILE_BYTES."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": describe_os_error(error)}
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(
            _("%(path)s is larger than %(most)d MB.") % {"path": path, "most": MAX_FILE_BYTES // 1024**2}
        )
    return content


@contextmanager
def write_atomically(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Write to a temporary file beside `path` and rename it at the end.

    A new file gets the permissions `mode` (default 0644); a replaced one keeps its own, limited to `mode`.

    Raise ConventionError if nothing can be written; an existing file is then unchanged.
    """
    try:
        _check_target(path)
        with _open_target(path, mode) as file:
            yield file
    except OSError as error:
        raise ConventionError(
            _("%(path)s cannot be written: %(reason)s.") % {"path": path, "reason": describe_os_error(error)}
        ) from error


def _check_target(path: Path) -> None:
    if path.is_dir():
        raise ConventionError(_("%(path)s is a folder. Enter the name of a file.") % {"path": path})
    if not path.parent.is_dir():
        raise ConventionError(
            _("%(path)s cannot be written: the folder %(folder)s does not exist.")
            % {"path": path, "folder": path.parent}
        )


def _open_target(path: Path, mode: int | None) -> AbstractContextManager[BinaryIO]:
    return _open_device(path) if path.exists() and not path.is_file() else _open_draft(path.resolve(), mode)


@contextmanager
def _open_device(path: Path) -> Iterator[BinaryIO]:
    """Write directly into a device or pipe, which must not be replaced."""
    with path.open("wb") as file:
        yield file


@contextmanager
def _open_draft(path: Path, mode: int | None) -> Iterator[BinaryIO]:
    """Write a draft in the same folder, then rename it."""
    # In the same folder, since a rename across file systems is not atomic.
    descriptor, name = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            # Without `fsync`, a power cut after the rename could leave an empty file.
            os.fsync(file.fileno())
        draft.chmod(_target_permissions(path, mode))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _target_permissions(path: Path, mode: int | None) -> int:
    if not path.exists():
        return 0o644 if mode is None else mode
    # A replaced file keeps its permissions, without those that this content must not have.
    return path.stat().st_mode & (0o777 if mode is None else mode)


OS_ERROR_REASONS = {
    errno.ENOENT: gettext_lazy("the file does not exist"),
    errno.EISDIR: gettext_lazy("it is a folder"),
    errno.ENOTDIR: gettext_lazy("part of the path is not a folder"),
    errno.EACCES: gettext_lazy("permission is missing"),
    errno.EPERM: gettext_lazy("permission is missing"),
    errno.EROFS: gettext_lazy("the location is read-only"),
    errno.ENOSPC: gettext_lazy("no space is left"),
    errno.ENAMETOOLONG: gettext_lazy("the name is too long"),
    errno.EPIPE: gettext_lazy("nothing is reading it"),
}


def describe_os_error(error: OSError) -> str:
    """Return the reason of an OSError: a translated text for frequent ones, else the system's message."""
    known_reason = OS_ERROR_REASONS.get(error.errno or 0)
    return str(known_reason) if known_reason else error.strerror or str(error)
