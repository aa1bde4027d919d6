"""Limits on what anonymous visitors may store, each configurable in the environment."""

from collections.abc import Callable
from typing import Final

# Counts and megabytes by name of the setting; those of a network are per hour.
DEFAULT_CEILINGS: Final = {
    # Files answered to questions. A convention of a thousand people who scan a page each has 300 MB.
    "ANSWER_FILES_EVENT_COUNT": 5_000,
    "ANSWER_FILES_EVENT_MB": 1_000,
    "ANSWER_FILES_COUNT": 20_000,
    "ANSWER_FILES_MB": 4_000,
    # An hour of one network address: an office whose three hundred people register on the same morning.
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
    return {name: read(name, default=usual) for name, usual in DEFAULT_CEILINGS.items()}
