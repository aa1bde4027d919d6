"""Who may scan: a paired device, by its bearer token."""

import hashlib

from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError

from .models import Device


class UnknownDevice(ConventionError):
    """No token, or one that is unknown, expired or revoked: the device wipes what it holds."""

    kind = "authentication-failed"
    status = 401


def hash_token(token: str) -> str:
    """What is kept of a device's token: it is long and random, so a plain SHA-256 does."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def device_of(authorization: str) -> Device:
    """The device behind an `Authorization: Bearer TOKEN` header, with its checkpoint and event.

    Raises UnknownDevice; the sentence is the same whatever the reason.
    """
    token = bearer_of(authorization)
    devices = Device.objects.valid().select_related("checkpoint", "event")
    device = devices.filter(token_hash=hash_token(token)).first() if token else None
    if device is None:
        raise UnknownDevice(_("This device is not paired, or no longer: pair it again."))
    return device


def bearer_of(authorization: str) -> str:
    """The token of an `Authorization: Bearer TOKEN` header; empty for any other."""
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
