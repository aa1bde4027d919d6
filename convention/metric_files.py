"""Metrics of several processes: values in memory, copied to a file of each process, added up when asked.

Set `prometheus_client.values.ValueClass` to FileValue before the first metric is made. The library's own
class for several processes maps sparse files into memory: on a full disk the kernel ends the process (SIGBUS)
at the first write to a page for which there is no room. Here ordinary writes copy the values. A write that
fails is made up for by a later one, and the values in memory are right meanwhile. The files have the format
of the library, so that its MultiProcessCollector reads them.
"""

import os
import struct
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from prometheus_client import Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

RETRY_SECONDS: Final = 1.0
"""Pause after a write that failed."""
HEADER: Final = struct.Struct("i4x")
KEY_LENGTH: Final = struct.Struct("i")
VALUE_AND_TIME: Final = struct.Struct("dd")
READS: Final = 3
"""Attempts at reading all files: one may vanish with its process in the middle."""


class MetricFile:
    """The copy of one process's values of one type of metric, such as `counter_4711.db`.

    `folder` is made when it is first needed. Methods never raise: a disk without room, or that went away,
    leaves the file behind, and the first write that succeeds later brings it up to date.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.path = folder / f"{kind}_{os.getpid()}.db"
        self._content = bytearray(HEADER.pack(HEADER.size))
        self._descriptor = -1
        self._written_bytes = 0  # how much of the content the file is known to hold
        self._retry_at = 0.0

    def add(self, key: str) -> int:
        """Append an entry for the value of that name, zero at first; return its position for `put`."""
        encoded = key.encode()
        padded = encoded + b" " * (8 - (len(encoded) + KEY_LENGTH.size) % 8)
        self._content += KEY_LENGTH.pack(len(encoded)) + padded + VALUE_AND_TIME.pack(0.0, 0.0)
        HEADER.pack_into(self._content, 0, len(self._content))
        return len(self._content) - VALUE_AND_TIME.size

    def put(self, position: int, value: float) -> None:
        """Set a value, in memory and in the file."""
        VALUE_AND_TIME.pack_into(self._content, position, value, 0.0)
        if position < self._written_bytes:
            self._write(position, position + VALUE_AND_TIME.size)
        else:
            self.flush()

    def flush(self) -> None:
        """Write what the file does not hold yet."""
        end = len(self._content)
        if self._written_bytes == end or time.monotonic() < self._retry_at:
            return
        start = max(self._written_bytes, HEADER.size)
        # The header comes last, so that a reader never looks for entries that are not there yet.
        if self._write(start, end) and self._write(0, HEADER.size):
            self._written_bytes = end

    def _write(self, start: int, end: int) -> bool:
        """Return whether all of it was written; if not, all of the file is written again after a pause."""
        try:
            is_written = os.pwrite(self._opened(), self._content[start:end], start) == end - start
        except OSError:
            is_written = False
        if not is_written:
            self._written_bytes = 0
            self._retry_at = time.monotonic() + RETRY_SECONDS
        return is_written

    def _opened(self) -> int:
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor


class FileValue:
    """A number of a metric, as prometheus_client's `values.MutexValue`, copied to a file of this process.

    `folder` must be set before the first metric is made.
    """

    _multiprocess = True  # read by the library
    folder: Path
    _lock = threading.Lock()
    _files: dict[str, MetricFile] = {}
    _made: "list[FileValue]" = []

    def __init__(self, kind: str, *described: Any, **_other: Any) -> None:
        """Begin at zero; `described` is what the library passes: metric, name, labels, values, help."""
        self._kind, self._key = kind, mmap_key(*described)
        with self._lock:
            self._made.append(self)
            self._begin()

    def _begin(self) -> None:
        self._value = 0.0
        if self._kind not in self._files:
            self._files[self._kind] = MetricFile(self.folder, self._kind)
        self._file = self._files[self._kind]
        self._position = self._file.add(self._key)

    def inc(self, amount: float) -> None:
        """Add to the value."""
        with self._lock:
            self._value += amount
            self._file.put(self._position, self._value)

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Set the value; the moment is not stored."""
        with self._lock:
            self._value = value
            self._file.put(self._position, value)

    def get(self) -> float:
        """Return the value of this process."""
        return self._value

    def set_exemplar(self, exemplar: Any) -> None:
        """Ignore an exemplar: files hold none."""

    def get_exemplar(self) -> None:
        """Return None: files hold no exemplars."""

    @classmethod
    def flush_all(cls) -> None:
        """Bring this process's files up to date where a write failed before."""
        with cls._lock:
            for file in cls._files.values():
                file.flush()

    @classmethod
    def begin_again(cls) -> None:
        """Count from zero in a forked process, whose parent goes on with its own files."""
        cls._lock = threading.Lock()
        cls._files = {}
        for value in cls._made:
            value._begin()


os.register_at_fork(after_in_child=FileValue.begin_again)


def read_all(folder: Path) -> list[Metric]:
    """Return the metrics that all processes counted, added up; nothing while the folder cannot be read."""
    FileValue.flush_all()
    for _read in range(READS):
        try:
            return list(MultiProcessCollector.merge(map(str, complete_files(folder)), accumulate=True))
        except OSError:
            continue
    return []


def complete_files(folder: Path) -> Iterable[Path]:
    """Yield the files that have a header; on a full disk one may stay empty."""
    yield from (path for path in folder.glob("*.db") if path.stat().st_size >= HEADER.size)


def remove_files_of_dead_processes(folder: Path) -> None:
    """Remove the files of processes that have ended; called where a process starts to serve."""
    for path in folder.glob("*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists() and Path("/proc").exists():
            path.unlink(missing_ok=True)
