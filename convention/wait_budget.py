"""How long an answer may be held up in all by locks that others hold.

The server gives each request a budget; every wait for a lock takes from it, so that waits do not add up.
Work that no visitor waits for (tasks, commands) has no budget: each of its waits has its own limit.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import OperationalError
from psycopg.errors import LockNotAvailable, QueryCanceled


class WaitBudget:
    """The seconds that are left to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


_current: ContextVar[WaitBudget | None] = ContextVar("wait_budget", default=None)


@contextmanager
def wait_budget(seconds: float) -> Iterator[None]:
    """Let all waits inside the block take so many seconds together."""
    token = _current.set(WaitBudget(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def has_wait_budget() -> bool:
    """Return whether what runs now is a request."""
    return _current.get() is not None


@contextmanager
def limited_wait(max_seconds: float) -> Iterator[float]:
    """Give the seconds that a wait inside the block may last, and take what it lasts from the budget."""
    budget = _current.get()
    began = time.monotonic()
    try:
        yield max_seconds if budget is None else max(0.0, min(max_seconds, budget.seconds))
    finally:
        if budget is not None:
            budget.seconds -= time.monotonic() - began


def is_wait_timeout(error: BaseException) -> bool:
    """Return whether the database reports that a wait for a lock, or a statement, took too long.

    The same again would take as long again: unlike a deadlock it is no reason to try once more.
    """
    if isinstance(error.__cause__, LockNotAvailable | QueryCanceled):
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error)
