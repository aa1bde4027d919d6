"""What is on sale, kept by each process while nobody changes it: in a rush thousands ask for the same.

What is kept only ever sells. The act that books compares its mark (`sale_mark.py`), so that nothing is sold
by what was changed since; and whoever would be refused by it is looked at again by what is read anew.
"""

import datetime
from collections.abc import Collection
from dataclasses import replace

from django.db import connection
from django.utils import timezone

from convention.events.models import Event

from .on_sale import OnSale, on_sale
from .statements import twin_of

type Asked = tuple[str, frozenset[str], str]

MOST = 200
"""How many answers are kept; all are forgotten when there are more."""
_kept: dict[Asked, tuple[OnSale, datetime.datetime | None]] = {}


class Outdated(Exception):
    """What was kept does not sell this: it changed, or it would refuse. Look again at what is read."""


def kept_sale(slug: str, tickets: Collection[str], code: str) -> OnSale | None:
    """What `read_sale` read of the same, as far as it is known; who books by it may be told `Outdated`."""
    found, until = _kept.get((slug, frozenset(tickets), code), (None, None))
    # A transaction may have changed what it is going to read.
    if found is None or connection.in_atomic_block or (until and until <= timezone.now()):
        return None
    return replace(_twin(found), is_kept=True)


def read_sale(slug: str, tickets: Collection[str], code: str) -> OnSale | None:
    """What `on_sale` says, kept for those who ask next."""
    sold = on_sale(slug, tickets, code)
    if sold and sold.mark and not connection.in_atomic_block and _may_be_kept(sold, tickets, code):
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[slug, frozenset(tickets), code] = _twin(sold), _until(sold)
    return sold


def _may_be_kept(sold: OnSale, tickets: Collection[str], code: str) -> bool:
    """Whether everybody may see the event, and all that was asked for is there."""
    is_whole = len(sold.tickets) == len(set(tickets)) and bool(sold.voucher) == bool(code)
    return is_whole and sold.event.visibility != Event.Visibility.DRAFT


def _until(sold: OnSale) -> datetime.datetime | None:
    """When the first of the prices ends that hold now."""
    return min((step.until for ticket in sold.tickets for step in ticket.known_steps or ()), default=None)


def _twin(sold: OnSale) -> OnSale:
    """The same for another request, with its own event, tickets and code; the rest is only read."""
    event = twin_of(sold.event)
    tickets = [twin_of(ticket) for ticket in sold.tickets]
    for ticket, kept in zip(tickets, sold.tickets, strict=True):
        ticket.event, ticket.quota = event, kept.quota and twin_of(kept.quota)
    voucher = sold.voucher and twin_of(sold.voucher)
    if voucher:
        voucher.event = event
    return replace(sold, event=event, tickets=tickets, voucher=voucher)
