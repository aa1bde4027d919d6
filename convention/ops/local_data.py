"""The folder of local data. It contains personal data and is readable by its owner alone."""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

OWNER_FOLDER_MODE: Final = 0o700
LOCAL_DATA_NAMES: Final = (
    "metrics", "secret_key", "identity_key", "convention.sqlite3", "limits.sqlite3", "mail", "media", "lan",
)  # fmt: skip


def prepare_local_data(folder: Path) -> None:
    """Create the folder, or remove the rights of others that an older version left.

    A folder that belongs to another user, is writable for everybody (such as /tmp) or has no file of ours
    keeps its rights. Raise OSError if there is no such folder and it cannot be created.
    """
    folder.mkdir(mode=OWNER_FOLDER_MODE, parents=True, exist_ok=True)
    status = folder.stat()
    # The sticky bit marks folders that all users share.
    is_shared = bool(status.st_mode & stat.S_ISVTX)
    has_other_rights = bool(stat.S_IMODE(status.st_mode) & ~OWNER_FOLDER_MODE)
    if has_other_rights and not is_shared and status.st_uid == os.geteuid() and has_own_data(folder):
        with contextlib.suppress(OSError):  # some file systems have no permissions
            folder.chmod(OWNER_FOLDER_MODE)


def read_or_create_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in a file, creating it if there is none.

    The file is written atomically: an empty file, left by a full disk, would be an empty secret at the next
    start. Several processes that start at once get the same secret. Raise OSError.
    """
    with _lock_folder(path.parent):
        if not (path.exists() and path.read_text()):
            _write_secret(path, make())
    return path.read_text()


@contextlib.contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Lock the folder, so that one process at a time changes it."""
    # The folder itself is locked: a lock file would stay behind.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_secret(path: Path, secret: str) -> None:
    # `mkstemp` creates it readable by its owner alone (0600).
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def has_own_data(folder: Path) -> bool:
    """Return whether files that this program creates are in the folder."""
    return any((folder / name).exists() for name in LOCAL_DATA_NAMES)
