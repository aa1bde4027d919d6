"""A queue for those who write to one file of SQLite: threads and processes, with a limit to the wait.

The lock is one on a file beside the database (`flock`), whose queue the kernel keeps: the next goes on as
soon as it is free, and a process that dies lets go. `flock` itself has no timeout, so the wait for another
process is left to a thread of its own, from which a writer can walk away.
"""

import fcntl
import os
import threading
import time
from io import FileIO


class WriteQueue:
    """The lock of one process; its threads wait for each other first, then one of them for other processes.

    Raises OSError where the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._file = FileIO(path, opener=_open_to_lock)
        self._first = threading.Lock()
        self._changed = threading.Condition()
        self._waiter: threading.Thread | None = None
        self._is_waiting = self._is_wanted = self._is_locked = False

    def acquire(self, seconds: float) -> bool:
        """Wait so long at most; returns whether the lock is held now."""
        end = time.monotonic() + seconds
        if not self._first.acquire(timeout=seconds):
            return False
        if self._lock_file(end):
            return True
        self._first.release()
        return False

    def release(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._first.release()

    def _lock_file(self, end: float) -> bool:
        with self._changed:
            # While the waiter is in `flock`, it would take a lock taken here for its own.
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
            self._waiter = threading.Thread(target=self._wait, name="write queue", daemon=True)
            self._waiter.start()
        if not self._is_waiting:
            self._is_waiting = True
            self._changed.notify_all()

    def _wait(self) -> None:
        """Wait for other processes, again and again; what nobody wants any more is given back."""
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


_queues: dict[tuple[str, int], WriteQueue] = {}
_opening = threading.Lock()


def write_queue(path: str) -> WriteQueue:
    """Return this process's queue for that file, made anew in a forked process."""
    key = (path, os.getpid())
    with _opening:
        if key not in _queues:
            _queues[key] = WriteQueue(path)
        return _queues[key]


def _open_to_lock(path: str, flags: int) -> int:
    """Open it to read only, made where it is not there yet: a lock needs no right to write."""
    return os.open(path, flags | os.O_CREAT, 0o644)
