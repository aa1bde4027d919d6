"""Cancel the registrations that an organizer selected: preview, then the registrations of an order together.

Each order is cancelled in its own transaction, so that one that cannot be cancelled does not stop the others.
"""

import datetime
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from django.db import transaction
from django.db.models import Sum, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.jobs.job_queue import JobProgress
from registrations.billing.refund_rules import decide_terms_for_due
from registrations.billing.refund_terms import RefundReason, RefundTerms
from registrations.billing.selection_money import (
    CancellationSums,
    calculate_amounts_due,
    format_amounts,
    load_billed_orders,
    sum_cancellations,
)
from registrations.models import Order, Registration

from .cancel import RefundTermsGetter, cancel_registrations, make_fee_terms
from .handover_text import may_have_forwarded_badge
from .selections import (
    ProgressReport,
    RegistrationSelection,
    SelectionOutcome,
    SkippedRegistrations,
    make_fingerprint,
)

BY_RULES: Final = "rules"
FULL_REFUND: Final = "full"
NO_REFUND: Final = "none"


@dataclass(frozen=True)
class SelectedCancellations:
    """The registrations that would be cancelled, those that would not, and the money on each of the terms.

    `mail_count` are the e-mails about it, `arrived_count` the attendees who are on site already.
    """

    registrations: list[Registration]
    skipped: SkippedRegistrations
    by_rules: CancellationSums
    full_refund: CancellationSums
    no_refund: CancellationSums
    mail_count: int
    arrived_count: int

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that the page says."""
        all_sums = (self.by_rules, self.full_refund, self.no_refund)
        choices = [(sums.describe(), sums.credited_order_count) for sums in all_sums]
        ids = [row.pk for row in self.registrations]
        return make_fingerprint([ids, self.mail_count, self.arrived_count, choices])


@dataclass(frozen=True)
class SelectionCancellation:
    """A confirmed request to cancel.

    `refund` is BY_RULES (as of `requested_at`), FULL_REFUND or NO_REFUND. Unless `is_notified`, buyers and
    attendees get no e-mail about it.
    """

    ids: tuple[int, ...]
    refund: str
    reason: str
    requested_at: datetime.datetime
    is_notified: bool = True

    def to_json(self) -> str:
        """Return it as the payload of a job."""
        requested_at = self.requested_at.isoformat()
        return json.dumps([self.ids, self.refund, self.reason, requested_at, self.is_notified])

    @classmethod
    def from_json(cls, stored: str) -> "SelectionCancellation":
        """Read the payload of a job."""
        ids, refund, reason, requested_at, is_notified = json.loads(stored)
        return cls(tuple(ids), refund, reason, datetime.datetime.fromisoformat(requested_at), is_notified)

    def choose_terms(self) -> RefundTermsGetter:
        """Return the function that decides about the refund of one registration."""
        if self.refund == FULL_REFUND:
            return partial(make_fee_terms, fee_cents=0, reason=self.reason)
        if self.refund == NO_REFUND:
            return make_full_fee_terms
        return partial(decide_terms_for_due, at=self.requested_at)


def make_full_fee_terms(registration: Registration, due_cents: int) -> RefundTerms:
    """Return terms that charge all that is due; a registration that was never confirmed costs nothing."""
    if registration.confirmed_at is None:
        return RefundTerms(due_cents, due_cents, RefundReason.NOT_CONFIRMED)
    return RefundTerms(due_cents, 0, RefundReason.ORGANIZER)


def preview_selected_cancellations(
    selection: RegistrationSelection, *, at: datetime.datetime
) -> SelectedCancellations:
    """Return what cancelling the selected registrations at `at` would do; nothing is changed."""
    cancellable, skipped = _split_cancellable(selection, at=at)
    billed_orders = load_billed_orders(row.order for row in cancellable)
    dues = calculate_amounts_due(cancellable, billed_orders)
    arrived_ids = hooks.scanned_registrations.provider()({row.pk for row in cancellable})
    return SelectedCancellations(
        registrations=cancellable,
        skipped=skipped,
        by_rules=sum_cancellations(
            [(row, decide_terms_for_due(row, dues[row.pk], at=at)) for row in cancellable], billed_orders
        ),
        full_refund=sum_cancellations(
            [(row, RefundTerms(dues[row.pk], dues[row.pk], RefundReason.ORGANIZER)) for row in cancellable],
            billed_orders,
        ),
        no_refund=sum_cancellations(
            [(row, make_full_fee_terms(row, dues[row.pk])) for row in cancellable], billed_orders
        ),
        mail_count=_count_mails(cancellable),
        arrived_count=len(arrived_ids),
    )


def _split_cancellable(
    selection: RegistrationSelection, *, at: datetime.datetime
) -> tuple[list[Registration], SkippedRegistrations]:
    event, skipped = selection.event, SkippedRegistrations()
    # Prefetched on the one instance that all registrations share below.
    prefetch_related_objects([event], "refund_rules")
    rows = selection.find_registrations().select_related("order", "ticket")
    cancellable = []
    for registration in rows.prefetch_related("addons__addon"):
        registration.event = registration.order.event = event
        if reason := _find_objection(registration, at=at):
            skipped.add([registration], reason)
        else:
            cancellable.append(registration)
    return cancellable, skipped


def _find_objection(registration: Registration, *, at: datetime.datetime) -> str:
    """Return why the registration would not be cancelled, or ""."""
    if registration.cancelled_at:
        return _("already cancelled")
    if registration.event.is_over(at=at):
        return _("the event is over")
    return "" if registration.is_active else _("no longer active")


def _count_mails(registrations: Sequence[Registration]) -> int:
    """Return how many e-mails say that places are cancelled.

    They are one for each order and each attendee with an own address, and for each private place one to the
    attendee and one to the buyer.
    """
    # Places that were never confirmed end without an e-mail.
    confirmed = [row for row in registrations if row.confirmed_at]
    buyers = {row.order_id for row in confirmed if not row.is_private and row.order.email}
    addresses = [address for row in confirmed if row.is_private for address in (row.email, row.order.email)]
    attendees = [row for row in confirmed if not row.is_private and may_have_forwarded_badge(row)]
    return len(buyers) + len(attendees) + len([address for address in addresses if address])


def cancel_selected(
    *, event: Event, cancellation: SelectionCancellation, report: ProgressReport | None = None
) -> SelectionOutcome:
    """Cancel these registrations of the event; return how many were, and why others were not.

    Those that were cancelled since the request count as done: an interrupted job starts again.
    """
    outcome = SelectionOutcome()
    ids_by_order: dict[int, list[int]] = defaultdict(list)
    rows = Registration.objects.filter(event=event, pk__in=cancellation.ids)
    for pk, order_id in rows.order_by("order_id", "pk").values_list("pk", "order_id"):
        ids_by_order[order_id].append(pk)
    for number, (order_id, ids) in enumerate(ids_by_order.items(), start=1):
        try:
            _cancel_in_order(order_id, ids, cancellation, outcome)
        except ConventionError as error:
            outcome.skipped.add(Registration.objects.filter(pk__in=ids), error)
        if report:
            report(number, len(ids_by_order))
    record_action("selection.cancel", event, event=event, reason=cancellation.reason)
    return outcome


def _cancel_in_order(
    order_id: int, ids: list[int], cancellation: SelectionCancellation, outcome: SelectionOutcome
) -> None:
    with transaction.atomic():
        order = Order.objects.locked_for_update().select_related("event").get(pk=order_id)
        rows = Registration.objects.select_related("order__event", "event", "ticket").order_by("pk")
        locked = list(rows.filter(pk__in=ids).select_for_update(of=("self",)))
        cancellable, skipped, done_ids = [], SkippedRegistrations(), []
        for registration in locked:
            if registration.cancelled_at and registration.cancelled_at >= cancellation.requested_at:
                done_ids.append(registration.pk)
            elif reason := _find_objection(registration, at=cancellation.requested_at):
                skipped.add([registration], reason)
            else:
                cancellable.append(registration)
        if cancellable:
            cancel_registrations(
                cancellable, order=order, reason=cancellation.reason, get_terms=cancellation.choose_terms()
            )
            if not cancellation.is_notified:
                # In this transaction, which the queued task waits for: nothing is left to be e-mailed.
                cancelled = Registration.objects.filter(pk__in=[row.pk for row in cancellable])
                cancelled.update(cancellation_sent_at=timezone.now())
        done_ids += [registration.pk for registration in cancellable]
        done_rows = Registration.objects.filter(pk__in=done_ids)
        fee_cents = done_rows.aggregate(cents=Sum("cancellation_fee", default=0))["cents"]
    # After the transaction, so that one that failed adds nothing to the outcome.
    outcome.done_count += len(done_ids)
    outcome.fees[order.currency] += fee_cents
    outcome.skipped.rows += skipped.rows


def describe_cancelled(outcome: SelectionOutcome) -> str:
    """Return how many registrations were cancelled, and the fees that were charged."""
    sentence = ngettext(
        "%(count)d registration has been cancelled.",
        "%(count)d registrations have been cancelled.",
        outcome.done_count,
    ) % {"count": outcome.done_count}
    fees = format_amounts(outcome.fees)
    return f"{sentence} {_('Cancellation fees: %(fees)s.') % {'fees': fees}}" if fees else sentence


def run_cancellation_job(progress: JobProgress, _file: BinaryIO) -> str:
    """Cancel the registrations of the job; return the outcome, with a line for each one not cancelled."""
    outcome = cancel_selected(
        event=progress.job.required_event,
        cancellation=SelectionCancellation.from_json(progress.job.payload),
        report=progress,
    )
    return "\n".join([describe_cancelled(outcome), *outcome.skipped.list_lines()])
