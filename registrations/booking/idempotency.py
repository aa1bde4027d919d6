"""Idempotency keys: a repeated order books nothing; keys and contents are stored as hashes."""

import datetime
import hashlib

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event
from registrations.models import IdempotencyKey, Order
from registrations.order_request import OrderRequest

KEY_LIFETIME = datetime.timedelta(days=1)


class KeyReused(ConventionError):
    """An idempotency key was used again for another content, or too late."""

    kind = "idempotency-key-reused"


def find_order_by_key(event: Event, key: str) -> Order | None:
    """Return the order that came with this key within `KEY_LIFETIME`, whatever its content."""
    stored_key = _find_key(event, key)
    is_fresh = stored_key and stored_key.created_at >= timezone.now() - KEY_LIFETIME
    return stored_key.order if stored_key and is_fresh else None


def _find_key(event: Event, key: str) -> IdempotencyKey | None:
    # Without the order, which most orders that come with a key do not have yet.
    return IdempotencyKey.objects.filter(event=event, key_hash=_hash_key(key)).first()


def find_repeated_order(event: Event, request: OrderRequest, key: str) -> Order | None:
    """Return the order that came with this key and content before, if any.

    Raise KeyReused for other content, and after `KEY_LIFETIME`, so that a guessed key reveals no old order.
    """
    stored_key = _find_key(event, key)
    if stored_key and stored_key.content_hash != request.content_hash:
        raise KeyReused(_("This idempotency key has already been used for another order. Use a new key."))
    if stored_key and stored_key.created_at < timezone.now() - KEY_LIFETIME:
        raise KeyReused(_("This idempotency key was used more than a day ago. Use a new key."))
    return stored_key.order if stored_key else None


def _hash_key(key: str) -> str:
    # Keys can contain lone surrogates, which strict UTF-8 refuses.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def build_idempotency_key(event: Event, request: OrderRequest, key: str) -> IdempotencyKey:
    """Return an unsaved row for the key that an order came with."""
    return IdempotencyKey(event=event, key_hash=_hash_key(key), content_hash=request.content_hash)
