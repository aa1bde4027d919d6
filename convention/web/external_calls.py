"""Keep an external service that does not answer (Stripe, the mail server) from occupying every thread.

Each call has its timeout, but a few visitors at once are enough to occupy a process. So one thread is always
left for other requests, and while the current calls are stuck, further ones fail at once.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# Calls of one process at once: one less than its threads (`rsgi.py`).
MAX_EXTERNAL_CALLS: Final = 3
# A call that takes longer counts as stuck; no other call waits for it.
STUCK_AFTER_SECONDS: Final = 3.0


class ExternalServiceBusy(OSError):
    """Too many calls wait for an external service."""


_call_slots = threading.BoundedSemaphore(MAX_EXTERNAL_CALLS)
_started_at: dict[int, float] = {}
# Per context, so that a call within a call does not wait for itself.
_is_inside: ContextVar[bool] = ContextVar("is_inside_external_call", default=False)


@contextmanager
def count_external_call() -> Iterator[None]:
    """Count the block as an external call, nested ones once. Raise ExternalServiceBusy."""
    if _is_inside.get():
        yield
        return
    # While the service is stuck, fail at once instead of occupying one more thread.
    if not _call_slots.acquire(timeout=0 if _are_stuck() else STUCK_AFTER_SECONDS):
        raise ExternalServiceBusy
    thread, token = threading.get_ident(), _is_inside.set(True)
    _started_at[thread] = time.monotonic()
    try:
        yield
    finally:
        del _started_at[thread]
        _is_inside.reset(token)
        _call_slots.release()


def _are_stuck() -> bool:
    """Return whether calls occupy all slots and even the latest has taken too long."""
    starts = list(_started_at.values())
    # By the latest call: a recent one may still end soon and free its slot.
    return len(starts) == MAX_EXTERNAL_CALLS and time.monotonic() - max(starts) > STUCK_AFTER_SECONDS
