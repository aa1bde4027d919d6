"""Run a query in a thread with a two-second timeout (health checks)."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from django.db import Error, connection

QUERY_TIMEOUT_SECONDS: Final = 2.0
logger = logging.getLogger(__name__)
_query_lock = threading.Lock()


def query_with_timeout[T](run_query: Callable[[], T]) -> T | None:
    """Return the result of `run_query`; None if the database does not answer within two seconds.

    One query runs at a time, in its own thread; a hanging one is abandoned.
    """
    # Released by the thread: while one hangs, no health check starts another.
    if not _query_lock.acquire(timeout=QUERY_TIMEOUT_SECONDS):
        return None
    results: list[T] = []
    thread = threading.Thread(target=_run_query, args=[run_query, results], daemon=True)
    thread.start()
    thread.join(QUERY_TIMEOUT_SECONDS)
    return results[0] if results else None


def _run_query[T](run_query: Callable[[], T], results: list[T]) -> None:
    """Run the query, append its result and close the connection."""
    try:
        results.append(run_query())
    except Error as error:
        logger.warning("The database does not answer: %s", type(error).__name__)
    except Exception:
        logger.exception("A database query failed.")
    finally:
        connection.close()
        _query_lock.release()
