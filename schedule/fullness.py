"""How full a session is, in a word."""

from typing import Literal

type Fullness = Literal["", "free", "filling", "full"]

FILLING_FROM = 0.8


def fullness(taken: int, capacity: int | None) -> Fullness:
    """Nothing where places are not counted; filling from four fifths on."""
    if capacity is None:
        return ""
    if taken >= capacity:
        return "full"
    return "filling" if taken >= FILLING_FROM * capacity else "free"
