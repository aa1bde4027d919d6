"""Limit the time that one request spends waiting for locks.

The server gives each request a budget; every wait for a lock takes from it, so that waits do not add up.
Tasks and commands have no budget: each of their waits has its own limit.
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
        self.seconds_left = seconds


_current_budget: ContextVar[WaitBudget | None] = ContextVar("wait_budget", default=None)


@contextmanager
def wait_budget(seconds: float) -> Iterator[None]:
    """Let all waits inside the block take at most `seconds` together."""
    token = _current_budget.set(WaitBudget(seconds))
    try:
        yield
    finally:
        _current_budget.reset(token)


def has_wait_budget() -> bool:
    """Return whether the current code runs for a request."""
    return _current_budget.get() is not None


@contextmanager
def limit_wait(max_seconds: float) -> Iterator[float]:
    """Yield the seconds that a wait inside the block may last, and charge its duration to the budget."""
    budget = _current_budget.get()
    started_at = time.monotonic()
    try:
        # Without a budget (tasks, commands) each wait has its full limit.
        yield max_seconds if budget is None else max(0.0, min(max_seconds, budget.seconds_left))
    finally:
        if budget is not None:
            budget.seconds_left -= time.monotonic() - started_at


def is_wait_timeout(error: BaseException) -> bool:
    """Return whether the error is a timeout of a lock or statement.

    A retry would take as long again: unlike a deadlock, it should not be retried.
    """
    if isinstance(error.__cause__, LockNotAvailable | QueryCanceled):
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error)
