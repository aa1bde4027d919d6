"""Sealing: what only a key of the settings opens, and only where it was put.

`IDENTITY_KEYS` holds Fernet keys, newest first: the first seals, each of them opens. What is sealed names the
row it belongs to, so that it opens nowhere else. To change the key, put a new one in front, run
`manage.py reseal`, and take the old one out: what was copied before then opens for nobody.
"""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .errors import ConventionError


class NoKey(ConventionError):
    """Nothing can be sealed or opened: the settings hold no key."""

    kind = "no-key"
    status = 503


class Unsealable(ConventionError):
    """None of the keys opens it, or it was moved from where it belongs."""

    kind = "unsealable"
    status = 409


def boxes(keys: Sequence[str]) -> list[Fernet]:
    """One for each key, in the same order. Raises ValueError for what is no key."""
    return [Fernet(key) for key in keys]


def seal(value: Any, *, of: str) -> bytes:
    """The value (plain JSON), readable with our keys alone, for the row that `of` names. Raises NoKey."""
    text = json.dumps({"of": of, "value": value}, ensure_ascii=False, separators=(",", ":"))
    return _newest().encrypt(text.encode())


def unseal(sealed: bytes | memoryview, *, of: str) -> Any:
    """The value that was sealed for that row. Raises Unsealable, NoKey."""
    try:
        opened = json.loads(MultiFernet([_newest(), *_older()]).decrypt(bytes(sealed)))
    except InvalidToken:
        raise _unsealable() from None
    if opened["of"] != of:
        raise _unsealable()
    return opened["value"]


def resealed(sealed: bytes | memoryview) -> bytes | None:
    """The same under the newest key; None where that key sealed it already. Raises Unsealable, NoKey."""
    token = bytes(sealed)
    try:
        _newest().decrypt(token)
    except InvalidToken:
        try:
            return MultiFernet([_newest(), *_older()]).rotate(token)
        except InvalidToken:
            raise _unsealable() from None
    return None


def _newest() -> Fernet:
    if not settings.IDENTITY_KEYS:
        raise NoKey(_("Identities cannot be kept just now: this site has no key for them (IDENTITY_KEYS)."))
    return boxes(settings.IDENTITY_KEYS[:1])[0]


def _older() -> list[Fernet]:
    return boxes(settings.IDENTITY_KEYS[1:])


def _unsealable() -> Unsealable:
    return Unsealable(_("This cannot be opened: the key that sealed it is not among this site’s keys."))
