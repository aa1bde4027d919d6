"""Authenticate scanning devices by their bearer token."""

import datetime
import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from convention.db.compiled_query import PLACEHOLDER_TIME, CompiledQuery
from convention.db.wait_budget import is_wait_timeout

from .models import Device

if TYPE_CHECKING:
    from rest_framework.request import Request


def hash_token(token: str) -> str:
    """Return the SHA-256 of a device token. The token is long and random, so it needs no slow hash."""
    # surrogatepass: a token with lone surrogates must be unknown rather than raise UnicodeEncodeError.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class DeviceAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN` with the token of a paired device, which becomes `request.auth`."""

    def authenticate(self, request: "Request") -> tuple[AnonymousUser, Device]:
        """Return the device, with its checkpoint and event loaded.

        Raise AuthenticationFailed if the token is missing, unknown, expired or revoked, with the same
        sentence whatever the reason; on this answer the device erases its data.
        """
        token = parse_bearer_token(request.META.get("HTTP_AUTHORIZATION", ""))
        # Looked up by the hash, which also keeps timing from revealing how much of a token was right.
        device = find_device_reconnecting(token) if token else None
        if device is None:
            raise AuthenticationFailed(_("This device is not paired, or no longer paired. Pair it again."))
        return AnonymousUser(), device

    def authenticate_header(self, request: "Request") -> str:
        """Return the scheme for the WWW-Authenticate header of a 401."""
        # Without this method DRF would answer 403 instead of 401.
        return "Bearer"


class DeviceTokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer TOKEN` with a device's token."""

    target_class = DeviceAuthentication
    name = "deviceToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme as OpenAPI writes it."""
        return {"type": "http", "scheme": "bearer", "description": "The token of a paired device."}


def find_device_reconnecting(token: str) -> Device | None:
    """Return the device whose token is valid now; retry on a new connection if the first was closed.

    The database may close a connection between its health check and its first query. An attendee is waiting
    for the scan, so the request is not refused for that.
    """
    try:
        return find_device(token, at=timezone.now())
    except (OperationalError, InterfaceError) as error:
        if connection.in_atomic_block or is_wait_timeout(error):
            raise
        connection.close()
        return find_device(token, at=timezone.now())


def find_device(token: str, *, at: datetime.datetime) -> Device | None:
    """Return the device whose token is valid at `at`, with its checkpoint and event loaded."""
    return DEVICE_QUERY.first(hash_token(token), at, timezone.localdate(at))


def _query_devices(token_hash: str, at: datetime.datetime, _today: datetime.date) -> QuerySet[Device]:
    devices: QuerySet[Device] = Device.objects.valid(at=at).filter(token_hash=token_hash)
    # At most one row has the hash, so the model's order would only cost a sort.
    return devices.select_related("checkpoint", "event").only(*DEVICE_FIELDS).order_by()


# The fields that the scanner's endpoints read: each scan fetches them, and the driver's work grows with every
# column. Any other field costs a query where it is read.
DEVICE_FIELDS = [
    "name", "public_key", "expires_at", "revoked_at", "seen_at", "state", "can_override",
    "can_change_checkpoint", "paired_by",
    "event__slug", "event__name", "event__name_en", "event__timezone", "event__starts_at", "event__sequence",
    "checkpoint__event", "checkpoint__session", "checkpoint__name", "checkpoint__kind",
    "checkpoint__opens_at", "checkpoint__closes_at", "checkpoint__capacity", "checkpoint__is_strict",
    "checkpoint__addon", "checkpoint__counts_as",
]  # fmt: skip

# Compiled, since every scan runs it first: building the query takes ten times as long as running it.
# The day is derived from the time in `valid`, in the site's zone.
DEVICE_QUERY = CompiledQuery(
    _query_devices, "the hash", PLACEHOLDER_TIME, timezone.localdate(PLACEHOLDER_TIME)
)


def parse_bearer_token(authorization: str) -> str:
    """Return the token of an `Authorization: Bearer TOKEN` header, "" for any other header."""
    scheme, _space, token = authorization.partition(" ")
    # The name of the scheme is case-insensitive (RFC 9110, section 11.1).
    return token.strip() if scheme.lower() == "bearer" else ""
