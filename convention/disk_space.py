"""Recognize errors that a full disk causes."""

import errno
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

NO_SPACE_ERRNOS: Final = {errno.ENOSPC, errno.EDQUOT}
POSTGRESQL_DISK_FULL: Final = "53100"
# SQLite reports these if there is no space for its -wal and -shm files, but also for other reasons.
DOUBTFUL_SQLITE_ERRORS: Final = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
# With less free space a doubtful error counts as a full disk.
MIN_FREE_BYTES: Final = 256 * 1024


def is_out_of_space(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, comes from a full disk or quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_SPACE_ERRNOS:
            return True
        if isinstance(error, sqlite3.Error) and _is_full(getattr(error, "sqlite_errorcode", 0)):
            return True
        if getattr(error, "sqlstate", None) == POSTGRESQL_DISK_FULL:
            return True
        error = error.__cause__
    return False


def _is_full(sqlite_code: int) -> bool:
    primary_code = sqlite_code & 0xFF
    if primary_code == sqlite3.SQLITE_FULL:
        return True
    folders = [settings.VAR_DIR, database_folder()]
    return primary_code in DOUBTFUL_SQLITE_ERRORS and any(
        free_bytes(folder) < MIN_FREE_BYTES for folder in folders if folder
    )


def database_folder() -> Path | None:
    """Return the folder of the SQLite file; None for PostgreSQL."""
    folder = Path(str(connection.settings_dict["NAME"])).parent
    return folder if connection.vendor == "sqlite" and folder.is_dir() else None


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
