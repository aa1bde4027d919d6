"""The folder of local data: people's data, which nobody else on this machine reads."""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

OURS_ALONE: Final = 0o700
MADE_HERE: Final = (
    "metrics", "secret_key", "identity_key", "convention.sqlite3", "limits.sqlite3", "mail", "media", "lan",
)  # fmt: skip


def open_local_data(folder: Path) -> None:
    """Make the folder, or take from others what an older version let them read.

    A folder that is somebody else's, for everybody (such as /tmp), or without anything of ours keeps its
    rights. Raises OSError where there is no such folder and none can be made.
    """
    folder.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
    found = folder.stat()
    is_for_all = bool(found.st_mode & stat.S_ISVTX)
    is_wide = bool(stat.S_IMODE(found.st_mode) & ~OURS_ALONE)
    if is_wide and not is_for_all and found.st_uid == os.geteuid() and holds_our_data(folder):
        with contextlib.suppress(OSError):  # some file systems know no rights
            folder.chmod(OURS_ALONE)


def stored_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in a file that only its owner reads; make both if there is none.

    The file appears with its content or not at all: on a full disk an empty one would be read as an empty
    secret at the next start. Of several processes that begin at once all get the same secret. Raises OSError.
    """
    with _locked(path.parent):
        if not (path.exists() and path.read_text()):
            _write_secret(path, make())
    return path.read_text()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_secret(path: Path, secret: str) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def holds_our_data(folder: Path) -> bool:
    """Whether something lies there that this program makes."""
    return any((folder / name).exists() for name in MADE_HERE)
