"""Keep a market: what firms sell; two that share one compete."""

from django.db import transaction

from convention.audit.record import record

from .keep import free_slug
from .models import Market


@transaction.atomic
def keep_market(*, market: Market, changed: list[str]) -> Market:
    """Keep a new or changed market; `changed` names its fields. A new one gets an address from its name."""
    verb = "market.change" if market.pk else "market.create"
    market.slug = market.slug or free_slug(market.name, of=Market)
    market.save()
    record(verb, market, fields=changed)
    return market
