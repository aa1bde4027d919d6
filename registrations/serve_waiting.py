"""Recurring work of waiting lists: offers that ran out go to the next, and what is free is offered.

What was freed by an act of ours was offered in that act's transaction; this finds what changed otherwise,
as a session that got more places or a sale that opened.
"""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from schedule.models import Session

from .leave_waiting import lapse
from .models import Ticket, WaitingEntry
from .offer import offer_free

ROOM = Q(capacity__isnull=True) | Q(taken__lt=F("capacity"))


def serve_waiting() -> None:
    """Every minute; may be run at any time, by several at once."""
    now = timezone.now()
    for entry in WaitingEntry.objects.overdue(at=now).order_by("offer_expires_at", "pk"):
        lapse(entry=entry, at=now)
    waiting = WaitingEntry.objects.in_line().filter(event__ends_at__gt=now).order_by()
    for kind, of in ((Ticket, "ticket"), (Session, "session")):
        rows = kind._default_manager.filter(ROOM, pk__in=waiting.values(of))
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                offer_free(kind, pk)
