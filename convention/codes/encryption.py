"""Fernet encryption with `IDENTITY_KEYS`, bound to one row.

`IDENTITY_KEYS` are Fernet keys, newest first: the first encrypts, each of them decrypts. An encrypted value
names its row, so that it cannot be read from another one. To change the key, put a new one in front, run
`manage.py reencrypt_identities`, and remove the old one: copies made before can then no longer be decrypted.
"""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError


class MissingEncryptionKey(ConventionError):
    """IDENTITY_KEYS is empty."""

    kind = "no-key"
    status = 503


class DecryptionFailed(ConventionError):
    """None of the keys decrypts the value, or it belongs to another row."""

    kind = "decryption-failed"
    status = 409


def make_fernets(keys: Sequence[str]) -> list[Fernet]:
    """Return a Fernet for each key, in the same order. Raise ValueError for an invalid key."""
    return [Fernet(key) for key in keys]


def encrypt_value(value: Any, *, row_label: str) -> bytes:
    """Encrypt a value (plain JSON) for the row named by `row_label`. Raise MissingEncryptionKey."""
    # Fernet has no associated data, so the row is part of what is encrypted.
    text = json.dumps({"of": row_label, "value": value}, ensure_ascii=False, separators=(",", ":"))
    return _newest_fernet().encrypt(text.encode())


def decrypt_value(encrypted: bytes | memoryview, *, row_label: str) -> Any:
    """Decrypt the value of that row. Raise DecryptionFailed, MissingEncryptionKey."""
    try:
        content = json.loads(MultiFernet([_newest_fernet(), *_older_fernets()]).decrypt(bytes(encrypted)))
    except InvalidToken:
        raise _make_decryption_error() from None
    # Somebody who can write to the database could otherwise show one person's identity under another's name.
    if content["of"] != row_label:
        raise _make_decryption_error()
    return content["value"]


def reencrypt_value(encrypted: bytes | memoryview) -> bytes | None:
    """Encrypt a value again under the newest key; return None if it already is.

    Raise DecryptionFailed, MissingEncryptionKey.
    """
    token = bytes(encrypted)
    try:
        # Tried alone: whether the newest key decrypts it tells whether anything is left to do.
        _newest_fernet().decrypt(token)
    except InvalidToken:
        try:
            return MultiFernet([_newest_fernet(), *_older_fernets()]).rotate(token)
        except InvalidToken:
            raise _make_decryption_error() from None
    return None


def _newest_fernet() -> Fernet:
    if not settings.IDENTITY_KEYS:
        raise MissingEncryptionKey(
            _(
                "Identity details cannot be stored at the moment: this site has no key for them "
                "(IDENTITY_KEYS)."
            )
        )
    return make_fernets(settings.IDENTITY_KEYS[:1])[0]


def _older_fernets() -> list[Fernet]:
    return make_fernets(settings.IDENTITY_KEYS[1:])


def _make_decryption_error() -> DecryptionFailed:
    return DecryptionFailed(
        _("This cannot be decrypted: the key that encrypted it is not one of this site’s keys.")
    )
