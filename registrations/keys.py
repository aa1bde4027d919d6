"""Idempotency keys: sent again, an order books nothing again; its row tells neither key nor content."""

import datetime
import hashlib

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.composed import Composed
from convention.errors import ConventionError
from convention.events.models import Event

from .models import IdempotencyKey, Order
from .order_request import OrderRequest

KEY_LASTS = datetime.timedelta(days=1)


class KeyReused(ConventionError):
    """An idempotency key came back with another content."""

    kind = "idempotency-key-reused"


def order_with_key(event: Event, key: str) -> Order | None:
    """The order that came with this key within a day, whatever it asked for."""
    found = _key_before(event, key)
    fresh = found and found.created_at >= timezone.now() - KEY_LASTS
    return found.order if found and fresh else None


def _key_before(event: Event, key: str) -> IdempotencyKey | None:
    return KEPT.first(event.pk, _hash(key))


def _kept(event: int, key_hash: str) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(event=event, key_hash=key_hash).select_related("order")


KEPT = Composed(_kept, -1, "the hash")


def ordered_before(event: Event, request: OrderRequest, key: str) -> Order | None:
    """The same order again, for a day: after that whoever guesses key and content learns nothing."""
    found = _key_before(event, key)
    if found and found.content_hash != request.content_hash:
        raise KeyReused(_("This idempotency key came with another order before; use a new key."))
    if found and found.created_at < timezone.now() - KEY_LASTS:
        raise KeyReused(_("This idempotency key was used more than a day ago; use a new key."))
    return found.order if found else None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_of(event: Event, request: OrderRequest, key: str) -> IdempotencyKey:
    """The key that an order came with, not stored yet; the row tells neither it nor the content."""
    return IdempotencyKey(event=event, key_hash=_hash(key), content_hash=request.content_hash)
