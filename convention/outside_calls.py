"""Keep a service outside that does not answer (Stripe, the mail server) from holding every thread.

Each call has its timeout, but a few visitors at once are enough to fill a process. So one thread is always
left for everything else, and while the calls under way do not get on, further ones fail at once.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MAX_CALLS: Final = 3
"""Calls of one process at once: one less than its threads (`rsgi.py`)."""
STUCK_SECONDS: Final = 3.0
"""A call that takes longer does not get on; nobody waits behind it."""


class OutsideBusy(OSError):
    """Too many calls wait for an answer from outside."""


_free = threading.BoundedSemaphore(MAX_CALLS)
_began: dict[int, float] = {}
_is_inside: ContextVar[bool] = ContextVar("is_inside_outside_call", default=False)


@contextmanager
def outside_call() -> Iterator[None]:
    """Count the block as a call to a service outside, one inside another once. Raises OutsideBusy."""
    if _is_inside.get():
        yield
        return
    if not _free.acquire(timeout=0 if _are_stuck() else STUCK_SECONDS):
        raise OutsideBusy
    thread, token = threading.get_ident(), _is_inside.set(True)
    _began[thread] = time.monotonic()
    try:
        yield
    finally:
        del _began[thread]
        _is_inside.reset(token)
        _free.release()


def _are_stuck() -> bool:
    """Return whether the calls under way take every place, and even the latest has lasted too long."""
    began = list(_began.values())
    return len(began) == MAX_CALLS and time.monotonic() - max(began) > STUCK_SECONDS
