"""What a restore writes and finds is people's data: for its owner alone (folders 0700, files 0600)."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from convention.local_data import MADE_HERE, OURS_ALONE, open_local_data

OWNER_FILE = 0o600
BESIDE_SQLITE = ("", "-wal", "-shm", "-journal", "-queue")
"""What SQLite, and our queue of writers, append to the name of the database's file for theirs."""


@contextlib.contextmanager
def only_for_owner() -> Iterator[None]:
    """Let this process make files that nobody else reads."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def narrow_local_data() -> None:
    """Take from others what stood there with wider rights: local data, uploaded files, SQLite's files."""
    open_local_data(settings.VAR_DIR)
    for folder in (settings.MEDIA_ROOT, *(settings.VAR_DIR / name for name in MADE_HERE)):
        for path in (folder, *folder.rglob("*")):
            _narrow(path)
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for ending in BESIDE_SQLITE:
            _narrow(Path(name + ending))


def _narrow(path: Path) -> None:
    if path.exists() and not path.is_symlink():
        with contextlib.suppress(OSError):  # another user's, or a file system without rights
            path.chmod(OURS_ALONE if path.is_dir() else OWNER_FILE)
