"""Check badge codes: whether one of our keys signed them, and for which event."""

import functools
from dataclasses import dataclass

from convention.codes.badge_codes import (
    BADGE_PURPOSE,
    BadgeClaim,
    MalformedCode,
    SignedClaim,
    parse_badge_code,
)

TOKEN_PATH = "/B/"  # noqa: S105 (the path in front of a badge's token)


@dataclass(frozen=True, slots=True)
class EventPublicKey:
    """A public key (32 raw bytes) and the event whose badges it signs."""

    event_id: int
    public_key: bytes


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """The `code_status` of verdict.py, and the claim if the code has one."""

    code_status: str
    claim: BadgeClaim | None = None


# Cached: a badge is read several times a day, and each batch parses it for the key number before the check.
@functools.lru_cache(maxsize=20_000)
def parse_code(code: str) -> SignedClaim | None:
    """Return the claim of a code without checking its signature; None for any other text."""
    try:
        return parse_badge_code(code)
    except MalformedCode:
        return None


@functools.lru_cache(maxsize=20_000)
def is_genuine(code: str, public_key: bytes) -> bool:
    """Return whether this key signed the code. Cached, since a check takes a tenth of a millisecond."""
    signed = parse_code(code)
    return signed is not None and signed.is_signed_by(public_key)


def get_key_number(code: str) -> int | None:
    """Return the number of the key that a code names."""
    signed = parse_code(code) if code else None
    return signed.claim.key_number if signed else None


def check_code(code: str, keys: dict[int, EventPublicKey], event: int) -> CheckedCode:
    """Check a code for this event; `keys` maps key numbers to public keys."""
    signed = parse_code(code)
    if signed is None:
        # A text that looks like our address was made to deceive or is damaged; any other is just not a badge.
        return CheckedCode("forged" if TOKEN_PATH in code else "not_a_badge")
    key = keys.get(signed.claim.key_number)
    # The purpose is signed too: a code that the same key signed for another use opens no checkpoint.
    if key is None or signed.claim.purpose != BADGE_PURPOSE or not is_genuine(code, key.public_key):
        return CheckedCode("forged")
    # After the signature, so that "another event" is only said of badges that are genuine there.
    if key.event_id != event:
        return CheckedCode("other_event")
    return CheckedCode("valid", signed.claim)
