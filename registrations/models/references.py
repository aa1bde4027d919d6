"""References and codes that people read aloud or type."""

import base64
import secrets

# Without 0, 1, I, L, O and U, which are mistaken for others in print and on the telephone.
UNAMBIGUOUS_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def generate_order_reference() -> str:
    """Return eight characters that are hard to confuse, such as `7KQ2M9XD`."""
    return "".join(secrets.choice(UNAMBIGUOUS_CHARACTERS) for _ in range(8))


def generate_voucher_code() -> str:
    """Return a code of twelve unambiguous characters, which nobody can guess."""
    return "".join(secrets.choice(UNAMBIGUOUS_CHARACTERS) for _ in range(12))


def generate_registration_reference() -> str:
    """Return eight random bytes in base32 (13 characters); the badge code carries the bytes."""
    return base64.b32encode(secrets.token_bytes(8)).decode().rstrip("=")
