"""Lock the list: nobody comes onto it from the waiting list any more; by hand, or at the deadline."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed
from convention.turns import take_turn

from ..leave_waiting import lapse
from ..models import WaitingEntry
from .apply import turn_of
from .deadline import locks_at
from .life import locked_row
from .models import Application, Visit
from .odd_dates import about_length
from .send_list import end_links
from .tell_applicant import tell_applicant


@transaction.atomic
def lock(*, visit: Visit) -> Visit:
    """Settle who comes; offers that were not accepted lapse, and whoever still waits is told so.

    Raises Closed where members have not heard of it yet, it is locked already, or its dates are odd.
    """
    take_turn(turn_of(visit))
    visit = locked_row(visit)
    if visit.locked_at or visit.state not in (Visit.State.PUBLISHED, Visit.State.CLOSED):
        raise Closed(_("This list is locked already, or the visit is not open to members yet."))
    if sentence := about_length(visit.event.starts_at, visit.event.ends_at):
        raise Closed(sentence)
    now = timezone.now()
    visit.locked_at = now
    visit.save(update_fields=["locked_at"])
    record("visit.lock", visit, event=visit.event, fields=["locked_at"])
    _end_offers(visit, now)
    for pk in Application.objects.alive().filter(visit=visit, registration=None).values_list("pk", flat=True):
        tell_applicant.enqueue(pk)
    return visit


def _end_offers(visit: Visit, now: datetime.datetime) -> None:
    offered = WaitingEntry.objects.offered().filter(ticket__isnull=False, event=visit.event)
    offered.filter(offer_expires_at__gt=now).update(offer_expires_at=now)
    for entry in WaitingEntry.objects.overdue(at=now).filter(event=visit.event, ticket__isnull=False):
        lapse(entry=entry, at=now)


@transaction.atomic
def unlock(*, visit: Visit) -> Visit:
    """Open a list that was locked by hand, before its day and as long as nothing was sent.

    What waits for the mail server stays here. Raises Closed.
    """
    visit = locked_row(visit)
    locked_at, visit.locked_at = visit.locked_at, None
    if locked_at is None or visit.sent_at or locks_at(visit) <= timezone.now():
        raise Closed(_("The day of the lock has come, or the host has the list: it stays locked."))
    visit.save(update_fields=["locked_at"])
    end_links(visit, at=timezone.now())
    record("visit.unlock", visit, event=visit.event, fields=["locked_at"])
    return visit


def lock_due() -> None:
    """Lock every list whose moment has come, one transaction each; recurring work."""
    now = timezone.now()
    ahead = Visit.objects.published().filter(locked_at__isnull=True, event__ends_at__gt=now)
    for visit in ahead.select_related("event").order_by("pk"):
        if locks_at(visit) <= now:
            _lock_once(visit)


def _lock_once(visit: Visit) -> None:
    """Somebody may lock it by hand at the same moment."""
    try:
        lock(visit=visit)
    except Closed:
        return
