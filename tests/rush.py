"""Many at once: threads with connections of their own, started together."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def in_threads[T](work: Sequence[Callable[[], T]], *, threads: int = 8) -> list[T | Exception]:
    """Run all, at most so many at once; each result, or the exception it ended with, in order.

    Use with `transactional_db`: the threads see only what is committed.
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
