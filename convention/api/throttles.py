"""Limits on how often something may be asked: by token, e-mail or object, never by address alone.

A venue's whole audience comes from one address. `RATE_LIMITS=off` disables all of them, for load tests.
"""

import math
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext
from rest_framework.throttling import BaseThrottle

from convention.errors import ConventionError
from convention.limits import limits

from .models import ApiToken

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

PER_TOKEN = 1200
WINDOW = 60


class TooOften(ConventionError):
    """Asked more often than is sensible; `retry_after` is in seconds."""

    kind = "throttled"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.describe(math.ceil(retry_after / 60)))
        self.retry_after = retry_after

    def describe(self, minutes: int) -> str:
        """Return the sentence for a wait of that many minutes."""
        sentence = ngettext(
            "That was asked too often. Try again in %(minutes)d minute.",
            "That was asked too often. Try again in %(minutes)d minutes.",
            minutes,
        )
        return sentence % {"minutes": minutes}


def spend(what: str, of: str, *, most: int, seconds: int, amount: int = 1) -> None:
    """Count `amount` more of `what` for an e-mail, token or object; TooOften above `most` in a window."""
    if settings.RATE_LIMITS == "off":
        return
    wait = seconds_to_wait(what, of, most=most, seconds=seconds, amount=amount)
    if wait:
        raise TooOften(wait)


def seconds_to_wait(what: str, of: str, *, most: int, seconds: int, amount: int = 1) -> int:
    """Count `amount` more and return the seconds to wait when that was too many, else 0.

    The name itself is never stored. A negative amount gives back what was counted before.
    """
    name, passed = _window(what, of, seconds)
    limits.add(name, 0, seconds)
    try:
        count = limits.incr(name, amount)
    except ValueError:  # it expired in between
        return 0
    return seconds - passed if count > most else 0


def refuse_spent(what: str, of: str, *, most: int, seconds: int) -> None:
    """Raises TooOften where so many were counted already; counts nothing itself."""
    name, passed = _window(what, of, seconds)
    if settings.RATE_LIMITS != "off" and limits.get(name, 0) >= most:
        raise TooOften(seconds - passed)


def _window(what: str, of: str, seconds: int) -> tuple[str, int]:
    """The name under which it is counted now, and how many seconds of its window have passed."""
    window, passed = divmod(int(time.time()), seconds)
    said = f"{what}:{of.casefold()}:{window}".encode("utf-8", "surrogatepass")
    return salted_hmac("throttle", said, algorithm="sha256").hexdigest(), passed


class PerToken(BaseThrottle):
    """So many requests a minute for one person's token; devices have their own rules."""

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        """Count the request where it carries a token."""
        self.left = 0
        if settings.RATE_LIMITS != "off" and isinstance(request.auth, ApiToken):
            self.left = seconds_to_wait("token", str(request.auth.pk), most=PER_TOKEN, seconds=WINDOW)
        return not self.left

    def wait(self) -> float:
        """Seconds until the window is over."""
        return self.left
