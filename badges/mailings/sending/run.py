"""Run a mailing in the worker: freeze the recipients once, then send in batches.

A mail counts as sent once the mail server has accepted it. A killed worker's successor continues with the
waiting recipients and repeats the mail in flight under the same Message-ID. A lease lets only one process run
a mailing.
"""

import datetime
import time
from typing import Final

from django.conf import settings
from django.db.models import F, Min, Prefetch
from django.tasks import task
from django.utils import timezone

from badges.mailings.models import Mailing, Recipient
from convention.db.leases import LeaseUnavailable, hold_lease
from convention.mail.messages import MailNotSent
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.models import Registration, WaitingEntry

from .batch import RETRY_PAUSES_SECONDS, send_batch
from .recipients import freeze_recipients

BATCH_SIZE: Final = 100
# After this time the task is requeued, so that the worker's other tasks get their turn.
MAX_RUN_SECONDS: Final = 20
# An active mailing that no worker has touched for longer was left by a killed worker.
TAKEOVER_DELAY: Final = datetime.timedelta(minutes=5)
# Lower than the default, so that confirmations go first.
MAILING_PRIORITY: Final = -10


@task(priority=MAILING_PRIORITY, queue_name=MAIL_QUEUE)
def run_mailing(mailing_id: int) -> None:
    """Send what is due for some seconds, then requeue the task, so that other tasks get their turn."""
    try:
        with hold_lease(f"mailing:{mailing_id}"):
            has_more = _send_due_batches(mailing_id)
    except LeaseUnavailable:
        # The other process may have been killed: look again when its lease has ended.
        lease_ends_at = timezone.now() + datetime.timedelta(seconds=settings.LEASE_SECONDS)
        Mailing.objects.active().filter(pk=mailing_id).update(due_at=lease_ends_at)
        return
    if has_more:
        run_mailing.enqueue(mailing_id)


def enqueue_due_mailings() -> None:
    """Begin due mailings, and continue those that a fault or a killed worker left. A periodic job."""
    now = timezone.now()
    for pk in list(Mailing.objects.active().filter(due_at__lte=now).values_list("pk", flat=True)):
        # A conditional update, so that only one of two processes enqueues the mailing.
        if Mailing.objects.active().filter(pk=pk, due_at__lte=now).update(due_at=now + TAKEOVER_DELAY):
            run_mailing.enqueue(pk)


def _send_due_batches(mailing_id: int) -> bool:
    """Send batches until the time is up; return whether more is due at once."""
    end = time.monotonic() + MAX_RUN_SECONDS
    mailing = _get_active_mailing(mailing_id)
    while mailing and time.monotonic() < end:
        if mailing.started_at is None:
            freeze_recipients(mailing=mailing)
        # Moved forward before each batch, so that the periodic job does not enqueue the mailing meanwhile.
        Mailing.objects.filter(pk=mailing.pk).update(due_at=timezone.now() + TAKEOVER_DELAY)
        if not (recipients := _load_due_recipients(mailing)):
            _finish_or_postpone(mailing)
            return False
        try:
            send_batch(mailing, recipients)
        except MailNotSent as fault:
            _record_fault(mailing, str(fault))
            return False
        mailing = _get_active_mailing(mailing_id)
    return mailing is not None


def _get_active_mailing(mailing_id: int) -> Mailing | None:
    # Without `due_at` it was stopped by a fault: a task still in the queue must not resume it.
    rows = Mailing.objects.active().filter(due_at__isnull=False)
    return rows.select_related("event__venue").filter(pk=mailing_id).first()


def _load_due_recipients(mailing: Mailing) -> list[Recipient]:
    """Return the next batch, with everything that its mails need."""
    people = Registration.objects.select_related("order", "ticket").order_by("pk")
    waiting = Prefetch(
        "waiting_entries", queryset=WaitingEntry.objects.select_related("ticket").order_by("pk")
    )
    rows = mailing.recipients.waiting().filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    rows = rows.select_related("person").prefetch_related(Prefetch("registrations", queryset=people), waiting)
    return list(rows[:BATCH_SIZE])


def _finish_or_postpone(mailing: Mailing) -> None:
    """Mark the mailing as finished, or set when its next attempt is due."""
    next_due_at = mailing.recipients.waiting().aggregate(at=Min("due_at"))["at"]
    finished_at = None if next_due_at else timezone.now()
    Mailing.objects.active().filter(pk=mailing.pk).update(due_at=next_due_at, finished_at=finished_at)


def _record_fault(mailing: Mailing, fault: str) -> None:
    """Schedule another try; after the last pause the mailing stops until an organizer resumes it."""
    # send_batch may have reset the count after a mail that went through.
    mailing.refresh_from_db(fields=["faults"])
    pauses = RETRY_PAUSES_SECONDS[mailing.faults : mailing.faults + 1]
    due_at = timezone.now() + datetime.timedelta(seconds=pauses[0]) if pauses else None
    Mailing.objects.filter(pk=mailing.pk).update(faults=F("faults") + 1, fault=fault[:300], due_at=due_at)
