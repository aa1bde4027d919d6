"""Record in the audit trail that a program read personal data."""

from typing import Any

from convention.audit.record import record_action
from convention.web.rate_limit_cache import limits_cache

HOUR_SECONDS = 3600


def record_api_read(verb: str, *, token: Any, event: Any) -> None:
    """Record at most one entry per hour for each token and event: programs read lists page by page."""
    # `add` is atomic among processes: of two requests at once only one records.
    if limits_cache.add(f"reading:{verb}:{token.pk}:{event.pk}", 1, HOUR_SECONDS):
        record_action(verb, token, event=event)
