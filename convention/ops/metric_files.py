"""Metrics of several processes: values in memory, copied to a file of each process, added up when read.

Set `prometheus_client.values.ValueClass` to FileValue before the first metric is made. The library's own
class for several processes maps sparse files into memory: on a full disk the kernel kills the process
(SIGBUS) at the first write to a page without space. Here ordinary writes copy the values; after a failed
write a later one catches up, and the values in memory stay correct. The file format is the library's, so that
its MultiProcessCollector reads it.
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

# Pause after a failed write.
RETRY_SECONDS: Final = 1.0
HEADER_FORMAT: Final = struct.Struct("i4x")
KEY_LENGTH_FORMAT: Final = struct.Struct("i")
VALUE_FORMAT: Final = struct.Struct("dd")
# Attempts to read all files: one may vanish with its process meanwhile.
MAX_READS: Final = 3


class MetricFile:
    """The file of one process for one type of metric, such as `counter_4711.db`.

    `folder` is created when first needed. Methods never raise: on a full or missing disk the file falls
    behind, and the next successful write brings it up to date.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.path = folder / f"{kind}_{os.getpid()}.db"
        self._content = bytearray(HEADER_FORMAT.pack(HEADER_FORMAT.size))
        self._descriptor = -1
        self._written_bytes = 0  # bytes that are known to be in the file
        self._retry_at = 0.0

    def add(self, key: str) -> int:
        """Append an entry for the value of that name, zero at first; return its position for `put`."""
        encoded = key.encode()
        # The library's format: entries begin at multiples of eight bytes.
        padded = encoded + b" " * (8 - (len(encoded) + KEY_LENGTH_FORMAT.size) % 8)
        self._content += KEY_LENGTH_FORMAT.pack(len(encoded)) + padded + VALUE_FORMAT.pack(0.0, 0.0)
        HEADER_FORMAT.pack_into(self._content, 0, len(self._content))
        return len(self._content) - VALUE_FORMAT.size

    def put(self, position: int, value: float) -> None:
        """Set a value, in memory and in the file."""
        VALUE_FORMAT.pack_into(self._content, position, value, 0.0)
        if position < self._written_bytes:
            self._write(position, position + VALUE_FORMAT.size)
        else:
            self.flush()

    def flush(self) -> None:
        """Write what is not in the file yet."""
        end = len(self._content)
        if self._written_bytes == end or time.monotonic() < self._retry_at:
            return
        start = max(self._written_bytes, HEADER_FORMAT.size)
        # The header comes last, so that a reader never looks for entries that are not there yet.
        if self._write(start, end) and self._write(0, HEADER_FORMAT.size):
            self._written_bytes = end

    def _write(self, start: int, end: int) -> bool:
        """Write a range of the file; return whether it succeeded. If not, rewrite all after a pause."""
        try:
            is_written = os.pwrite(self._open_descriptor(), self._content[start:end], start) == end - start
        except OSError:
            is_written = False
        if not is_written:
            self._written_bytes = 0
            self._retry_at = time.monotonic() + RETRY_SECONDS
        return is_written

    def _open_descriptor(self) -> int:
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor


class FileValue:
    """A metric's value, like prometheus_client's `values.MutexValue`, copied to this process's file.

    `folder` must be set before the first metric is made.
    """

    _multiprocess = True  # the library reads this attribute
    folder: Path
    _lock = threading.Lock()
    _files: dict[str, MetricFile] = {}
    _instances: "list[FileValue]" = []

    def __init__(self, kind: str, *key_parts: Any, **_other: Any) -> None:
        """Start at zero; the library passes `key_parts`: metric, name, labels, values, help."""
        self._kind, self._key = kind, mmap_key(*key_parts)
        with self._lock:
            self._instances.append(self)
            self._start_at_zero()

    def _start_at_zero(self) -> None:
        self._value = 0.0
        if self._kind not in self._files:
            self._files[self._kind] = MetricFile(self.folder, self._kind)
        self._file = self._files[self._kind]
        self._position = self._file.add(self._key)

    def inc(self, amount: float) -> None:
        with self._lock:
            self._value += amount
            self._file.put(self._position, self._value)

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Set the value; the timestamp is not stored."""
        with self._lock:
            self._value = value
            self._file.put(self._position, value)

    def get(self) -> float:
        return self._value

    def set_exemplar(self, exemplar: Any) -> None:
        """Ignore an exemplar: the file format has none."""

    def get_exemplar(self) -> None:
        """Return None: the file format has no exemplars."""

    @classmethod
    def flush_all(cls) -> None:
        """Write what failed to be written before."""
        with cls._lock:
            for file in cls._files.values():
                file.flush()

    @classmethod
    def restart_all(cls) -> None:
        """Count from zero in a forked process, whose parent keeps its own files."""
        cls._lock = threading.Lock()
        cls._files = {}
        for value in cls._instances:
            value._start_at_zero()


os.register_at_fork(after_in_child=FileValue.restart_all)


def read_process_metrics(folder: Path) -> list[Metric]:
    """Return the sums of all processes' metrics; nothing if the folder cannot be read."""
    FileValue.flush_all()
    for _read in range(MAX_READS):
        try:
            return list(MultiProcessCollector.merge(map(str, find_complete_files(folder)), accumulate=True))
        except OSError:
            continue
    return []


def find_complete_files(folder: Path) -> Iterable[Path]:
    """Yield the files that have a header; on a full disk one may stay empty."""
    yield from (path for path in folder.glob("*.db") if path.stat().st_size >= HEADER_FORMAT.size)


def remove_files_of_dead_processes(folder: Path) -> None:
    """Remove the files of processes that have ended; called where a process starts to serve."""
    for path in folder.glob("*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists() and Path("/proc").exists():
            path.unlink(missing_ok=True)
