"""A queue for those who write to one file of SQLite: threads and processes, with a limit to the wait.

The lock is one on a file beside the database (`flock`), whose queue the kernel keeps: the next goes on as
soon as it is free, and a process that dies lets go. `flock` itself has no timeout, so the wait for another
process is left to a thread of its own, from which a writer can walk away.

Where one writes for seconds on end, two threads of a process wait for it and the others give up early: with
all of them waiting, nobody could read either.
"""

import fcntl
import os
import threading
import time
from io import FileIO
from typing import Final

STUCK_SECONDS: Final = 3.0
"""A queue that has not moved for so long is stuck."""
BRIEF_SECONDS: Final = 0.1
"""How long one more thread waits in a queue that is stuck."""


class WriteQueue:
    """The lock of one process; its threads wait for each other first, then one of them for other processes.

    Raises OSError where the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._file = FileIO(path, opener=_open_to_lock)
        self._head, self._next = threading.Lock(), threading.Lock()
        self._moved_at = 0.0
        self._changed = threading.Condition()
        self._waiter: threading.Thread | None = None
        self._is_waiting = self._is_wanted = self._is_locked = False

    def acquire(self, seconds: float) -> bool:
        """Wait so long at most; returns whether the lock is held now."""
        end = time.monotonic() + seconds
        if not self._reach_head(end):
            return False
        self._moved_at = time.monotonic()
        if self._lock_file(end):
            self._moved_at = time.monotonic()
            return True
        self._head.release()
        return False

    def release(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._head.release()

    def _reach_head(self, end: float) -> bool:
        """Wait for the other threads of this process."""
        while not self._head.acquire(timeout=min(self._longest_wait(), max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                return False
            if self._is_stuck():
                return self._wait_as_next(end)
        return True

    def _longest_wait(self) -> float:
        return BRIEF_SECONDS if self._is_stuck() else STUCK_SECONDS

    def _is_stuck(self) -> bool:
        return self._head.locked() and time.monotonic() - self._moved_at > STUCK_SECONDS

    def _wait_as_next(self, end: float) -> bool:
        """Wait longer, but for one thread alone."""
        if not self._next.acquire(blocking=False):
            return False
        try:
            return self._head.acquire(timeout=max(0.0, end - time.monotonic()))
        finally:
            self._next.release()

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
