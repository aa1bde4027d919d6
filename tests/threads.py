"""Run functions in threads that start together, each with its own database connection."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def run_in_threads[T](work: Sequence[Callable[[], T]], *, threads: int = 8) -> list[T | Exception]:
    """Run all, at most `threads` at once; return each result or exception, in order.

    Use with `transactional_db`: the threads only see committed rows.
    """
    start = threading.Barrier(min(threads, len(work)))
    waited = threading.local()

    def one(job: Callable[[], T]) -> T | Exception:
        if not getattr(waited, "done", False):
            waited.done = True
            start.wait(timeout=30)
        try:
            return job()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(min(threads, len(work))) as pool:
        return list(pool.map(one, work))
