"""Questions to the database for which nobody waits for long, even where it hangs."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from django.db import Error, connection

SECONDS: Final = 2.0
logger = logging.getLogger(__name__)
_asking = threading.Lock()


def ask[T](question: Callable[[], T]) -> T | None:
    """The answer; None where the database does not give it within two seconds.

    A thread of its own asks, one at a time; should it hang, it is left to itself.
    """
    if not _asking.acquire(timeout=SECONDS):
        return None
    answers: list[T] = []
    thread = threading.Thread(target=_run, args=[question, answers], daemon=True)
    thread.start()
    thread.join(SECONDS)
    return answers[0] if answers else None


def _run[T](question: Callable[[], T], answers: list[T]) -> None:
    """Ask, keep the answer, leave no connection open."""
    try:
        answers.append(question())
    except Error as error:
        logger.warning("The database does not answer: %s", type(error).__name__)
    except Exception:
        logger.exception("A question to the database failed.")
    finally:
        connection.close()
        _asking.release()
