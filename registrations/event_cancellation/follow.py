"""After an event was cancelled: end its waiting list and cancel its registrations, in a job.

The job stops when the event is restored, and does what is left when it starts again.
"""

import datetime
import json
from dataclasses import dataclass
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.errors import NotOpenNow
from convention.events.models import Event
from convention.events.publishing.cancel_event import EventCancellation
from convention.jobs.job_queue import JobProgress, request_job
from registrations.changes.cancel_selected import (
    FULL_REFUND,
    SelectionCancellation,
    cancel_selected,
    describe_cancelled,
)
from registrations.changes.selections import ProgressReport, SelectionOutcome
from registrations.models import Registration, WaitingEntry
from registrations.models.waiting_list import WaitingEntryQuerySet
from registrations.waiting_list.end_waiting import WaitingEnded, leave_waiting_list
from registrations.waiting_list.notifications import notify_waiting_entry


@dataclass(frozen=True)
class EventEnding:
    """The job's payload: which cancellation of the event it follows, and the refund that was chosen."""

    cancelled_at: datetime.datetime
    refund: str

    def to_json(self) -> str:
        return json.dumps([self.cancelled_at.isoformat(), self.refund])

    @classmethod
    def from_json(cls, stored: str) -> "EventEnding":
        cancelled_at, refund = json.loads(stored)
        return cls(datetime.datetime.fromisoformat(cancelled_at), refund)


def queue_cancellations(cancellation: EventCancellation) -> None:
    """Queue the job, in the transaction in which the event was cancelled; none without any registration."""
    event = cancellation.event
    assert event.cancelled_at is not None
    count = Registration.objects.active().filter(event=event).count()
    if not count and not find_ticket_entries(event).exists():
        return

    def write_title() -> str:
        title = ngettext(
            "Cancellation of the event: %(count)d registration",
            "Cancellation of the event: %(count)d registrations",
            count,
        )
        return title % {"count": count}

    request_job(
        event=event,
        kind="cancel-event",
        title=write_title,
        requested_by=cancellation.requested_by,
        # Without choices all refunds are the same.
        payload=EventEnding(event.cancelled_at, cancellation.refund or FULL_REFUND).to_json(),
    )


def find_ticket_entries(event: Event) -> WaitingEntryQuerySet:
    """Return those who wait for a ticket; entries for sessions end with their registration."""
    return WaitingEntry.objects.active().filter(event=event, ticket__isnull=False)


def run_event_cancellation_job(progress: JobProgress, _file: BinaryIO) -> str:
    """End the waiting list and cancel all registrations; return the outcome, with those not cancelled."""
    outcome = cancel_registrations_of_event(
        event=progress.job.required_event,
        ending=EventEnding.from_json(progress.job.payload),
        report=progress,
    )
    return "\n".join([describe_cancelled(outcome), *outcome.skipped.list_lines()])


def cancel_registrations_of_event(
    *, event: Event, ending: EventEnding, report: ProgressReport | None = None
) -> SelectionOutcome:
    """End the waiting list and cancel all active registrations. Raise NotOpenNow if the event is restored."""
    check = _make_check(event, ending, report)
    check(0, 1)
    # Waits first: nobody is left to whom a released place could be offered.
    _end_waiting_list(event)
    outcome, attempted_ids = SelectionOutcome(), set[int]()
    # Again for orders that were being saved when the event was cancelled.
    while ids := set(_find_active_ids(event)) - attempted_ids:
        attempted_ids |= ids
        cancellation = SelectionCancellation(
            tuple(sorted(ids)), ending.refund, event.cancellation_reason, ending.cancelled_at
        )
        result = cancel_selected(event=event, cancellation=cancellation, report=check)
        outcome.done_count += result.done_count
        outcome.skipped.rows += result.skipped.rows
    return outcome


def _find_active_ids(event: Event) -> list[int]:
    return list(Registration.objects.active().filter(event=event).values_list("pk", flat=True))


def _make_check(event: Event, ending: EventEnding, report: ProgressReport | None) -> ProgressReport:
    """Return a report of progress that raises NotOpenNow if this cancellation of the event was undone."""

    def check(done: int, total: int) -> None:
        # Asked again after each order, since a restored event keeps what is not cancelled yet.
        if not Event.objects.filter(pk=event.pk, cancelled_at=ending.cancelled_at).exists():
            raise NotOpenNow(_("The event was restored, so the remaining registrations stay valid."))
        if report:
            report(done, total)

    return check


def _end_waiting_list(event: Event) -> None:
    for entry in find_ticket_entries(event).order_by("pk"):
        try:
            with transaction.atomic():
                leave_waiting_list(entry=entry, reason=event.cancellation_reason)
                notify_waiting_entry.enqueue(entry.pk)
        except WaitingEnded:
            # The person left the list meanwhile.
            continue
