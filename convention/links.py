"""Secrets of mailed links, derived from SECRET_KEY and from what a row says of itself.

A row holds the version of its link alone: whoever reads the database or a backup cannot make the link.
Raising the version ends the links that were sent; SECRET_KEY_FALLBACKS still open theirs.
"""

import base64
import uuid
from typing import ClassVar

from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac

from .secret_keys import secret_keys

CODE_BYTES = 16
"""Of the authentication code in a link's token: as many as its row's public id has."""


def derive_secret(purpose: str, *parts: object) -> str:
    """Return the secret of the link whose row says these parts: 43 characters, safe in an address."""
    return _secret(secret_keys()[0], purpose, parts)


def is_secret(given: str, purpose: str, *parts: object) -> bool:
    """Return whether this is the secret of that link, under SECRET_KEY or an earlier key."""
    return any(constant_time_compare(_secret(key, purpose, parts), given) for key in secret_keys())


def _secret(key: str, purpose: str, parts: tuple[object, ...]) -> str:
    return _text(_code(key, purpose, parts))


def _code(key: str, purpose: str, parts: tuple[object, ...]) -> bytes:
    content = ":".join(map(str, parts))
    return salted_hmac(purpose, content, secret=key, algorithm="sha256").digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class LinkedModel(models.Model):
    """A row that a link opens by itself: its token is the row's public id with an authentication code."""

    LINK_PURPOSE: ClassVar[str]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def link_token(self) -> str:
        """What the link carries: 43 characters, safe in an address."""
        return self._link_token(secret_keys()[0])

    def has_link_token(self, token: str) -> bool:
        """Return whether this is the token of the link, under SECRET_KEY or an earlier key."""
        return any(constant_time_compare(self._link_token(key), token) for key in secret_keys())

    def _link_token(self, key: str) -> str:
        code = _code(key, self.LINK_PURPOSE, (self.public_id, self.link_version))
        return _text(self.public_id.bytes + code[:CODE_BYTES])


def find_by_link_token[Row: LinkedModel](rows: "models.QuerySet[Row]", token: str) -> Row | None:
    """Return the row that a link's token opens; None for a token that is forged, cut or replaced."""
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        public_id = uuid.UUID(bytes=content[:CODE_BYTES])
    except ValueError:
        return None
    row = rows.filter(public_id=public_id).first()
    return row if row is not None and row.has_link_token(token) else None
