"""Whether a code is a badge of ours, and of which event."""

import functools
from dataclasses import dataclass

from convention.codes import BADGE, Claim, MalformedCode, SignedClaim, parse

TOKEN_MARK = "/B/"  # noqa: S105 (the path in front of a badge's token)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, 32 raw bytes, and the event whose badges it signs."""

    event: int
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """What was read: the fact `reading` of verdict.py, and the claim where the code has one."""

    reading: str
    claim: Claim | None = None


@functools.lru_cache(maxsize=20_000)
def parsed(code: str) -> SignedClaim | None:
    """The claim of a code, unchecked; none for any other text."""
    try:
        return parse(code)
    except MalformedCode:
        return None


@functools.lru_cache(maxsize=20_000)
def is_genuine(code: str, public_key: bytes) -> bool:
    """Whether that key signed this code: a tenth of a millisecond, so each process asks once."""
    signed = parsed(code)
    return signed is not None and signed.is_signed_by(public_key)


def key_number(code: str) -> int | None:
    """The number of the key that a code names."""
    signed = parsed(code) if code else None
    return signed.claim.key if signed else None


def judge(code: str, keys: dict[int, Key], event: int) -> Code:
    """What a code is to this event, by the keys of the numbers that codes name."""
    signed = parsed(code)
    if signed is None:
        return Code("forged" if TOKEN_MARK in code else "not_a_badge")
    key = keys.get(signed.claim.key)
    if key is None or signed.claim.purpose != BADGE or not is_genuine(code, key.public_key):
        return Code("forged")
    if key.event != event:
        return Code("other_event")
    return Code("valid", signed.claim)
