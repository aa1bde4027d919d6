"""Run: the worker’s part of a mailing. Recipients are frozen once, then written to in batches.

A mail counts as sent once the mail server has taken it: whatever is killed in between goes on with those who
wait, and what was in the air goes out again under its own Message-ID. One process at a time runs a mailing.
"""

import datetime
import time
from typing import Final

from django.conf import settings
from django.db.models import F, Min, Prefetch
from django.tasks import task
from django.utils import timezone

from convention.leases import Taken, leased
from convention.mail import NotSent
from registrations.models import Registration

from .freeze import freeze
from .models import Mailing, Recipient
from .send_batch import PAUSES, send_batch

BATCH: Final = 100
TURN_SECONDS: Final = 20
"""After so long other tasks of this worker get their turn."""
SILENCE: Final = datetime.timedelta(minutes=5)
"""A mailing under way that no worker has looked at for longer is taken up again."""
BEHIND: Final = -10
"""The priority of mailings: confirmations go first."""


@task(priority=BEHIND)
def run_mailing(mailing_id: int) -> None:
    """Send what is due for some seconds; then let others work, and go on."""
    try:
        with leased(f"mailing:{mailing_id}"):
            goes_on = _work(mailing_id)
    except Taken:
        later = timezone.now() + datetime.timedelta(seconds=settings.LEASE_SECONDS)
        Mailing.objects.under_way().filter(pk=mailing_id).update(due_at=later)
        return
    if goes_on:
        run_mailing.enqueue(mailing_id)


def keep_going() -> None:
    """Recurring work: begin what is due, and take up what a fault or a killed worker left."""
    now = timezone.now()
    for pk in list(Mailing.objects.under_way().filter(due_at__lte=now).values_list("pk", flat=True)):
        if Mailing.objects.under_way().filter(pk=pk, due_at__lte=now).update(due_at=now + SILENCE):
            run_mailing.enqueue(pk)


def _work(mailing_id: int) -> bool:
    """Whether more is due at once."""
    end = time.monotonic() + TURN_SECONDS
    mailing = _under_way(mailing_id)
    while mailing and time.monotonic() < end:
        if mailing.started_at is None:
            freeze(mailing=mailing)
        Mailing.objects.filter(pk=mailing.pk).update(due_at=timezone.now() + SILENCE)
        if not (recipients := _due(mailing)):
            _rest(mailing)
            return False
        try:
            send_batch(mailing, recipients)
        except NotSent as fault:
            _note_fault(mailing, str(fault))
            return False
        mailing = _under_way(mailing_id)
    return mailing is not None


def _under_way(mailing_id: int) -> Mailing | None:
    rows = Mailing.objects.under_way().filter(due_at__isnull=False)
    return rows.select_related("event__venue").filter(pk=mailing_id).first()


def _due(mailing: Mailing) -> list[Recipient]:
    """The next batch, each with what its letter needs."""
    people = Registration.objects.select_related("order", "ticket").order_by("pk")
    rows = mailing.recipients.waiting().filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    return list(rows.prefetch_related(Prefetch("registrations", queryset=people))[:BATCH])


def _rest(mailing: Mailing) -> None:
    """Nothing is due: all is done, or the next attempt comes later."""
    later = mailing.recipients.waiting().aggregate(at=Min("due_at"))["at"]
    ended = None if later else timezone.now()
    Mailing.objects.under_way().filter(pk=mailing.pk).update(due_at=later, finished_at=ended)


def _note_fault(mailing: Mailing, fault: str) -> None:
    """Try again later; after the last pause it stands still until somebody resumes it."""
    mailing.refresh_from_db(fields=["faults"])
    pauses = PAUSES[mailing.faults : mailing.faults + 1]
    due_at = timezone.now() + datetime.timedelta(seconds=pauses[0]) if pauses else None
    Mailing.objects.filter(pk=mailing.pk).update(faults=F("faults") + 1, fault=fault[:300], due_at=due_at)
