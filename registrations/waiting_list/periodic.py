"""Periodic job of waiting lists: expire offers, and offer what is free.

Actions offer the places they free in their own transaction. This job finds what changed otherwise: a session
with more places, a sale that opened.
"""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from registrations.models import Ticket, WaitingEntry
from schedule.models import Session

from .end_waiting import expire_offer
from .offers import offer_free_places

HAS_FREE_PLACES = Q(capacity__isnull=True) | Q(reserved__lt=F("capacity"))


def process_waiting_lists() -> None:
    """Run once a minute; safe at any time and in several processes at once."""
    now = timezone.now()
    for entry in WaitingEntry.objects.with_expired_offer(at=now).order_by("offer_expires_at", "pk"):
        expire_offer(entry=entry, at=now)
    waiting = WaitingEntry.objects.awaiting_offer().filter(event__ends_at__gt=now).order_by()
    for model, column in ((Ticket, "ticket"), (Session, "session")):
        rows = model._default_manager.filter(HAS_FREE_PLACES, pk__in=waiting.values(column))
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            # A transaction for each item: locks are short, and one failure does not undo the offers before.
            with transaction.atomic():
                offer_free_places(model, pk)
