"""Keep what a restore writes readable by its owner alone (folders 0700, files 0600)."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from convention.ops.local_data import LOCAL_DATA_NAMES, OWNER_FOLDER_MODE, prepare_local_data

OWNER_FILE_MODE = 0o600
# Suffixes of the files that SQLite and our write queue create beside the database.
SQLITE_FILE_SUFFIXES = ("", "-wal", "-shm", "-journal", "-queue")


@contextlib.contextmanager
def use_private_umask() -> Iterator[None]:
    """Let this process create files that nobody else can read."""
    # For the whole process, since SQLite and `migrate` create files too.
    previous_umask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(previous_umask)


def restrict_local_data() -> None:
    """Remove other users' rights from existing local data, uploaded files and SQLite files."""
    prepare_local_data(settings.VAR_DIR)
    for folder in (settings.MEDIA_ROOT, *(settings.VAR_DIR / name for name in LOCAL_DATA_NAMES)):
        for path in (folder, *folder.rglob("*")):
            _restrict_path(path)
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for suffix in SQLITE_FILE_SUFFIXES:
            _restrict_path(Path(name + suffix))


def _restrict_path(path: Path) -> None:
    # The target of a link may belong to something else.
    if path.exists() and not path.is_symlink():
        with contextlib.suppress(OSError):  # another user's, or a file system without rights
            path.chmod(OWNER_FOLDER_MODE if path.is_dir() else OWNER_FILE_MODE)
