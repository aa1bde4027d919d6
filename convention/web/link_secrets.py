"""Secrets of mailed links, derived from SECRET_KEY and a row.

A row only stores the version of its link: a copy of the database does not reveal the link. A higher version
revokes the links that were sent; SECRET_KEY_FALLBACKS still accept theirs.
"""

import base64
import uuid
from typing import ClassVar

from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac

from convention.codes.secret_keys import list_secret_keys

# As long as the row's public id in the token.
AUTH_CODE_BYTES = 16


def derive_link_secret(purpose: str, *parts: object) -> str:
    """Return the secret for a row's parts: 43 characters, safe in a URL."""
    return _encode_secret(list_secret_keys()[0], purpose, parts)


def is_link_secret(candidate: str, purpose: str, *parts: object) -> bool:
    """Return whether this is the link's secret, under SECRET_KEY or a fallback."""
    # Constant time: the duration of a comparison must not tell how many characters were right.
    return any(
        constant_time_compare(_encode_secret(key, purpose, parts), candidate) for key in list_secret_keys()
    )


def _encode_secret(key: str, purpose: str, parts: tuple[object, ...]) -> str:
    return _encode_base64url(_authentication_code(key, purpose, parts))


def _authentication_code(key: str, purpose: str, parts: tuple[object, ...]) -> bytes:
    content = ":".join(map(str, parts))
    return salted_hmac(purpose, content, secret=key, algorithm="sha256").digest()


def _encode_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class LinkedModel(models.Model):
    """A row that a link opens: its token is the row's public id with an authentication code."""

    LINK_PURPOSE: ClassVar[str]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def link_token(self) -> str:
        """Return the token: 43 characters, safe in a URL."""
        return self._link_token(list_secret_keys()[0])

    def has_link_token(self, token: str) -> bool:
        """Return whether this is the row's token, under SECRET_KEY or a fallback."""
        return any(constant_time_compare(self._link_token(key), token) for key in list_secret_keys())

    def _link_token(self, key: str) -> str:
        code = _authentication_code(key, self.LINK_PURPOSE, (self.public_id, self.link_version))
        return _encode_base64url(self.public_id.bytes + code[:AUTH_CODE_BYTES])


def find_by_link_token[Row: LinkedModel](rows: "models.QuerySet[Row]", token: str) -> Row | None:
    """Return the row that a token opens; None for a forged, truncated or revoked token."""
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        public_id = uuid.UUID(bytes=content[:AUTH_CODE_BYTES])
    except ValueError:
        return None
    # Found by public id first, since the code depends on the row's link version.
    row = rows.filter(public_id=public_id).first()
    return row if row is not None and row.has_link_token(token) else None
