"""Deliver signed events to the site: in order or not, twice, late or never."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

from stripe import WebhookSignature

from tests.stripe_standin.answers import clean
from tests.stripe_standin.world import World


class Post:
    """Delivers events when a test calls `deliver`, or by itself after `start`."""

    def __init__(self, world: World, *, address: str = "", secret: str = "whsec_standin") -> None:
        self.world, self.address, self.secret = world, address, secret
        self.sent = 0
        self.stopped = threading.Event()
        self.answers: list[tuple[str, int]] = []

    def waiting(self) -> list[dict[str, Any]]:
        """Return the events that were not delivered yet."""
        return self.world.events[self.sent :]

    def deliver(
        self, order: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]] = iter, *, times: int = 1
    ) -> list[int]:
        """Send all waiting events in an order, `times` times each; return the statuses."""
        events = self.waiting()
        self.sent = len(self.world.events)
        return [self.send(event) for event in order(events) for _time in range(times)]

    def lose(self) -> int:
        """Drop all waiting events; return how many."""
        lost, self.sent = len(self.waiting()), len(self.world.events)
        return lost

    def signed(self, event: dict[str, Any], *, at: int | None = None) -> tuple[bytes, str]:
        """Return body and signature header of an event."""
        body = json.dumps(clean(event), indent=2)
        return body.encode(), WebhookSignature.generate_signature_header(body, self.secret, at)

    def send(self, event: dict[str, Any]) -> int:
        """Send one event; return the status, 0 for no response."""
        body, signature = self.signed(event)
        status = self.carry(body, signature)
        self.answers.append((event["id"], status))
        return status

    def carry(self, body: bytes, signature: str) -> int:
        """Deliver one signed body; tests may replace it."""
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        request = urllib.request.Request(self.address, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def start(self, *, delay: float = 0, shuffle: bool = False, twice: bool = False, lose: float = 0) -> None:
        """Deliver in a background thread from now on."""

        def run() -> None:
            while not self.stopped.wait(max(delay, 0.2)):
                events = self.waiting()
                self.sent += len(events)
                if shuffle:
                    random.shuffle(events)
                for event in events:
                    if random.random() >= lose:
                        self.insist(event)
                        if twice:
                            self.send(event)

        threading.Thread(target=run, daemon=True).start()

    def insist(self, event: dict[str, Any]) -> None:
        """Retry an event a few times, as Stripe does for three days."""
        for pause in (1, 3, 10, 30):
            if 200 <= self.send(event) < 300 or self.stopped.wait(pause):
                return
