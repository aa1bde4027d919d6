"""A cache of event catalogs in each process: in a rush thousands order the same.

A cached catalog can only book. Saving the order compares its version, so that nothing is sold on outdated
terms; an order that it would refuse is checked again with a fresh catalog.
"""

import datetime
from collections.abc import Collection
from dataclasses import replace

from django.db import connection
from django.utils import timezone

from convention.events.models import Event

from .catalog_query import EventCatalog, query_catalog
from .rows import clone_instance

type CatalogKey = tuple[str, frozenset[str], str]

# The cache is cleared when it has more.
MAX_CACHED_CATALOGS = 200
_cached_catalogs: dict[CatalogKey, tuple[EventCatalog, datetime.datetime | None]] = {}


class StaleCache(Exception):
    """The cached catalog is outdated, or would refuse the order. Load it and try again."""


def get_cached_catalog(slug: str, tickets: Collection[str], code: str) -> EventCatalog | None:
    """Return the cached catalog of this key, if it is still usable; booking with it may raise StaleCache."""
    catalog, expires_at = _cached_catalogs.get((slug, frozenset(tickets), code), (None, None))
    # The cache does not know what the current transaction has changed.
    if catalog is None or connection.in_atomic_block or (expires_at and expires_at <= timezone.now()):
        return None
    return replace(_clone_catalog(catalog), is_cached=True)


def load_catalog(slug: str, tickets: Collection[str], code: str) -> EventCatalog | None:
    """Query a catalog, and cache it for the next requests."""
    catalog = query_catalog(slug, tickets, code)
    if (
        catalog
        and catalog.version
        and not connection.in_atomic_block
        and _can_be_cached(catalog, tickets, code)
    ):
        if len(_cached_catalogs) >= MAX_CACHED_CATALOGS:
            # Cheaper than tracking use: a rush fills it again within seconds.
            _cached_catalogs.clear()
        _cached_catalogs[slug, frozenset(tickets), code] = _clone_catalog(catalog), _find_expiry(catalog)
    return catalog


def _can_be_cached(catalog: EventCatalog, tickets: Collection[str], code: str) -> bool:
    """Return whether the event is public and everything requested was found."""
    is_complete = len(catalog.tickets) == len(set(tickets)) and bool(catalog.voucher) == bool(code)
    return is_complete and catalog.event.visibility != Event.Visibility.DRAFT


def _find_expiry(catalog: EventCatalog) -> datetime.datetime | None:
    """Return when the first of the current prices ends."""
    return min(
        (step.ends_at for ticket in catalog.tickets for step in ticket.loaded_price_steps or ()), default=None
    )


def _clone_catalog(catalog: EventCatalog) -> EventCatalog:
    """Return a copy with its own event, tickets and voucher; questions are shared and only read."""
    event = clone_instance(catalog.event)
    tickets = [clone_instance(ticket) for ticket in catalog.tickets]
    for ticket, original in zip(tickets, catalog.tickets, strict=True):
        ticket.event, ticket.quota = event, original.quota and clone_instance(original.quota)
    voucher = catalog.voucher and clone_instance(catalog.voucher)
    if voucher:
        voucher.event = event
    return replace(catalog, event=event, tickets=tickets, voucher=voucher)
