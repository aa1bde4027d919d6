"""The audit trail of programs that read what people entered."""

from typing import Any

from convention.audit.record import record
from convention.limits import limits

HOUR = 3600


def record_reading(what: str, *, token: Any, event: Any) -> None:
    """One line an hour for each token and event: a list is read page by page, every few minutes."""
    if limits.add(f"reading:{what}:{token.pk}:{event.pk}", 1, HOUR):
        record(what, token, event=event)
