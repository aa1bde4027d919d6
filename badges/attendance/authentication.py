"""Authenticate scanning devices by their bearer token."""

import hashlib

from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError

from .models import Device


class UnknownDevice(ConventionError):
    """The token is missing, unknown, expired or revoked; on this answer the device erases its data."""

    kind = "authentication-failed"
    status = 401


def hash_token(token: str) -> str:
    """Return the SHA-256 of a device token. The token is long and random, so it needs no slow hash."""
    # surrogatepass: a token with lone surrogates must be unknown rather than raise UnicodeEncodeError.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def authenticate_device(authorization: str) -> Device:
    """Return the device of an `Authorization: Bearer TOKEN` header, with its checkpoint and event loaded.

    Raise UnknownDevice, with the same sentence whatever the reason.
    """
    token = parse_bearer_token(authorization)
    # Looked up by the hash, which also keeps timing from revealing how much of a token was right.
    devices = Device.objects.valid().select_related("checkpoint", "event")
    device = devices.filter(token_hash=hash_token(token)).first() if token else None
    if device is None:
        raise UnknownDevice(_("This device is not paired, or no longer: pair it again."))
    return device


def parse_bearer_token(authorization: str) -> str:
    """Return the token of an `Authorization: Bearer TOKEN` header, "" for any other header."""
    scheme, _space, token = authorization.partition(" ")
    # The name of the scheme is case-insensitive (RFC 9110, section 11.1).
    return token.strip() if scheme.lower() == "bearer" else ""
