"""A queue of threads and processes that write to one SQLite file, with a timeout.

The lock is a `flock` on a file beside the database, whose queue the kernel keeps: the next writer continues
as soon as the lock is free, and a dead process releases it. `flock` has no timeout, so that a separate thread
waits for other processes, and a writer can stop waiting for that thread.

If one writer takes seconds, two threads of a process wait for it and the others give up early: with all of
them waiting, no thread would be left for readers.
"""

import fcntl
import os
import threading
import time
from io import FileIO
from typing import Final

# A queue that has not moved for that long is stuck.
STUCK_AFTER_SECONDS: Final = 3.0
# The wait of further threads for a queue that is stuck.
BRIEF_WAIT_SECONDS: Final = 0.1


class WriteQueue:
    """The lock of one process: its threads wait for each other first, then one of them for other processes.

    Raise OSError if the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._file = FileIO(path, opener=_open_to_lock)
        self._head_lock, self._next_lock = threading.Lock(), threading.Lock()
        self._moved_at = 0.0
        self._changed = threading.Condition()
        self._waiter: threading.Thread | None = None
        self._is_waiting = self._is_wanted = self._is_locked = False

    def acquire(self, seconds: float) -> bool:
        """Wait for at most `seconds`; return whether the lock is held now."""
        end = time.monotonic() + seconds
        if not self._reach_head(end):
            return False
        self._moved_at = time.monotonic()
        if self._lock_file(end):
            self._moved_at = time.monotonic()
            return True
        self._head_lock.release()
        return False

    def release(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._head_lock.release()

    def _reach_head(self, end: float) -> bool:
        """Wait for the other threads of this process."""
        while not self._head_lock.acquire(
            timeout=min(self._max_wait_seconds(), max(0.0, end - time.monotonic()))
        ):
            if time.monotonic() >= end:
                return False
            if self._is_stuck():
                return self._wait_as_next(end)
        return True

    def _max_wait_seconds(self) -> float:
        return BRIEF_WAIT_SECONDS if self._is_stuck() else STUCK_AFTER_SECONDS

    def _is_stuck(self) -> bool:
        return self._head_lock.locked() and time.monotonic() - self._moved_at > STUCK_AFTER_SECONDS

    def _wait_as_next(self, end: float) -> bool:
        """Wait until `end`, but only one thread at a time."""
        if not self._next_lock.acquire(blocking=False):
            return False
        try:
            return self._head_lock.acquire(timeout=max(0.0, end - time.monotonic()))
        finally:
            self._next_lock.release()

    def _lock_file(self, end: float) -> bool:
        with self._changed:
            # While the waiter is in `flock` on the same file, a lock taken here would end that wait too.
            if not self._is_waiting and self._lock_free_file():
                return True
            self._is_wanted = True
            self._start_waiting()
            self._changed.wait_for(lambda: self._is_locked, end - time.monotonic())
            is_locked, self._is_locked, self._is_wanted = self._is_locked, False, False
            return is_locked

    def _lock_free_file(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _start_waiting(self) -> None:
        if self._waiter is None:
            self._waiter = threading.Thread(target=self._wait_for_processes, name="write queue", daemon=True)
            self._waiter.start()
        if not self._is_waiting:
            self._is_waiting = True
            self._changed.notify_all()

    def _wait_for_processes(self) -> None:
        """Wait for other processes in a loop; release a lock that no thread wants any more."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_waiting)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            with self._changed:
                self._is_waiting, self._is_locked = False, self._is_wanted
                if self._is_wanted:
                    self._changed.notify_all()
                else:
                    fcntl.flock(self._file, fcntl.LOCK_UN)


_queues_by_file: dict[tuple[str, int], WriteQueue] = {}
_queues_lock = threading.Lock()


def get_write_queue(path: str) -> WriteQueue:
    """Return this process's queue for a file; a forked process gets a new one."""
    key = (path, os.getpid())
    with _queues_lock:
        if key not in _queues_by_file:
            _queues_by_file[key] = WriteQueue(path)
        return _queues_by_file[key]


def _open_to_lock(path: str, flags: int) -> int:
    """Open the file read-only, creating it if needed: a lock needs no right to write."""
    return os.open(path, flags | os.O_CREAT, 0o644)
