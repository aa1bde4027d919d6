"""References that people read aloud."""

import base64
import secrets

UNAMBIGUOUS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_order_reference() -> str:
    """Eight characters that are hard to confuse, such as `7KQ2M9XD`."""
    return "".join(secrets.choice(UNAMBIGUOUS) for _ in range(8))


def new_voucher_code() -> str:
    """Return twelve of these characters, as a code that nobody guesses."""
    return "".join(secrets.choice(UNAMBIGUOUS) for _ in range(12))


def new_registration_reference() -> str:
    """Eight random bytes in base32 (13 characters); the badge code carries the bytes."""
    return base64.b32encode(secrets.token_bytes(8)).decode().rstrip("=")
