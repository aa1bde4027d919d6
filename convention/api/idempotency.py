"""Requests with an Idempotency-Key: a request that the same token repeats is not carried out again.

The result of an action is stored as keys of rows, never as a body: a repeated request is answered from the
rows as they are now. Keys and contents are stored as hashes.
"""

import datetime
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from convention.errors import ConventionError

from .models import ApiToken, RepeatableRequest

KEY_LIFETIME: Final = datetime.timedelta(days=1)
IDEMPOTENCY_KEY_HEADER: Final = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending the same request again with the same key, within a day, does nothing again.",
)


class IdempotencyKeyReused(ConventionError):
    """The key was used for another request, or too long ago."""

    kind = "idempotency-key-reused"


def run_once_per_key[Result](request: Request, action: Callable[[], Result]) -> Result:
    """Return the result of `action`, or the stored result if the request repeats its Idempotency-Key.

    The result must be JSON. Nothing is stored if `action` fails, so that the request can be repeated. Raise
    IdempotencyKeyReused.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return action()
    # Endpoints for programs authenticate no other way.
    token = cast("ApiToken", request.auth)
    hashes = {"key_hash": hash_text(key), "content_hash": hash_text(describe_content(request))}
    with transaction.atomic():
        try:
            # Of two requests at once, the second waits here for the first.
            with transaction.atomic():
                row = RepeatableRequest.objects.create(token=token, **hashes)
        except IntegrityError:
            return find_earlier_result(token, **hashes)
        row.result = action()
        row.save(update_fields=["result"])
        return row.result


def describe_content(request: Request) -> str:
    """Return method, address and body as a text that is the same for the same request."""
    return json.dumps([request.method, request.path, request.data], sort_keys=True)


def hash_text(text: str) -> str:
    # Keys can contain lone surrogates, which strict UTF-8 refuses.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find_earlier_result(token: ApiToken, *, key_hash: str, content_hash: str) -> Any:
    """Return the stored result of the same request. Raise IdempotencyKeyReused."""
    row = RepeatableRequest.objects.get(token=token, key_hash=key_hash)
    if row.content_hash != content_hash:
        raise IdempotencyKeyReused(
            _("This Idempotency-Key has already been used for another request. Use a new key.")
        )
    if row.created_at < timezone.now() - KEY_LIFETIME:
        raise IdempotencyKeyReused(_("This Idempotency-Key was used more than a day ago. Use a new key."))
    return row.result


def delete_old_requests() -> None:
    """Delete keys that are no longer valid. A periodic job."""
    RepeatableRequest.objects.filter(created_at__lt=timezone.now() - 2 * KEY_LIFETIME).delete()
