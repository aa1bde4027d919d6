"""Rate limits by token, e-mail or object, never by IP address alone: a whole venue may share one.

`RATE_LIMITS=off` disables all of them, for load tests.
"""

import math
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext
from rest_framework.throttling import BaseThrottle

from convention.errors import ConventionError
from convention.web.rate_limit_cache import limits_cache

from .models import ApiToken

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

MAX_REQUESTS_PER_TOKEN = 1200
TOKEN_WINDOW_SECONDS = 60


class TooManyRequests(ConventionError):
    """A rate limit was exceeded; `retry_after` is in seconds."""

    kind = "throttled"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.describe_wait(math.ceil(retry_after / 60)))
        self.retry_after = retry_after

    def describe_wait(self, minutes: int) -> str:
        """Return the sentence for a wait of that many minutes."""
        sentence = ngettext(
            "Too many requests. Try again in %(minutes)d minute.",
            "Too many requests. Try again in %(minutes)d minutes.",
            minutes,
        )
        return sentence % {"minutes": minutes}


def consume_rate_limit(
    action: str, subject: str, *, limit: int, window_seconds: int, amount: int = 1
) -> None:
    """Count `amount` uses of `action` for a subject. Raise TooManyRequests above `limit` in a window."""
    if settings.RATE_LIMITS == "off":
        return
    wait = seconds_until_allowed(action, subject, limit=limit, window_seconds=window_seconds, amount=amount)
    if wait:
        raise TooManyRequests(wait)


def seconds_until_allowed(
    action: str, subject: str, *, limit: int, window_seconds: int, amount: int = 1
) -> int:
    """Count `amount` uses and return the seconds to wait if that was too many, else 0.

    The subject is stored as a hash only. A negative amount gives back earlier uses.
    """
    name, elapsed_seconds = _current_window(action, subject, window_seconds)
    # `add` keeps an existing counter, so that two requests cannot reset each other's count.
    limits_cache.add(name, 0, window_seconds)
    try:
        count = limits_cache.incr(name, amount)
    # A new window has begun, so there is nothing to wait for.
    except ValueError:  # it expired in between
        return 0
    return window_seconds - elapsed_seconds if count > limit else 0


def check_rate_limit(action: str, subject: str, *, limit: int, window_seconds: int) -> None:
    """Raise TooManyRequests if the limit is used up already; count nothing."""
    name, elapsed_seconds = _current_window(action, subject, window_seconds)
    if settings.RATE_LIMITS != "off" and limits_cache.get(name, 0) >= limit:
        raise TooManyRequests(window_seconds - elapsed_seconds)


def _current_window(action: str, subject: str, window_seconds: int) -> tuple[str, int]:
    """Return the cache key of the current window, and the seconds since it began."""
    # Fixed windows: one counter per subject, at the price of twice the limit around a window's end.
    window, elapsed_seconds = divmod(int(time.time()), window_seconds)
    # `surrogatepass`: visitors choose the subject, and a lone surrogate must not become a server error.
    key_text = f"{action}:{subject.casefold()}:{window}".encode("utf-8", "surrogatepass")
    # Hashed, so that the cache file holds no e-mail addresses.
    return salted_hmac("throttle", key_text, algorithm="sha256").hexdigest(), elapsed_seconds


class TokenThrottle(BaseThrottle):
    """Limit the requests per minute of one person's token; devices have their own limits."""

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        """Count the request if it carries a token, and return whether it is within the limit."""
        self.seconds_left = 0
        # Requests without token share an address with a whole venue: they are limited by action and object.
        if settings.RATE_LIMITS != "off" and isinstance(request.auth, ApiToken):
            self.seconds_left = seconds_until_allowed(
                "token",
                str(request.auth.pk),
                limit=MAX_REQUESTS_PER_TOKEN,
                window_seconds=TOKEN_WINDOW_SECONDS,
            )
        return not self.seconds_left

    def wait(self) -> float:
        """Return the seconds until the window ends."""
        return self.seconds_left
