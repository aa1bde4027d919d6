"""Whether the live server is still at work: a story ends only when nobody uses its database any more."""

import threading
import time

from django.core.signals import request_finished, request_started

PATIENCE = 20  # seconds
STILL = 0.05  # seconds without a request: what was sent has been answered


class Traffic:
    """The requests that are being answered, counted by Django's own signals."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open = 0

    def __enter__(self) -> "Traffic":
        request_started.connect(self.begun)
        request_finished.connect(self.ended)
        return self

    def __exit__(self, *_: object) -> None:
        request_started.disconnect(self.begun)
        request_finished.disconnect(self.ended)

    def begun(self, **_: object) -> None:
        self.count(1)

    def ended(self, **_: object) -> None:
        self.count(-1)

    def count(self, change: int) -> None:
        """One more, or one less."""
        with self.changed:
            self.open = max(0, self.open + change)
            self.changed.notify_all()

    def wait_for_the_end(self) -> None:
        """Return when no request has been open for a moment; AssertionError if some never end."""
        ends = time.monotonic() + PATIENCE
        with self.changed:
            while time.monotonic() < ends:
                if self.open == 0 and not self.changed.wait(STILL):
                    return
                self.changed.wait(STILL)
        raise AssertionError(f"{self.open} requests are still open after {PATIENCE} seconds")
