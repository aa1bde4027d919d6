"""The tokens that an event's badges carry."""

from typing import TYPE_CHECKING

from convention.codes import Claim, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from convention.events.models import Event


def tokens_of(event: "Event") -> "Callable[[str, int], str]":
    """A function that gives the token of a reference and generation, signed by the event's key."""
    key = event.keys.order_by("-number").first()

    def token(reference: str, generation: int) -> str:
        assert key is not None
        return sign(Claim(key.number, reference, generation), bytes(key.private_key))

    return token
