"""The folder of local data: people's data, which nobody else on this machine reads."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

OURS_ALONE: Final = 0o700
MADE_HERE: Final = ("metrics", "secret_key", "convention.sqlite3", "limits.sqlite3", "mail")


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


def holds_our_data(folder: Path) -> bool:
    """Whether something lies there that this program makes."""
    return any((folder / name).exists() for name in MADE_HERE)
