"""The tokens that an event's badges carry."""

from typing import TYPE_CHECKING

from convention.codes import Claim, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from convention.events.models import EventKey


def tokens_of(key: "EventKey") -> "Callable[[str, int], str]":
    """A function that gives the token of a reference and generation, as badges.codes prints it."""
    private = bytes(key.private_key)
    return lambda reference, generation: sign(Claim(key.number, reference, generation), private)
