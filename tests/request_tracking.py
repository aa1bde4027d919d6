"""Track requests of the live server: a browser test ends only when none uses its database any more."""

import threading
import time

from django.core.signals import request_finished, request_started

WAIT_TIMEOUT_SECONDS = 20  # seconds
STILL = 0.05  # seconds without a request: what was sent has been answered


class StoryIsOver(Exception):
    """A request after the test's end: its database is being emptied."""


class Traffic:
    """The requests that one live server is answering, seen by Django's signals."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open: set[int] = set()
        self.port = ""
        self.is_over = True

    def __enter__(self) -> "Traffic":
        request_started.connect(self.begun)
        request_finished.connect(self.ended)
        return self

    def __exit__(self, *_: object) -> None:
        request_started.disconnect(self.begun)
        request_finished.disconnect(self.ended)

    def begun(self, environ: dict, **_: object) -> None:
        """Count a request of our server; refuse it after the end."""
        if environ.get("SERVER_PORT") == self.port:
            with self.changed:
                if self.is_over:
                    raise StoryIsOver
                self.open.add(threading.get_ident())

    def ended(self, **_: object) -> None:
        with self.changed:
            self.open.discard(threading.get_ident())
            self.changed.notify_all()

    def begin(self, port: int) -> None:
        """Accept requests."""
        with self.changed:
            self.port, self.is_over = str(port), False
            self.open.clear()

    def end(self) -> None:
        """Wait until no request has been open for a moment, then accept no more.

        Raises AssertionError if some never end.
        """
        ends = time.monotonic() + WAIT_TIMEOUT_SECONDS
        with self.changed:
            while time.monotonic() < ends and (self.open or self.changed.wait(STILL)):
                self.changed.wait(STILL)
            self.is_over = True
            assert not self.open, (
                f"{len(self.open)} requests are still open after {WAIT_TIMEOUT_SECONDS} seconds"
            )
