"""Keys derived from SECRET_KEY, one for each purpose; SECRET_KEY_FALLBACKS still decrypt.

The database holds values encrypted with these keys, never the keys: a copy of it alone reveals nothing.
"""

import base64
import hashlib
import json
import time
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableToken(Exception):
    """The token was altered, or made under a key that this site does not have."""


class ExpiredToken(UnreadableToken):
    """The token is older than `max_age`."""


def list_secret_keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def get_fernet(purpose: str) -> MultiFernet:
    """Return a Fernet that encrypts for a purpose under SECRET_KEY and decrypts under the fallbacks too."""
    return _derive_fernet(purpose, tuple(list_secret_keys()))


@lru_cache(maxsize=32)
def _derive_fernet(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    # A key for each purpose: a token made for one page must not be accepted by another.
    derived = [hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


def encrypt_token(purpose: str, value: Any) -> str:
    """Encrypt plain JSON as text for a URL, unreadable to its holder."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    # Without padding, which follows from the length.
    return get_fernet(purpose).encrypt(content).decode().rstrip("=")


def decrypt_token(purpose: str, token: str, *, max_age: timedelta | None = None) -> Any:
    """Return the value of a token. Raise UnreadableToken, ExpiredToken."""
    fernet = get_fernet(purpose)
    try:
        # Decoding ignores unused bits and foreign characters: encoding
        # again gives the one spelling, compared below.
        encrypted = base64.urlsafe_b64encode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        content = fernet.decrypt(encrypted)
        made_at = fernet.extract_timestamp(encrypted)
    except (InvalidToken, ValueError) as error:
        raise UnreadableToken from error
    if encrypted.decode().rstrip("=") != token:  # accept one spelling only
        raise UnreadableToken
    # After decryption, so that only a genuine token is reported as expired.
    if max_age is not None and time.time() - made_at > max_age.total_seconds():
        raise ExpiredToken
    return json.loads(content)
