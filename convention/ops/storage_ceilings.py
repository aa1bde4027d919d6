"""Limits on what anonymous visitors may store, each configurable in the environment."""

from collections.abc import Callable
from typing import Final

# Counts and megabytes by the name of the setting; limits for a network are per hour.
DEFAULT_CEILINGS: Final = {
    # Files uploaded as answers to questions. A thousand attendees with one scanned page each need 300 MB.
    "ANSWER_FILES_EVENT_COUNT": 5_000,
    "ANSWER_FILES_EVENT_MB": 1_000,
    "ANSWER_FILES_COUNT": 20_000,
    "ANSWER_FILES_MB": 4_000,
    # Per hour and network: enough for an office of three hundred people who register on the same morning.
    "ANSWER_FILES_NETWORK_COUNT": 300,
    "ANSWER_FILES_NETWORK_MB": 300,
    # Registrations that were begun and not finished: one or two kilobytes each.
    "DRAFTS_EVENT_COUNT": 20_000,
    "DRAFTS_EVENT_MB": 100,
    "DRAFTS_COUNT": 50_000,
    "DRAFTS_MB": 250,
    "DRAFTS_NETWORK_COUNT": 600,
    "DRAFTS_NETWORK_MB": 30,
    # Session proposals: a few kilobytes each.
    "PROPOSALS_EVENT_COUNT": 2_000,
}


def read_ceilings(read: Callable[..., int]) -> dict[str, int]:
    """Return each limit from the environment or its default; `read(name, default=)` reads a number."""
    return {name: read(name, default=default_ceiling) for name, default_ceiling in DEFAULT_CEILINGS.items()}
